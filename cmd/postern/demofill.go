package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/cmd/postern/samplemail"
	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/signin"
	"postern/signin/grant"
)

// fill makes the accounts that are missing, with sample mail, and gives all of
// them with their passwords. demo.json is written last, so without it an
// earlier start broke off and alice's mail is made anew.
func (c *demoCommand) fill(ctx context.Context, n *node, file string) ([]demoAccount, error) {
	before, err := readDemoInfo(file)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, p := range before.Accounts {
		known[p.Address] = p.Password
	}
	people, missing, err := c.roll(n, known)
	if err != nil {
		return nil, err
	}
	made, err := n.authority.CreateAccounts(ctx, missing)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	for i, m := range made {
		switch {
		case fault.Is(m.Err, fault.Exists): // made by a start that broke off
			p, err := c.renew(ctx, n, missing[i].Address)
			if err != nil {
				return nil, err
			}
			secrets[missing[i].Address] = p
		case m.Err != nil:
			return nil, m.Err
		default:
			secrets[missing[i].Address] = m.Secret
		}
	}
	for i := range people {
		if s, ok := secrets[people[i].Address]; ok && people[i].Password == "" {
			people[i].Password = s
		}
	}
	if len(before.Accounts) > 0 && c.Password != "" {
		err = c.changePasswords(ctx, n, before.Accounts, people)
	}
	if err == nil && len(before.Accounts) == 0 {
		err = c.sampleMail(ctx, n)
	}
	return people, err
}

// roll lists everybody, and who has to be made.
func (c *demoCommand) roll(n *node, known map[string]string) (people []demoAccount, missing []signin.NewAccount, err error) {
	var shared *signin.SharedPassword
	if c.Password != "" {
		if shared, err = n.authority.SharePassword(mail.NewSecret([]byte(c.Password))); err != nil {
			return nil, nil, err
		}
	}
	add := func(local, name string, classes ...string) {
		address := local + "@" + demoDomain
		p, ok := known[address]
		if !ok {
			missing = append(missing, signin.NewAccount{Address: address, Name: name, Classes: classes, Shared: shared, Generate: shared == nil})
		}
		if c.Password != "" {
			p = c.Password
		}
		people = append(people, demoAccount{address, p})
	}
	add("alice", "Alice Archer")
	add("bob", "Bob Baker")
	add("carol", "Carol Chen")
	add("admin", "Administrator", "admin")
	for i := range c.Accounts {
		add(fmt.Sprintf("user%d", i), "")
	}
	for i := c.Accounts; ; i++ { // those of an earlier start with more
		address := fmt.Sprintf("user%d@%s", i, demoDomain)
		p, ok := known[address]
		if !ok {
			return people, missing, nil
		}
		if c.Password != "" {
			p = c.Password
		}
		people = append(people, demoAccount{address, p})
	}
}

func (c *demoCommand) renew(ctx context.Context, n *node, address string) (string, error) {
	acc, err := n.authority.AccountByAddress(ctx, address)
	if err != nil {
		return "", err
	}
	if c.Password != "" {
		return c.Password, n.authority.SetPassword(ctx, acc.ID, mail.NewSecret([]byte(c.Password)))
	}
	return n.authority.GeneratePassword(ctx, acc.ID)
}

// changePasswords gives accounts of an earlier start the password that this
// one was told.
func (c *demoCommand) changePasswords(ctx context.Context, n *node, before, people []demoAccount) error {
	for i, p := range before {
		if p.Password == c.Password {
			continue
		}
		if _, err := c.renew(ctx, n, p.Address); err != nil {
			return err
		}
		people[i].Password = c.Password
	}
	return nil
}

func (c *demoCommand) sampleMail(ctx context.Context, n *node) error {
	now := time.Now()
	for _, local := range []string{"bob", "carol", "admin"} {
		address := local + "@" + demoDomain
		err := n.withMail(ctx, address, "demo", func(s *mailbox.Session) error {
			return deliverSample(ctx, s, []samplemail.Message{samplemail.Welcome(demoDomain, address, now)})
		})
		if err != nil {
			return err
		}
	}
	return n.withMail(ctx, "alice@"+demoDomain, "demo", func(s *mailbox.Session) error {
		var batch []samplemail.Message
		for m := range samplemail.For(demoDomain, now, c.Archive) {
			if len(batch) > 0 && (batch[0].Mailbox != m.Mailbox || len(batch) >= 500) {
				if err := deliverSample(ctx, s, batch); err != nil {
					return err
				}
				batch = batch[:0]
			}
			batch = append(batch, m)
		}
		return deliverSample(ctx, s, batch)
	})
}

// withMail opens the mail of an account, emptied of what an earlier start that
// broke off has left.
func (n *node) withMail(ctx context.Context, address, purpose string, fn func(*mailbox.Session) error) error {
	acc, err := n.authority.AccountByAddress(ctx, address)
	if err != nil {
		return err
	}
	g, err := n.authority.Service(ctx, purpose, acc.ID, grant.Owner|grant.Admin)
	if err != nil {
		return err
	}
	defer g.Release()
	s, err := n.mailboxes.Open(ctx, g)
	if err != nil {
		return err
	}
	q, err := s.Quota(ctx)
	if err == nil && q.Messages > 0 {
		err = s.Wipe(ctx)
		s.Close()
		if err != nil {
			return err
		}
		if s, err = n.mailboxes.Open(ctx, g); err != nil {
			return err
		}
	}
	defer s.Close()
	return errors.Join(err, fn(s))
}

// deliverSample puts messages into the mailbox of the first one.
func deliverSample(ctx context.Context, s *mailbox.Session, batch []samplemail.Message) error {
	if len(batch) == 0 {
		return nil
	}
	box := batch[0].Mailbox
	a, err := s.BeginAppend(ctx, box, int64(len(batch[0].Raw)))
	if fault.Is(err, fault.NotFound) {
		if _, err = s.Create(ctx, box, nil); err == nil {
			if err = s.Subscribe(ctx, box); err == nil {
				a, err = s.BeginAppend(ctx, box, int64(len(batch[0].Raw)))
			}
		}
	}
	if err != nil {
		return err
	}
	defer a.Abort()
	for _, m := range batch {
		w, err := a.Next(ctx, mailbox.AppendMessage{Flags: m.Flags, Received: m.Received, Size: int64(len(m.Raw))})
		if err != nil {
			return err
		}
		if _, err := w.Write(m.Raw); err != nil {
			return err
		}
	}
	_, err = a.Commit(ctx)
	return err
}
