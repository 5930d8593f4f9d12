package signin

import (
	"bytes"
	"context"
	"slices"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/signin/policy"
	"postern/store"
)

// derived is what the directory keeps of a password or generated secret.
type derived struct {
	hash       string
	scram      []store.ScramVerifier
	salt       []byte // that scram was made with; nil without scram
	iterations int
}

// into writes it into an account's credential, with a new version.
func (d derived) into(dir store.DirectoryTx, row *store.AccountRow, c store.CredentialRow) error {
	if d.salt != nil {
		if row.ScramSalt == nil {
			row.ScramSalt, row.ScramIterations = d.salt, d.iterations
		}
		if !bytes.Equal(row.ScramSalt, d.salt) || row.ScramIterations != d.iterations {
			return fault.New(fault.Conflict, "signin.SetPassword", "another password was set at the same time")
		}
	}
	c.Account, c.Hash, c.Scram, c.Version = row.ID, d.hash, d.scram, row.Version
	return dir.PutCredential(c)
}

// checkPassword says what is wrong with a password that somebody chose.
func checkPassword(p []byte) error {
	if len(p) == 0 || len(p) > credential.MaxPassword {
		return fault.New(fault.Invalid, "signin.SetPassword", "a password of %d bytes, want 1 to %d", len(p), credential.MaxPassword)
	}
	if bytes.IndexByte(p, 0) >= 0 {
		return fault.New(fault.Invalid, "signin.SetPassword", "a password with a NUL, which mail programs cannot send")
	}
	return nil
}

// scramOf makes the SCRAM verifiers that policy asks for, with the account's
// salt or, if it has none, a new one.
func (a *Authority) scramOf(secret, salt []byte, iterations int) (derived, error) {
	rules := a.revision.Load().Scram()
	if !rules.Verifiers {
		return derived{}, nil
	}
	if salt == nil {
		salt, iterations = credential.NewSalt(), rules.Iterations
	}
	k, err := credential.DeriveScram(secret, salt, iterations)
	if err != nil {
		return derived{}, fault.Wrap(fault.Internal, "signin.SetPassword", err)
	}
	return derived{
		scram: []store.ScramVerifier{{Mechanism: credential.ScramSHA256, StoredKey: k.Stored, ServerKey: k.Server}},
		salt:  salt, iterations: iterations,
	}, nil
}

// deriveWith hashes a password that a person chose; it waits for the hashing
// queue like everybody.
func (a *Authority) deriveWith(ctx context.Context, secret, salt []byte, iterations int) (d derived, err error) {
	queued := a.hashing.Do(ctx, int64(a.opts.Hash.MemoryKiB)<<10, func() {
		if d, err = a.scramOf(secret, salt, iterations); err == nil {
			d.hash = credential.New(secret, a.opts.Hash)
		}
	})
	if queued != nil {
		return derived{}, queued
	}
	return d, err
}

// derive is deriveWith for an account that there is.
func (a *Authority) derive(ctx context.Context, id mail.AccountID, secret []byte) (derived, error) {
	row, err := a.accountRow(ctx, id)
	if err != nil {
		return derived{}, err
	}
	return a.deriveWith(ctx, secret, row.ScramSalt, row.ScramIterations)
}

func (a *Authority) accountRow(ctx context.Context, id mail.AccountID) (row store.AccountRow, err error) {
	err = a.store.View(ctx, func(r store.Reader) (err error) {
		row, err = r.Directory().Account(id)
		return err
	}, store.Directory)
	return row, err
}

// generate makes a secret up, for an account with the given salt.
func (a *Authority) generate(salt []byte, iterations int) (secret string, d derived, err error) {
	secret = credential.Generate()
	if d, err = a.scramOf([]byte(secret), salt, iterations); err != nil {
		return "", d, err
	}
	digest, _ := a.keys.generated.Digest([]byte(secret))
	d.hash = digest.Stored()
	return secret, d, nil
}

// putPassword makes d the account's one password and ends its sessions.
func (a *Authority) putPassword(ctx context.Context, id mail.AccountID, d derived, why string) error {
	_, err := a.changeAccount(ctx, id, func(dir store.DirectoryTx, row *store.AccountRow) error {
		creds, err := dir.Credentials(row.ID)
		if err != nil {
			return err
		}
		c := store.CredentialRow{ID: row.Version, Kind: store.CredentialPassword}
		for _, old := range creds {
			if old.Kind == store.CredentialPassword {
				c.ID = old.ID
			}
		}
		c.Created = a.now()
		return d.into(dir, row, c)
	})
	if !nothingDone(err) {
		a.revoke(ctx, id, 0, false, why)
	}
	return err
}

// SetPassword sets the account's password and ends its sessions.
func (a *Authority) SetPassword(ctx context.Context, id mail.AccountID, p mail.Secret) error {
	const op = "signin.SetPassword"
	if err := checkPassword(p.Reveal()); err != nil {
		return err
	}
	d, err := a.derive(ctx, id, p.Reveal())
	if err != nil {
		return fault.In(op, err)
	}
	return fault.In(op, a.putPassword(ctx, id, d, "password changed"))
}

// GeneratePassword sets a generated password, told once, and ends the sessions.
func (a *Authority) GeneratePassword(ctx context.Context, id mail.AccountID) (string, error) {
	const op = "signin.GeneratePassword"
	row, err := a.accountRow(ctx, id)
	if err != nil {
		return "", fault.In(op, err)
	}
	secret, d, err := a.generate(row.ScramSalt, row.ScramIterations)
	if err != nil {
		return "", err
	}
	if err := a.putPassword(ctx, id, d, "password changed"); err != nil {
		return "", fault.In(op, err)
	}
	return secret, nil
}

// ImportCredential sets the account's password to another server's hash. It is
// kept as it is until the first sign-in with it, which replaces it by our own.
func (a *Authority) ImportCredential(ctx context.Context, id mail.AccountID, hash string) error {
	if _, err := credential.Parse(hash); err != nil {
		return err
	}
	return fault.In("signin.ImportCredential", a.putPassword(ctx, id, derived{hash: hash}, "password imported"))
}

// AppPassword says what app password to make.
type AppPassword struct {
	Label     string
	Expires   time.Time // zero is never
	Protocols []string  // empty is all
	Networks  []string  // CIDR or addresses; empty is all
}

// mostAppPasswords bounds an account's app passwords.
const mostAppPasswords = 100

// AddAppPassword makes an app password; the secret is told once.
func (a *Authority) AddAppPassword(ctx context.Context, id mail.AccountID, p AppPassword) (CredentialInfo, string, error) {
	const op = "signin.AddAppPassword"
	networks, err := checkAppPassword(p)
	if err != nil {
		return CredentialInfo{}, "", err
	}
	row, err := a.accountRow(ctx, id)
	if err != nil {
		return CredentialInfo{}, "", fault.In(op, err)
	}
	secret, d, err := a.generate(row.ScramSalt, row.ScramIterations)
	if err != nil {
		return CredentialInfo{}, "", err
	}
	c := store.CredentialRow{
		Account: id, Kind: store.CredentialAppPassword, Label: p.Label, Created: a.now(), Expires: p.Expires,
		Protocols: slices.Clone(p.Protocols), Networks: networks, Hash: d.hash,
	}
	_, err = a.changeAccount(ctx, id, func(dir store.DirectoryTx, row *store.AccountRow) error {
		creds, err := dir.Credentials(row.ID)
		if err != nil {
			return err
		}
		if len(creds) > mostAppPasswords {
			return fault.New(fault.Limit, op, "the account has %d app passwords: remove one first", mostAppPasswords)
		}
		c.ID = row.Version // raised by every change, so never used before
		return d.into(dir, row, c)
	})
	if err != nil {
		return CredentialInfo{}, "", fault.In(op, err)
	}
	return credentialInfo(c), secret, nil
}

func checkAppPassword(p AppPassword) (networks []string, err error) {
	const op = "signin.AddAppPassword"
	if err := checkLabels(p.Label, nil, nil); err != nil {
		return nil, fault.In(op, err)
	}
	for _, n := range p.Networks {
		prefix, err := policy.ParseNetwork(n)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, op, err)
		}
		networks = append(networks, prefix.String())
	}
	for _, name := range p.Protocols {
		if !slices.Contains(policy.Protocols(), name) {
			return nil, fault.New(fault.Invalid, op, "no protocol %q, the protocols are %q", name, policy.Protocols())
		}
	}
	return networks, nil
}

// RemoveAppPassword removes it and ends the sessions opened with it. NotFound if
// the account has no app password of that id.
func (a *Authority) RemoveAppPassword(ctx context.Context, id mail.AccountID, credentialID uint64) error {
	const op = "signin.RemoveAppPassword"
	_, err := a.changeAccount(ctx, id, func(dir store.DirectoryTx, row *store.AccountRow) error {
		creds, err := dir.Credentials(row.ID)
		if err != nil {
			return err
		}
		for _, c := range creds {
			if c.ID == credentialID && c.Kind == store.CredentialAppPassword {
				return dir.DeleteCredential(row.ID, c.ID)
			}
		}
		return fault.New(fault.NotFound, op, "account %v has no app password %d", id, credentialID)
	})
	if !nothingDone(err) {
		a.revoke(ctx, id, credentialID, false, "app password removed")
	}
	return fault.In(op, err)
}
