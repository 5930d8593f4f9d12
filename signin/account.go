package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/store"
)

// AccountInfo is an account as administrators see it.
type AccountInfo struct {
	ID          mail.AccountID
	Address     string
	Aliases     []string
	Name        string
	Classes     []string
	Enabled     bool
	Created     time.Time
	Version     uint64 // raised by every change
	Credentials []CredentialInfo
}

// CredentialInfo is a credential without its secret.
type CredentialInfo struct {
	ID         uint64
	Kind       string // "password", "app-password"
	Label      string
	Scheme     string // "argon2id", "generated", "bcrypt", …
	Created    time.Time
	Expires    time.Time // zero is never
	LastUsed   time.Time // zero is never
	LastUsedBy string
	Protocols  []string
	Networks   []string
}

func accountInfo(row store.AccountRow, creds []store.CredentialRow) AccountInfo {
	info := AccountInfo{
		ID: row.ID, Address: row.Address, Aliases: row.Aliases, Name: row.Name, Classes: row.Classes,
		Enabled: !row.Disabled, Created: row.Created, Version: row.Version,
	}
	for _, c := range creds {
		info.Credentials = append(info.Credentials, credentialInfo(c))
	}
	return info
}

func credentialInfo(c store.CredentialRow) CredentialInfo {
	info := CredentialInfo{
		ID: c.ID, Kind: "password", Label: c.Label, Scheme: "generated", Created: c.Created, Expires: c.Expires,
		LastUsed: c.LastUsed, LastUsedBy: c.LastUsedBy, Protocols: c.Protocols, Networks: c.Networks,
	}
	if c.Kind == store.CredentialAppPassword {
		info.Kind = "app-password"
	}
	if !credential.IsDigest(c.Hash) {
		info.Scheme = "damaged"
		if h, err := credential.Parse(c.Hash); err == nil {
			info.Scheme = h.Scheme()
		}
	}
	return info
}

// Account is one account; NotFound if none.
func (a *Authority) Account(ctx context.Context, id mail.AccountID) (AccountInfo, error) {
	return a.account(ctx, func(dir store.DirectoryReader) (store.AccountRow, error) { return dir.Account(id) })
}

// AccountByAddress finds an account by its primary address or an alias, in any
// spelling; NotFound if none.
func (a *Authority) AccountByAddress(ctx context.Context, address string) (AccountInfo, error) {
	n, err := NormalAddress(address)
	if err != nil {
		return AccountInfo{}, err
	}
	return a.account(ctx, func(dir store.DirectoryReader) (store.AccountRow, error) { return dir.AccountByAddress(n) })
}

func (a *Authority) account(ctx context.Context, find func(store.DirectoryReader) (store.AccountRow, error)) (info AccountInfo, err error) {
	err = a.store.View(ctx, func(r store.Reader) error {
		row, err := find(r.Directory())
		if err != nil {
			return err
		}
		creds, err := r.Directory().Credentials(row.ID)
		info = accountInfo(row, creds)
		return err
	}, store.Directory)
	return info, fault.In("signin.Account", err)
}

// Accounts lists all accounts by id, without their credentials. An error of fn
// ends it and is returned.
func (a *Authority) Accounts(ctx context.Context, fn func(AccountInfo) error) error {
	var rows []store.AccountRow
	err := a.store.View(ctx, func(r store.Reader) error {
		rows = rows[:0]
		return r.Directory().Accounts(func(row store.AccountRow) error {
			rows = append(rows, row)
			return ctx.Err()
		})
	}, store.Directory)
	if err != nil {
		return fault.In("signin.Accounts", err)
	}
	for _, row := range rows {
		if err := fn(accountInfo(row, nil)); err != nil {
			return err
		}
	}
	return nil
}

// errUnchanged leaves an account as it is.
var errUnchanged = errors.New("unchanged")

func isUnchanged(err error) bool { return errors.Is(err, errUnchanged) }

// nothingDone tells whether an error says for sure that a change was not made.
// Others may hide a commit, after which sessions must end: one that ends for
// nothing signs in again, one that goes on too long is somebody's who was to be
// kept out.
func nothingDone(err error) bool {
	if err == nil {
		return false
	}
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Invalid, fault.Exists, fault.Conflict, fault.Denied, fault.Limit:
		return true
	default:
		return isUnchanged(err)
	}
}

// changeAccount changes an account's row or credentials in one transaction. The
// row that fn gets has its new version already. What was known of the directory
// is forgotten before changeAccount returns.
func (a *Authority) changeAccount(ctx context.Context, id mail.AccountID, fn func(store.DirectoryTx, *store.AccountRow) error) (row store.AccountRow, err error) {
	err = a.store.Update(ctx, func(tx store.Tx) error {
		dir := tx.Directory()
		if row, err = dir.Account(id); err != nil {
			return err
		}
		row.Version++
		if err := fn(dir, &row); err != nil {
			return err
		}
		return dir.PutAccount(row)
	}, store.Directory)
	// Also after an error: what was committed all the same must be seen.
	a.people.changed()
	return row, err
}

// normalAddresses checks an account's addresses and brings them into normal
// form: the primary one first, no duplicates.
func normalAddresses(primary string, aliases []string) (string, []string, error) {
	p, err := NormalAddress(primary)
	if err != nil {
		return "", nil, err
	}
	var out []string
	for _, alias := range aliases {
		n, err := NormalAddress(alias)
		if err != nil {
			return "", nil, err
		}
		if n != p && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return p, out, nil
}

const (
	longestName  = 256
	mostClasses  = 32
	longestClass = 64
	mostAliases  = 1000
)

// checkLabels checks what an administrator writes about an account.
func checkLabels(name string, classes, aliases []string) error {
	const op = "signin.Account"
	switch {
	case len(name) > longestName || strings.ContainsFunc(name, unicode.IsControl):
		return fault.New(fault.Invalid, op, "a name of %d bytes or with control characters, want at most %d on one line", len(name), longestName)
	case len(classes) > mostClasses:
		return fault.New(fault.Invalid, op, "%d classes, want at most %d", len(classes), mostClasses)
	case len(aliases) > mostAliases:
		return fault.New(fault.Invalid, op, "%d aliases, want at most %d", len(aliases), mostAliases)
	}
	for _, c := range classes {
		if c == "" || len(c) > longestClass || strings.ContainsFunc(c, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
			return fault.New(fault.Invalid, op, "class %q, want one word of at most %d bytes", c, longestClass)
		}
	}
	return nil
}

// SetAccount changes an account's address, aliases, name and classes to what
// change makes of them; other fields are left as they are. Open sessions stay.
func (a *Authority) SetAccount(ctx context.Context, id mail.AccountID, change func(*AccountInfo)) (AccountInfo, error) {
	const op = "signin.SetAccount"
	_, err := a.changeAccount(ctx, id, func(dir store.DirectoryTx, row *store.AccountRow) error {
		info := accountInfo(*row, nil)
		info.Aliases, info.Classes = slices.Clone(info.Aliases), slices.Clone(info.Classes)
		change(&info)
		if err := checkLabels(info.Name, info.Classes, info.Aliases); err != nil {
			return err
		}
		primary, aliases, err := normalAddresses(info.Address, info.Aliases)
		if err != nil {
			return err
		}
		row.Address, row.Aliases, row.Name, row.Classes = primary, aliases, info.Name, info.Classes
		return nil
	})
	if err != nil {
		return AccountInfo{}, fault.In(op, err)
	}
	return a.Account(ctx, id)
}

// SetEnabled enables or disables an account; disabling ends its sessions.
func (a *Authority) SetEnabled(ctx context.Context, id mail.AccountID, enabled bool) error {
	_, err := a.changeAccount(ctx, id, func(_ store.DirectoryTx, row *store.AccountRow) error {
		if row.Disabled != enabled {
			return errUnchanged
		}
		row.Disabled = !enabled
		return nil
	})
	if !enabled && (isUnchanged(err) || !nothingDone(err)) {
		a.revoke(ctx, id, 0, false, "disabled")
	}
	if isUnchanged(err) {
		return nil
	}
	return fault.In("signin.SetEnabled", err)
}

// DeleteAccount removes the account, its addresses and credentials, and ends
// its sessions and service grants. Its mail is the mailbox engine's to wipe:
// before this, for afterwards nobody gets a grant any more.
func (a *Authority) DeleteAccount(ctx context.Context, id mail.AccountID) error {
	err := a.store.Delete(ctx, func(tx store.Tx) error {
		if _, err := tx.Directory().Account(id); err != nil {
			return err
		}
		return tx.Directory().DeleteAccount(id)
	}, store.Directory)
	a.people.changed()
	if !nothingDone(err) {
		a.revoke(ctx, id, 0, true, "deleted")
	}
	return fault.In("signin.DeleteAccount", err)
}
