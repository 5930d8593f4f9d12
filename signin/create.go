package signin

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/store"
)

// NewAccount says what account to make. At most one of Password, Shared,
// Generate and Hash is set; with none the account cannot sign in yet.
type NewAccount struct {
	Address  string
	Name     string
	Aliases  []string
	Classes  []string
	Disabled bool
	Password mail.Secret     // chosen by a person
	Shared   *SharedPassword // one password for many accounts, for demonstrations only
	Generate bool            // make a password up, see Created.Secret
	Hash     string          // another server's: PHC, crypt(3) or {SCHEME}…
}

// SharedPassword is a password hashed once for many accounts.
type SharedPassword struct{ derived derived }

// Created is the result for one NewAccount.
type Created struct {
	Account AccountInfo
	Secret  string // the generated password, told once
	Err     error  // Exists if an address is taken, Invalid, Unsupported for a Hash of a kind that is not taken, …
}

// SharePassword hashes p once, with one salt, for many accounts. Whoever reads
// the store can see that they share a password, and guesses at one are guesses
// at all: for demonstrations only.
func (a *Authority) SharePassword(p mail.Secret) (*SharedPassword, error) {
	if err := checkPassword(p.Reveal()); err != nil {
		return nil, err
	}
	d, err := a.deriveWith(context.Background(), p.Reveal(), nil, 0)
	if err != nil {
		return nil, fault.In("signin.SharePassword", err)
	}
	return &SharedPassword{d}, nil
}

// CreateAccount makes one account. The error is also in Created.
func (a *Authority) CreateAccount(ctx context.Context, n NewAccount) (Created, error) {
	list, err := a.CreateAccounts(ctx, []NewAccount{n})
	if err != nil {
		return Created{Err: err}, err
	}
	return list[0], list[0].Err
}

// createBatch is how many accounts are made in one transaction.
const createBatch = 500

// CreateAccounts makes many accounts, in few transactions. The result has one
// entry for each, in order; an account that cannot be made does not keep the
// others from it. An error means that the store failed: accounts of the
// transactions before are made, and told as Exists when the list is tried again.
func (a *Authority) CreateAccounts(ctx context.Context, list []NewAccount) ([]Created, error) {
	const op = "signin.CreateAccounts"
	out := make([]Created, len(list))
	plans := make([]plan, len(list))
	a.plan(ctx, list, plans)
	for from := 0; from < len(list); from += createBatch {
		to := min(from+createBatch, len(list))
		err := a.store.Update(ctx, func(tx store.Tx) error {
			for i := from; i < to; i++ {
				made, err := a.create(tx.Directory(), &plans[i])
				if err != nil {
					return err
				}
				out[i] = made
			}
			return nil
		}, store.Directory)
		a.people.changed()
		if err != nil {
			return out, fault.In(op, err)
		}
	}
	return out, nil
}

// plan is an account to be made, checked and with its password hashed.
type plan struct {
	row     store.AccountRow
	derived *derived
	secret  string
	err     error
}

// plan prepares all accounts, on all processors.
func (a *Authority) plan(ctx context.Context, list []NewAccount, plans []plan) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				plans[i] = a.planOne(ctx, &list[i])
			}
		})
	}
	group.Wait()
}

func (a *Authority) planOne(ctx context.Context, n *NewAccount) plan {
	p := plan{row: store.AccountRow{Version: 1, Name: n.Name, Classes: n.Classes, Disabled: n.Disabled, Created: a.now()}}
	if p.err = checkLabels(n.Name, n.Classes, n.Aliases); p.err != nil {
		return p
	}
	if p.row.Address, p.row.Aliases, p.err = normalAddresses(n.Address, n.Aliases); p.err != nil {
		return p
	}
	var d derived
	switch {
	case n.Generate:
		p.secret, d, p.err = a.generate(nil, 0)
	case n.Shared != nil:
		d = n.Shared.derived
	case n.Hash != "":
		d.hash = n.Hash
		_, p.err = credential.Parse(n.Hash)
	case !n.Password.Empty():
		if p.err = checkPassword(n.Password.Reveal()); p.err == nil {
			d, p.err = a.deriveWith(ctx, n.Password.Reveal(), nil, 0)
		}
	default:
		return p
	}
	p.derived = &d
	return p
}

// create makes one account in a transaction. An error is the store's.
func (a *Authority) create(dir store.DirectoryTx, p *plan) (Created, error) {
	const op = "signin.CreateAccount"
	if p.err != nil {
		return Created{Err: fault.In(op, p.err)}, nil //nolint:nilerr // told in the result: the others of the batch go on
	}
	for _, address := range append([]string{p.row.Address}, p.row.Aliases...) {
		_, err := dir.AccountByAddress(address)
		if err == nil {
			return Created{Err: fault.New(fault.Exists, op, "address %s is taken", address)}, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return Created{}, err
		}
	}
	row := p.row
	var err error
	if row.ID, err = dir.NextAccountID(); err != nil {
		return Created{}, err
	}
	var creds []store.CredentialRow
	if d := p.derived; d != nil {
		row.ScramSalt, row.ScramIterations = d.salt, d.iterations
	}
	if err := dir.PutAccount(row); err != nil {
		return Created{}, err
	}
	if d := p.derived; d != nil {
		c := store.CredentialRow{Account: row.ID, ID: 1, Kind: store.CredentialPassword, Version: 1, Hash: d.hash, Scram: d.scram, Created: row.Created}
		if err := dir.PutCredential(c); err != nil {
			return Created{}, err
		}
		creds = append(creds, c)
	}
	return Created{Account: accountInfo(row, creds), Secret: p.secret}, nil
}
