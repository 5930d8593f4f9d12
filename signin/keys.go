package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/store"
)

// settingKeys is the setting that holds the server's master key. Without it no
// generated secret can be checked any more: it belongs into every backup.
const settingKeys = "signin/keys"

// keys are the authority's keys. The first two live as long as the store, the
// third as long as the process.
type keys struct {
	generated credential.Key // of generated secrets
	names     [32]byte       // of names that are no account
	cache     [32]byte       // of the cache of verified credentials
}

// openKeys reads the master key, or makes it if the store has none.
func openKeys(ctx context.Context, st store.Store) (keys, error) {
	var master []byte
	err := st.View(ctx, func(r store.Reader) (err error) {
		master, err = r.System().Setting(settingKeys)
		return err
	}, store.System)
	if fault.Is(err, fault.NotFound) {
		master, err = makeMaster(ctx, st)
	}
	if err != nil {
		return keys{}, fault.In("signin.New", err)
	}
	if len(master) != 32 {
		return keys{}, fault.New(fault.Damaged, "signin.New", "setting %s has %d bytes, want 32: restore it from a backup", settingKeys, len(master))
	}
	k := keys{
		generated: credential.Key(mac(master, []byte("generated secrets"))),
		names:     mac(master, []byte("unknown names")),
	}
	_, _ = rand.Read(k.cache[:]) // never fails (crypto/rand)
	return k, nil
}

// makeMaster makes the master key, unless somebody just did.
func makeMaster(ctx context.Context, st store.Store) (master []byte, err error) {
	err = st.Update(ctx, func(tx store.Tx) error {
		var err error
		master, err = tx.System().Setting(settingKeys)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		master = make([]byte, 32)
		_, _ = rand.Read(master) // never fails (crypto/rand)
		return tx.System().PutSetting(settingKeys, master)
	}, store.System)
	return master, err
}

// mac is HMAC-SHA256 over parts whose lengths are told apart by the caller.
func mac(key []byte, parts ...[]byte) (sum [sha256.Size]byte) {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	m.Sum(sum[:0])
	return sum
}

// credentialMark names one version of one credential of one account.
func credentialMark(digest [8]byte, account mail.AccountID, credential, version uint64) (m [32]byte) {
	copy(m[:8], digest[:])
	binary.BigEndian.PutUint64(m[8:], uint64(account))
	binary.BigEndian.PutUint64(m[16:], credential)
	binary.BigEndian.PutUint64(m[24:], version)
	return m
}
