package adminserver

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/signin"
	"postern/signin/grant"
)

// Account is an account as administrators see it.
type Account struct {
	Address     string       `json:"address"`
	Aliases     []string     `json:"aliases,omitempty"`
	Name        string       `json:"name,omitempty"`
	Classes     []string     `json:"classes,omitempty"`
	Enabled     bool         `json:"enabled"`
	Created     time.Time    `json:"created"`
	Credentials []Credential `json:"credentials,omitempty"`
	Usage       *Usage       `json:"usage,omitempty"`
}

// Usage is what an account stores; a limit of 0 is none.
type Usage struct {
	Bytes         int64 `json:"bytes"`
	BytesLimit    int64 `json:"bytesLimit"`
	Messages      int64 `json:"messages"`
	MessagesLimit int64 `json:"messagesLimit"`
}

// Credential is a credential without its secret.
type Credential struct {
	ID         uint64     `json:"id"`
	Kind       string     `json:"kind"`
	Label      string     `json:"label,omitempty"`
	Scheme     string     `json:"scheme"`
	Created    time.Time  `json:"created"`
	Expires    *time.Time `json:"expires,omitempty"`
	LastUsed   *time.Time `json:"lastUsed,omitempty"`
	LastUsedBy string     `json:"lastUsedBy,omitempty"`
	Protocols  []string   `json:"protocols,omitempty"`
	Networks   []string   `json:"networks,omitempty"`
}

// NewAccount asks for an account. With neither Password nor Hash, a password is
// made up and told once.
type NewAccount struct {
	Address  string   `json:"address"`
	Name     string   `json:"name,omitempty"`
	Aliases  []string `json:"aliases,omitempty"`
	Classes  []string `json:"classes,omitempty"`
	Disabled bool     `json:"disabled,omitempty"`
	Password string   `json:"password,omitempty"`
	Hash     string   `json:"hash,omitempty"`
	Quota    *int64   `json:"quota,omitempty"` // octets; nil is the configured one
}

// Created answers one NewAccount.
type Created struct {
	Address  string `json:"address"`
	Password string `json:"password,omitempty"` // only if it was made up
	Error    string `json:"error,omitempty"`
	Kind     string `json:"kind,omitempty"` // of the error
}

// AccountChange changes what is named in it.
type AccountChange struct {
	Name          *string  `json:"name,omitempty"`
	AddAliases    []string `json:"addAliases,omitempty"`
	RemoveAliases []string `json:"removeAliases,omitempty"`
	AddClasses    []string `json:"addClasses,omitempty"`
	RemoveClasses []string `json:"removeClasses,omitempty"`
}

// Password sets a password. Empty asks for a made-up one.
type Password struct {
	Password string `json:"password"`
}

// NewAppPassword asks for an app password.
type NewAppPassword struct {
	Label     string     `json:"label"`
	Expires   *time.Time `json:"expires,omitempty"`
	Protocols []string   `json:"protocols,omitempty"`
	Networks  []string   `json:"networks,omitempty"`
}

// AppPassword is a new app password; its secret is told only here.
type AppPassword struct {
	Credential
	Password string `json:"password"`
}

func (d *door) listAccounts(q *request) error {
	return d.Authority.Accounts(q.Context(), func(a signin.AccountInfo) error { return q.line(account(a)) })
}

func (d *door) addAccounts(q *request) error {
	var list []NewAccount
	if err := q.read(&list); err != nil {
		return err
	}
	ask := make([]signin.NewAccount, len(list))
	for i, n := range list {
		if n.Quota != nil && *n.Quota < 0 {
			return errNegativeQuota("adminserver.addAccounts")
		}
		ask[i] = signin.NewAccount{Address: d.whole(n.Address), Name: n.Name, Aliases: n.Aliases, Classes: n.Classes, Disabled: n.Disabled, Hash: n.Hash}
		switch {
		case n.Password != "":
			ask[i].Password = mail.NewSecret([]byte(n.Password))
		case n.Hash == "":
			ask[i].Generate = true
		}
	}
	made, err := d.Authority.CreateAccounts(q.Context(), ask)
	if err != nil {
		return err
	}
	for i, c := range made {
		out := Created{Address: list[i].Address, Password: c.Secret}
		err := c.Err
		if err == nil {
			out.Address = c.Account.Address
			quota := d.Quota
			if list[i].Quota != nil {
				quota = *list[i].Quota
			}
			err = d.open(q, c.Account.ID, "quota", grant.Read|grant.Admin, func(s *mailbox.Session) error {
				if quota == 0 {
					return nil
				}
				return s.SetQuota(q.Context(), mailbox.Quota{BytesLimit: quota})
			})
		}
		if err != nil {
			out.Error, out.Kind = fault.Plain(err), fault.KindOf(err).String()
		}
		if err := q.line(out); err != nil {
			return err
		}
	}
	return nil
}

func (d *door) showAccount(q *request) error {
	a, err := d.account(q)
	if err != nil {
		return err
	}
	out := account(a)
	err = d.open(q, a.ID, "quota", grant.Read, func(s *mailbox.Session) error {
		u, err := s.Quota(q.Context())
		out.Usage = &Usage{u.Bytes, u.BytesLimit, u.Messages, u.MessagesLimit}
		return err
	})
	if err != nil {
		return err
	}
	return q.reply(out)
}

func (d *door) deleteAccount(q *request) error {
	a, err := d.account(q)
	if err != nil {
		return err
	}
	// The way in goes first; a crash in between leaves an account that nobody
	// can sign in to, and the command can be given again.
	if _, err := d.setAccountEnabled(q, a, false); err != nil {
		return err
	}
	err = d.open(q, a.ID, "delete", grant.Admin, func(s *mailbox.Session) error { return s.Wipe(q.Context()) })
	if err != nil {
		return err
	}
	if err := d.Authority.DeleteAccount(q.Context(), a.ID); err != nil {
		return err
	}
	return q.reply(account(a))
}

func (d *door) changeAccount(q *request) error {
	var c AccountChange
	if err := q.read(&c); err != nil {
		return err
	}
	a, err := d.account(q)
	if err != nil {
		return err
	}
	a, err = d.Authority.SetAccount(q.Context(), a.ID, func(info *signin.AccountInfo) {
		if c.Name != nil {
			info.Name = *c.Name
		}
		info.Aliases = amend(info.Aliases, c.AddAliases, c.RemoveAliases)
		info.Classes = amend(info.Classes, c.AddClasses, c.RemoveClasses)
	})
	if err != nil {
		return err
	}
	return q.reply(account(a))
}

// amend adds to a list and removes from it, without regard to case.
func amend(list, add, remove []string) []string {
	has := func(in []string, s string) bool {
		return slices.ContainsFunc(in, func(t string) bool { return strings.EqualFold(s, t) })
	}
	var out []string
	for _, s := range append(slices.Clone(list), add...) {
		if !has(remove, s) && !has(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (d *door) setEnabled(q *request) error {
	var on struct {
		Enabled bool `json:"enabled"`
	}
	if err := q.read(&on); err != nil {
		return err
	}
	a, err := d.account(q)
	if err != nil {
		return err
	}
	if a, err = d.setAccountEnabled(q, a, on.Enabled); err != nil {
		return err
	}
	return q.reply(account(a))
}

func (d *door) setAccountEnabled(q *request, a signin.AccountInfo, on bool) (signin.AccountInfo, error) {
	if err := d.Authority.SetEnabled(q.Context(), a.ID, on); err != nil {
		return a, err
	}
	a.Enabled = on
	return a, nil
}

func (d *door) setPassword(q *request) error {
	var p Password
	if err := q.read(&p); err != nil {
		return err
	}
	a, err := d.account(q)
	if err != nil {
		return err
	}
	if p.Password == "" {
		made, err := d.Authority.GeneratePassword(q.Context(), a.ID)
		if err != nil {
			return err
		}
		return q.reply(Password{made})
	}
	if err := d.Authority.SetPassword(q.Context(), a.ID, mail.NewSecret([]byte(p.Password))); err != nil {
		return err
	}
	return q.reply(Password{})
}

func (d *door) setQuota(q *request) error {
	var u Usage
	if err := q.read(&u); err != nil {
		return err
	}
	if u.BytesLimit < 0 || u.MessagesLimit < 0 {
		return errNegativeQuota("adminserver.setQuota")
	}
	a, err := d.account(q)
	if err != nil {
		return err
	}
	err = d.open(q, a.ID, "quota", grant.Read|grant.Admin, func(s *mailbox.Session) error {
		return s.SetQuota(q.Context(), mailbox.Quota{BytesLimit: u.BytesLimit, MessagesLimit: u.MessagesLimit})
	})
	if err != nil {
		return err
	}
	return d.showAccount(q)
}

func errNegativeQuota(op string) error {
	return fault.New(fault.Invalid, op, "a quota below 0; 0 is none")
}

func (d *door) addAppPassword(q *request) error {
	var n NewAppPassword
	if err := q.read(&n); err != nil {
		return err
	}
	a, err := d.account(q)
	if err != nil {
		return err
	}
	ask := signin.AppPassword{Label: n.Label, Protocols: n.Protocols, Networks: n.Networks}
	if n.Expires != nil {
		ask.Expires = *n.Expires
	}
	c, secret, err := d.Authority.AddAppPassword(q.Context(), a.ID, ask)
	if err != nil {
		return err
	}
	return q.reply(AppPassword{credential(c), secret})
}

func (d *door) removeAppPassword(q *request) error {
	a, err := d.account(q)
	if err != nil {
		return err
	}
	id, err := strconv.ParseUint(q.PathValue("id"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "adminserver.removeAppPassword", "%q is no number of an app password; `postern account show` lists them", q.PathValue("id"))
	}
	if err := d.Authority.RemoveAppPassword(q.Context(), a.ID, id); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (d *door) account(q *request) (signin.AccountInfo, error) {
	return d.find(q, q.PathValue("address"))
}

func (d *door) find(q *request, address string) (signin.AccountInfo, error) {
	address = d.whole(address)
	a, err := d.Authority.AccountByAddress(q.Context(), address)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "", "there is no account %s; `postern account list` shows them all", address)
	}
	return a, err
}

// whole gives an address its domain, as people may leave it out at sign-in too.
func (d *door) whole(address string) string {
	if d.Domain == "" || strings.Contains(address, "@") {
		return address
	}
	return address + "@" + d.Domain
}

// open runs fn with a session under a service grant of the given name.
func (d *door) open(q *request, id mail.AccountID, purpose string, rights grant.Rights, fn func(*mailbox.Session) error) error {
	g, err := d.Authority.Service(q.Context(), purpose, id, rights)
	if err != nil {
		return err
	}
	defer g.Release()
	s, err := d.Mailboxes.Open(q.Context(), g)
	if err != nil {
		return err
	}
	defer s.Close()
	return fn(s)
}

func account(a signin.AccountInfo) Account {
	out := Account{Address: a.Address, Aliases: a.Aliases, Name: a.Name, Classes: a.Classes, Enabled: a.Enabled, Created: a.Created}
	for _, c := range a.Credentials {
		out.Credentials = append(out.Credentials, credential(c))
	}
	return out
}

func credential(c signin.CredentialInfo) Credential {
	return Credential{
		ID: c.ID, Kind: c.Kind, Label: c.Label, Scheme: c.Scheme, Created: c.Created, Expires: some(c.Expires),
		LastUsed: some(c.LastUsed), LastUsedBy: c.LastUsedBy, Protocols: c.Protocols, Networks: c.Networks,
	}
}

func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
