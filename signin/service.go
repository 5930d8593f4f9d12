package signin

import (
	"context"
	"log/slog"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// servicePurposes are the services of ours that may hold a grant, and the most
// that each may ask for.
var servicePurposes = map[string]grant.Rights{ //nolint:gochecknoglobals // a constant table
	"delivery": grant.Read | grant.Insert | grant.Manage,
	"import":   grant.Read | grant.Insert | grant.Flag | grant.Manage,
	"export":   grant.Read,
	"backup":   grant.Read,
	"restore":  grant.Owner | grant.Admin,
	"fsck":     grant.Owner | grant.Admin,
	"quota":    grant.Read | grant.Admin,
	"delete":   grant.Admin,
	"demo":     grant.Owner | grant.Admin,
	"probe":    grant.Owner,
}

// Service makes a grant for a service of ours: named, no wider than the purpose
// allows, logged. The purposes are delivery, import, export, backup, restore,
// fsck, quota, delete, demo and probe. Disabled accounts have services too: mail
// still comes in. Invalid for an unknown purpose, Denied for rights that it does
// not have, NotFound if there is no such account.
func (a *Authority) Service(ctx context.Context, purpose string, account mail.AccountID, rights grant.Rights) (grant.Grant, error) {
	const op = "signin.Service"
	most, ok := servicePurposes[purpose]
	switch {
	case !ok:
		return nil, fault.New(fault.Invalid, op, "no service %q", purpose)
	case rights == 0 || rights&^most != 0:
		return nil, fault.New(fault.Denied, op, "service %q may have rights %#x, not %#x", purpose, most, rights)
	}
	var row store.AccountRow
	generation := a.people.changes.Load()
	read := func() error {
		return a.store.View(ctx, func(r store.Reader) (err error) {
			row, err = r.Directory().Account(account)
			return err
		}, store.Directory)
	}
	if err := read(); err != nil {
		return nil, fault.In(op, err)
	}
	g := a.sessions.start(SessionInfo{
		ID: newID(), Account: account, Address: row.Address, Protocol: "service", Purpose: purpose, Since: a.now(),
	}, 0, rights, 0)
	if a.people.changes.Load() != generation {
		if err := read(); err != nil { // deleted meanwhile
			g.Release()
			return nil, fault.In(op, err)
		}
	}
	a.logger.InfoContext(ctx, "service grant", slog.String("purpose", purpose), slog.String("account", account.String()),
		slog.Int("rights", int(rights)), slog.String("session", g.ID()))
	return g, nil
}
