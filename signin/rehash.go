package signin

import (
	"bytes"
	"context"
	"log/slog"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/signin/policy"
	"postern/store"
)

// rehashing is a password that was right and whose stored hash is another
// server's, outdated, or has no SCRAM verifiers.
type rehashing struct {
	account  mail.AccountID
	verified policy.Result
	secret   []byte
}

// rehash hands a copy of the password to the worker; if that is busy, the next
// sign-in does it.
func (a *Authority) rehash(account mail.AccountID, verified policy.Result, secret []byte) {
	r := rehashing{account, verified, bytes.Clone(secret)}
	select {
	case a.outdated <- r:
	default:
		clear(r.secret)
	}
}

// rehashAll is the worker; it ends when ctx does.
func (a *Authority) rehashAll(ctx context.Context) {
	for {
		select {
		case r := <-a.outdated:
			err := a.rehashOne(ctx, r)
			clear(r.secret)
			if err != nil && ctx.Err() == nil {
				a.logger.WarnContext(ctx, "a password cannot be hashed anew now", accountLabel(r.account), slog.Any("error", err))
			}
		case <-ctx.Done():
			return
		}
	}
}

func (a *Authority) rehashOne(ctx context.Context, r rehashing) error {
	stale := func(c *store.CredentialRow) bool {
		return c.ID == r.verified.Credential && c.Version == r.verified.Version
	}
	made, err := a.derive(ctx, r.account, r.secret)
	if err != nil {
		return err
	}
	_, err = a.changeAccount(ctx, r.account, func(dir store.DirectoryTx, row *store.AccountRow) error {
		creds, err := dir.Credentials(row.ID)
		if err != nil {
			return err
		}
		for _, c := range creds {
			if stale(&c) {
				return made.into(dir, row, c)
			}
		}
		return errUnchanged // changed or hashed anew meanwhile
	})
	if isUnchanged(err) || fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		a.logger.InfoContext(ctx, "a password was hashed anew", accountLabel(r.account), slog.String("scheme", credential.SchemeArgon2id))
	}
	return err
}
