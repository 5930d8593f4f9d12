package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"postern/cmd/postern/foreign"
	"postern/fault"
	"postern/server/adminserver"
)

type importCommands struct {
	Mbox     importMbox     `cmd:"" help:"Import mbox files."`
	Maildir  importMaildir  `cmd:"" help:"Import a Maildir with its folders."`
	Accounts importAccounts `cmd:"" help:"Import accounts with their password hashes, from a Dovecot passwd-file or LDIF."`
}

type importMbox struct {
	where
	Address string   `arg:"" help:"The account to import into."`
	Files   []string `arg:"" help:"The mbox files." type:"existingfile"`
	Mailbox string   `help:"The mailbox to import into; without it the file's name."`
}

func (c *importMbox) Run(ctx context.Context, a app) error {
	return c.importMail(ctx, a, c.Address, func(message func(foreign.Message) error, trouble func(foreign.Trouble)) error {
		for _, f := range c.Files {
			name := c.Mailbox
			if name == "" {
				name = mboxName(f)
			}
			if err := foreign.Mbox(f, name, message, trouble); err != nil {
				return err
			}
		}
		return nil
	})
}

// mboxName is the mailbox of a file: its name without ".mbox"; "inbox" and
// "mbox" are INBOX.
func mboxName(file string) string {
	name := strings.TrimSuffix(filepath.Base(file), ".mbox")
	if strings.EqualFold(name, "inbox") || name == "mbox" {
		return "INBOX"
	}
	return name
}

type importMaildir struct {
	where
	Address string `arg:"" help:"The account to import into."`
	Dir     string `arg:"" help:"The Maildir: the folder with cur, new and tmp." type:"existingdir"`
}

func (c *importMaildir) Run(ctx context.Context, a app) error {
	return c.importMail(ctx, a, c.Address, func(message func(foreign.Message) error, trouble func(foreign.Trouble)) error {
		return foreign.Maildir(c.Dir, message, trouble)
	})
}

// importMail sends what read finds to the server and shows how far it is.
func (w where) importMail(ctx context.Context, a app, address string, read func(func(foreign.Message) error, func(foreign.Trouble)) error) error {
	return w.with(ctx, a, func(ad *adminClient) error {
		pr, pw := io.Pipe()
		unread := 0
		readDone := make(chan error, 1)
		go func() {
			err := sendMessages(pw, read, func(t foreign.Trouble) {
				unread++
				fmt.Fprintf(a.errs, "not read: %s: %v\n", shown(t.Source), t.Err)
			})
			pw.CloseWithError(err)
			readDone <- err
		}()
		sum, err := followImport(ctx, ad, a, address, pr)
		pr.CloseWithError(errServerEnded) // wakes the reader if the server gave up first
		if readErr := <-readDone; readErr != nil && !errors.Is(readErr, errServerEnded) && !errors.Is(readErr, io.ErrClosedPipe) {
			return readErr // the reason why the server's answer broke off
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "imported %d, were there already %d, failed %d\n", sum.Imported, sum.Present, sum.Failed+unread)
		if sum.Failed+unread > 0 {
			return quietError{errors.New("some messages failed")}
		}
		return nil
	})
}

var errServerEnded = errors.New("the server has ended the import")

func sendMessages(w io.Writer, read func(func(foreign.Message) error, func(foreign.Trouble)) error, trouble func(foreign.Trouble)) error {
	b := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(b)
	err := read(func(m foreign.Message) error {
		h := adminserver.ImportHeader{Mailbox: m.Mailbox, Flags: m.Flags, Received: m.Received, Size: int64(len(m.Raw)), Source: shown(m.Source), Empty: m.Empty}
		if err := enc.Encode(h); err != nil {
			return err
		}
		_, err := b.Write(m.Raw)
		return err
	}, trouble)
	return errors.Join(err, b.Flush())
}

func followImport(ctx context.Context, ad *adminClient, a app, address string, body io.Reader) (adminserver.ImportProgress, error) {
	var sum adminserver.ImportProgress
	said := time.Now()
	err := stream(ctx, ad, "POST", accountPath(address, "/import"), body, func(p adminserver.ImportProgress) error {
		sum = p
		if p.Error != "" {
			fmt.Fprintf(a.errs, "failed: %s: %s\n", p.Source, p.Error)
		}
		if time.Since(said) > 2*time.Second {
			said = time.Now()
			fmt.Fprintf(a.errs, "%d imported, %d were there already\n", p.Imported, p.Present)
		}
		return nil
	})
	if err == nil && !sum.Done {
		err = fault.New(fault.Unavailable, "", "it broke off after %d messages", sum.Imported)
	}
	if fault.Is(err, fault.Unavailable) {
		err = fault.New(fault.Unavailable, "", "%s; run it again, it goes on from there", fault.Plain(err))
	}
	return sum, err
}

type importAccounts struct {
	where
	File   string `arg:"" help:"The file." type:"existingfile"`
	Format string `help:"\"passwd\" or \"ldif\"; without it the file's name and first lines tell." enum:"passwd,ldif," default:""`
	Domain string `help:"The domain of accounts that the file names without one."`
}

// accountBatch is how many accounts go in one call.
const accountBatch = 200

func (c *importAccounts) Run(ctx context.Context, a app) error {
	read := foreign.Passwd
	if c.Format == "ldif" || (c.Format == "" && foreign.IsLDIF(c.File)) {
		read = foreign.LDIF
	}
	im := accountImport{ctx: ctx, app: a, domain: c.Domain}
	err := c.with(ctx, a, func(ad *adminClient) error {
		im.admin = ad
		if err := read(c.File, im.take, im.trouble); err != nil {
			return err
		}
		return im.flush()
	})
	fmt.Fprintf(a.out, "made %d accounts, were there already %d, failed %d\n", im.made, im.there, im.failed)
	if err == nil && im.failed > 0 {
		err = quietError{errors.New("some accounts failed")}
	}
	return err
}

// accountImport sends accounts in batches and counts what becomes of them.
type accountImport struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one command
	app    app
	admin  *adminClient
	domain string // for names without one

	batch               []adminserver.NewAccount
	made, there, failed int
}

func (im *accountImport) take(acc foreign.Account) error {
	if !strings.Contains(acc.Address, "@") {
		if im.domain == "" {
			return fault.New(fault.Invalid, "postern import accounts", "%s: %s has no domain; give --domain", acc.Source, acc.Address)
		}
		acc.Address += "@" + im.domain
	}
	n := adminserver.NewAccount{Address: acc.Address, Name: acc.Name, Aliases: acc.Aliases, Hash: acc.Hash, Password: acc.Password, Disabled: acc.Disabled}
	if acc.Quota > 0 {
		n.Quota = &acc.Quota
	}
	if im.batch = append(im.batch, n); len(im.batch) < accountBatch {
		return nil
	}
	return im.flush()
}

func (im *accountImport) trouble(t foreign.Trouble) {
	im.failed++
	fmt.Fprintf(im.app.errs, "not read: %s: %v\n", t.Source, t.Err)
}

func (im *accountImport) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	batch := im.batch
	im.batch = nil
	return stream(im.ctx, im.admin, "POST", "/v1/accounts", batch, func(r adminserver.Created) error {
		switch {
		case r.Error == "":
			im.made++
		case r.Kind == fault.Exists.String():
			im.there++
		default:
			im.failed++
			fmt.Fprintf(im.app.errs, "failed: %s: %s\n", r.Address, r.Error)
		}
		if r.Password != "" {
			fmt.Fprintf(im.app.out, "%s had no password that works; it is now %s\n", r.Address, r.Password)
		}
		return nil
	})
}

// shown is a file's name as a terminal may have it: names from elsewhere may
// have octets that are no text, or that a terminal obeys.
func shown(name string) string {
	quoted := strconv.Quote(name)
	if plain := quoted[1 : len(quoted)-1]; plain != name {
		return quoted
	}
	return name
}
