package signin

import (
	"context"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"postern/mail"
	"postern/signin/credential"
	"postern/store"
)

// decoys are hashes that no password matches, for attempts that have no hash to
// be checked: names that are no account, accounts without a password, and
// denials that were decided without a check. Each name always gets the same
// decoy. Their shapes are spread as those of the directory's own hashes are, so
// that accounts that came with another server's slower or faster hash cannot be
// told from names that are none.
type decoys struct {
	ours   credential.Hash
	spread atomic.Pointer[decoySpread]
}

type decoySpread struct {
	hashes []credential.Hash
	upTo   []uint64 // running totals of accounts, beside hashes
}

func newDecoys(p credential.Params) *decoys {
	return &decoys{ours: credential.DecoyOf(p)}
}

// slow is the check that takes the time in verifying h: h itself or, where h
// takes none, our own.
func (d *decoys) slow(h credential.Hash) credential.Hash {
	if h.Fast() {
		return d.ours
	}
	return h
}

// of is the decoy of a name that is no account.
func (d *decoys) of(name [16]byte) credential.Hash {
	s := d.spread.Load()
	if s == nil || len(s.upTo) == 0 {
		return d.ours
	}
	n := binary.BigEndian.Uint64(name[8:]) % s.upTo[len(s.upTo)-1]
	i, _ := slices.BinarySearch(s.upTo, n+1)
	return s.hashes[i]
}

// scan learns the shapes of the directory's hashes.
func (d *decoys) scan(ctx context.Context, st store.Store) error {
	shapes := make(map[string]credential.Hash)
	counts := make(map[string]uint64)
	err := st.View(ctx, func(r store.Reader) error {
		clear(counts)
		dir := r.Directory()
		var ids []mail.AccountID
		if err := dir.Accounts(func(row store.AccountRow) error {
			ids = append(ids, row.ID)
			return ctx.Err()
		}); err != nil {
			return err
		}
		for _, id := range ids {
			creds, err := dir.Credentials(id)
			if err != nil {
				return err
			}
			h := d.slow(passwordHash(creds, d.ours))
			counts[h.Shape()]++
			if _, ok := shapes[h.Shape()]; !ok {
				shapes[h.Shape()] = h.Decoy()
			}
		}
		return ctx.Err()
	}, store.Directory)
	if err != nil {
		return err
	}
	s := &decoySpread{}
	total := uint64(0)
	names := make([]string, 0, len(counts))
	for shape := range counts {
		names = append(names, shape)
	}
	slices.Sort(names)
	for _, shape := range names {
		total += counts[shape]
		s.hashes = append(s.hashes, shapes[shape])
		s.upTo = append(s.upTo, total)
	}
	d.spread.Store(s)
	return nil
}

// passwordHash is the hash that a wrong password is checked against.
func passwordHash(creds []store.CredentialRow, ours credential.Hash) credential.Hash {
	for _, c := range creds {
		if c.Kind != store.CredentialPassword || credential.IsDigest(c.Hash) {
			continue
		}
		if h, err := credential.Parse(c.Hash); err == nil {
			return h
		}
	}
	return ours
}
