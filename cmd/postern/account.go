package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"postern/config"
	"postern/fault"
	"postern/server/adminserver"
)

type accountCommands struct {
	Add         accountAdd         `cmd:"" help:"Make an account. Without --password-stdin a password is made up and printed once."`
	List        accountList        `cmd:"" help:"List all accounts."`
	Show        accountShow        `cmd:"" help:"Show one account: addresses, use, credentials and when they were last used."`
	Disable     accountDisable     `cmd:"" help:"Keep an account's mail and let nobody in. Its open sessions end at once."`
	Enable      accountEnable      `cmd:"" help:"Let a disabled account in again."`
	Delete      accountDelete      `cmd:"" help:"Remove an account with all its mail."`
	Password    accountPassword    `cmd:"" help:"Set an account's password; its open sessions end."`
	Set         accountSet         `cmd:"" help:"Change the name, aliases and classes of an account."`
	Quota       accountQuota       `cmd:"" help:"Set how much an account may store."`
	AppPassword accountAppPassword `cmd:"" name:"app-password" help:"Add or remove passwords for single mail programs."`
}

func accountPath(address string, rest ...string) string {
	return "/v1/accounts/" + url.PathEscape(address) + strings.Join(rest, "")
}

type accountAdd struct {
	where
	Address       string   `arg:"" help:"The account's address, such as ann@example.org."`
	Name          string   `help:"The person's name."`
	Alias         []string `help:"A further address; may be given repeatedly."`
	Class         []string `help:"A label for policy; \"admin\" makes an administrator."`
	Quota         string   `help:"How much the account may store, such as \"5 GiB\"; \"0\" is no limit."`
	PasswordStdin bool     `help:"Read the password from standard input."`
}

func (c *accountAdd) Run(ctx context.Context, a app) error {
	n := adminserver.NewAccount{Address: c.Address, Name: c.Name, Aliases: c.Alias, Classes: c.Class}
	if c.PasswordStdin {
		p, err := readPassword(a.in)
		if err != nil {
			return err
		}
		n.Password = p
	}
	if c.Quota != "" {
		q, err := config.ParseSize(c.Quota)
		if err != nil {
			return fault.Wrap(fault.Invalid, "--quota", err)
		}
		octets := int64(q)
		n.Quota = &octets
	}
	return c.with(ctx, a, func(ad *adminClient) error {
		return stream(ctx, ad, "POST", "/v1/accounts", []adminserver.NewAccount{n}, func(made adminserver.Created) error {
			if made.Error != "" {
				return errors.New(made.Error)
			}
			fmt.Fprintf(a.out, "made %s\n", made.Address)
			c.warnOfDomain(a, made.Address)
			if made.Password != "" {
				fmt.Fprintf(a.out, "password: %s\n(It is shown only this once.)\n", made.Password)
			}
			return nil
		})
	})
}

// warnOfDomain tells of an address whose domain is not served: it may be
// meant, and it may be a slip of the finger.
func (w where) warnOfDomain(a app, address string) {
	cfg, err := w.load()
	if err != nil || len(cfg.Domains) == 0 {
		return // nothing to compare with
	}
	if _, domain, _ := strings.Cut(address, "@"); !slices.ContainsFunc(cfg.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		fmt.Fprintf(a.errs, "warning: %s is not among the domains of the configuration (%s)\n", domain, strings.Join(cfg.Domains, ", "))
	}
}

// with connects, runs fn and closes.
func (w where) with(ctx context.Context, a app, fn func(*adminClient) error) error {
	ad, err := w.admin(ctx, a)
	if err != nil {
		return err
	}
	return errors.Join(fn(ad), ad.close())
}

// readPassword reads one line.
func readPassword(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fault.Wrap(fault.Invalid, "password", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fault.New(fault.Invalid, "password", "standard input gave no password; write it on one line")
	}
	return line, nil
}

type accountList struct {
	where
	JSON bool `help:"One JSON object a line."`
}

func (c *accountList) Run(ctx context.Context, a app) error {
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	return errors.Join(c.with(ctx, a, func(ad *adminClient) error {
		if !c.JSON {
			fmt.Fprintln(w, "ADDRESS\tNAME\tCLASSES\tSTATE\tSINCE")
		}
		return stream(ctx, ad, "GET", "/v1/accounts", nil, func(acc adminserver.Account) error {
			if c.JSON {
				return json.NewEncoder(a.out).Encode(acc)
			}
			state := "enabled"
			if !acc.Enabled {
				state = "disabled"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", acc.Address, acc.Name, strings.Join(acc.Classes, ","), state, day(acc.Created))
			return nil
		})
	}), w.Flush())
}

func day(t time.Time) string { return t.Local().Format(time.DateOnly) }

type accountShow struct {
	where
	Address string `arg:"" help:"The account's address."`
	JSON    bool   `help:"One JSON object."`
}

func (c *accountShow) Run(ctx context.Context, a app) error {
	var acc adminserver.Account
	err := c.with(ctx, a, func(ad *adminClient) error { return ad.call(ctx, "GET", accountPath(c.Address), nil, &acc) })
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(acc)
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "address\t%s\nname\t%s\naliases\t%s\nclasses\t%s\nenabled\t%t\nsince\t%s\n", acc.Address, acc.Name,
		strings.Join(acc.Aliases, " "), strings.Join(acc.Classes, " "), acc.Enabled, day(acc.Created))
	if u := acc.Usage; u != nil {
		fmt.Fprintf(w, "stored\t%s in %d messages\n", amount(u.Bytes), u.Messages)
		if u.BytesLimit > 0 {
			fmt.Fprintf(w, "quota\t%s\n", amount(u.BytesLimit))
		}
		if u.MessagesLimit > 0 {
			fmt.Fprintf(w, "quota\t%d messages\n", u.MessagesLimit)
		}
	}
	for _, cr := range acc.Credentials {
		fmt.Fprintf(w, "%s %d\t%s\n", cr.Kind, cr.ID, describe(cr))
	}
	return w.Flush()
}

func describe(c adminserver.Credential) string {
	words := []string{c.Scheme, "since " + day(c.Created)}
	if c.Label != "" {
		words = append([]string{fmt.Sprintf("%q", c.Label)}, words...)
	}
	if c.Expires != nil {
		words = append(words, "until "+day(*c.Expires))
	}
	if len(c.Protocols) > 0 {
		words = append(words, "for "+strings.Join(c.Protocols, ", "))
	}
	if len(c.Networks) > 0 {
		words = append(words, "from "+strings.Join(c.Networks, ", "))
	}
	if c.LastUsed == nil {
		return strings.Join(append(words, "never used"), ", ")
	}
	return strings.Join(append(words, "last used "+day(*c.LastUsed)+" ("+c.LastUsedBy+")"), ", ")
}

type accountSet struct {
	where
	Address     string   `arg:"" help:"The account's address."`
	Name        *string  `help:"The person's name."`
	AddAlias    []string `help:"A further address; may be given repeatedly."`
	RemoveAlias []string `help:"An address to take away; may be given repeatedly."`
	AddClass    []string `help:"A label for policy; \"admin\" makes an administrator."`
	RemoveClass []string `help:"A label to take away."`
}

func (c *accountSet) Run(ctx context.Context, a app) error {
	change := adminserver.AccountChange{
		Name: c.Name, AddAliases: c.AddAlias, RemoveAliases: c.RemoveAlias, AddClasses: c.AddClass, RemoveClasses: c.RemoveClass,
	}
	var acc adminserver.Account
	err := c.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "PATCH", accountPath(c.Address), change, &acc)
	})
	if err == nil {
		fmt.Fprintf(a.out, "%s: name %q, aliases %q, classes %q\n", acc.Address, acc.Name, acc.Aliases, acc.Classes)
	}
	return err
}

type accountDisable struct {
	where
	Address string `arg:"" help:"The account's address."`
}

func (c *accountDisable) Run(ctx context.Context, a app) error {
	return c.enable(ctx, a, c.Address, false)
}

type accountEnable struct {
	where
	Address string `arg:"" help:"The account's address."`
}

func (c *accountEnable) Run(ctx context.Context, a app) error {
	return c.enable(ctx, a, c.Address, true)
}

func (w where) enable(ctx context.Context, a app, address string, on bool) error {
	var acc adminserver.Account
	err := w.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "PUT", accountPath(address, "/enabled"), map[string]bool{"enabled": on}, &acc)
	})
	if err == nil {
		fmt.Fprintf(a.out, "%s is %s\n", acc.Address, map[bool]string{true: "enabled", false: "disabled"}[on])
	}
	return err
}

type accountDelete struct {
	where
	Address string `arg:"" help:"The account's address."`
	Yes     bool   `help:"Say that all of its mail shall go."`
}

func (c *accountDelete) Run(ctx context.Context, a app) error {
	if !c.Yes {
		return fault.New(fault.Invalid, "postern account delete", "this removes %s with all its mail; give --yes if that is meant, or disable it instead", c.Address)
	}
	err := c.with(ctx, a, func(ad *adminClient) error { return ad.call(ctx, "DELETE", accountPath(c.Address), nil, nil) })
	if err == nil {
		fmt.Fprintf(a.out, "%s is gone\n", c.Address)
	}
	return err
}

type accountPassword struct {
	where
	Address       string `arg:"" help:"The account's address."`
	PasswordStdin bool   `help:"Read the new password from standard input instead of making one up."`
}

func (c *accountPassword) Run(ctx context.Context, a app) error {
	var p adminserver.Password
	if c.PasswordStdin {
		var err error
		if p.Password, err = readPassword(a.in); err != nil {
			return err
		}
	}
	var made adminserver.Password
	err := c.with(ctx, a, func(ad *adminClient) error { return ad.call(ctx, "PUT", accountPath(c.Address, "/password"), p, &made) })
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "the password of %s is set\n", c.Address)
	if made.Password != "" {
		fmt.Fprintf(a.out, "password: %s\n(It is shown only this once.)\n", made.Password)
	}
	return nil
}

type accountQuota struct {
	where
	Address  string `arg:"" help:"The account's address."`
	Size     string `arg:"" help:"How much it may store, such as \"5 GiB\"; \"0\" is no limit."`
	Messages int64  `help:"How many messages it may store; 0 is no limit."`
}

func (c *accountQuota) Run(ctx context.Context, a app) error {
	size, err := config.ParseSize(c.Size)
	if err != nil {
		return fault.Wrap(fault.Invalid, "SIZE", err)
	}
	var acc adminserver.Account
	err = c.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "PUT", accountPath(c.Address, "/quota"), adminserver.Usage{BytesLimit: int64(size), MessagesLimit: c.Messages}, &acc)
	})
	if err == nil {
		fmt.Fprintf(a.out, "%s may store %s; it stores %s\n", acc.Address, limit(acc.Usage.BytesLimit), amount(acc.Usage.Bytes))
	}
	return err
}

func limit(octets int64) string {
	if octets == 0 {
		return "as much as it likes"
	}
	return amount(octets)
}

// amount is a number of octets as people read it: exact, or to three digits.
func amount(octets int64) string {
	if octets < 1<<10 {
		return fmt.Sprintf("%d octets", octets)
	}
	if exact := config.Size(octets).String(); strings.Contains(exact, " ") && len(exact) <= len("1023 MiB") {
		return exact
	}
	value, units := float64(octets)/(1<<10), []string{"KiB", "MiB", "GiB", "TiB"}
	for value >= 999.5 && len(units) > 1 {
		value, units = value/(1<<10), units[1:]
	}
	return strconv.FormatFloat(value, 'f', max(0, 2-int(math.Log10(max(value, 1)))), 64) + " " + units[0]
}

type accountAppPassword struct {
	Add    appPasswordAdd    `cmd:"" help:"Make an app password and print it once."`
	Remove appPasswordRemove `cmd:"" help:"Remove an app password; sessions that used it end."`
}

type appPasswordAdd struct {
	where
	Address  string   `arg:"" help:"The account's address."`
	Label    string   `help:"What it is for, such as \"phone\"." default:"mail program"`
	Protocol []string `help:"Good for this protocol only; may be given repeatedly."`
	Network  []string `help:"Good from this network only, such as 192.0.2.0/24; may be given repeatedly."`
	Days     int      `help:"Good for so many days; 0 is for ever."`
}

func (c *appPasswordAdd) Run(ctx context.Context, a app) error {
	n := adminserver.NewAppPassword{Label: c.Label, Protocols: c.Protocol, Networks: c.Network}
	if c.Days < 0 {
		return fault.New(fault.Invalid, "--days", "%d is below 0; 0 is for ever", c.Days)
	}
	if c.Days > 0 {
		until := time.Now().AddDate(0, 0, c.Days)
		n.Expires = &until
	}
	var made adminserver.AppPassword
	err := c.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "POST", accountPath(c.Address, "/app-passwords"), n, &made)
	})
	if err == nil {
		fmt.Fprintf(a.out, "app password %d of %s: %s\n(It is shown only this once.)\n", made.ID, c.Address, made.Password)
	}
	return err
}

type appPasswordRemove struct {
	where
	Address string `arg:"" help:"The account's address."`
	ID      uint64 `arg:"" help:"Its number, as \"postern account show\" tells."`
}

func (c *appPasswordRemove) Run(ctx context.Context, a app) error {
	err := c.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "DELETE", accountPath(c.Address, fmt.Sprintf("/app-passwords/%d", c.ID)), nil, nil)
	})
	if err == nil {
		fmt.Fprintf(a.out, "app password %d of %s is gone\n", c.ID, c.Address)
	}
	return err
}
