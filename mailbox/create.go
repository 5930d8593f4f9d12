package mailbox

import (
	"context"
	"slices"
	"strings"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// specialUses are the uses that may be set: those of RFC 6154 which are a place
// and not a search result. \All and \Flagged are views that Postern has not.
var specialUses = []string{`\Archive`, `\Drafts`, `\Junk`, `\Sent`, `\Trash`} //nolint:gochecknoglobals // a constant table

// defaultMailboxes are what a new account has.
var defaultMailboxes = []struct{ name, use string }{ //nolint:gochecknoglobals // a constant table
	{inbox, ""}, {"Drafts", `\Drafts`}, {"Sent", `\Sent`}, {"Junk", `\Junk`}, {"Trash", `\Trash`}, {"Archive", `\Archive`},
}

// prepare makes the default mailboxes of a new account.
func (a *account) prepare(ctx context.Context) error {
	const op = "mailbox.Open"
	a.mu.Lock()
	ready := a.ready
	a.mu.Unlock()
	if ready {
		return nil
	}
	err := a.view(ctx, func(r store.MailReader) error {
		_, err := r.MailboxByName(inbox)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = a.update(ctx, op, func(w *work) error {
			_, err := w.tx.MailboxByName(inbox)
			if !fault.Is(err, fault.NotFound) {
				return err
			}
			return w.furnish()
		})
	}
	if err != nil {
		return fault.In(op, err)
	}
	a.mu.Lock()
	a.ready = true
	a.mu.Unlock()
	return nil
}

func (w *work) furnish() error {
	for _, d := range defaultMailboxes {
		_, err := w.tx.MailboxByName(d.name)
		if err == nil {
			continue
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		var uses []string
		if d.use != "" {
			uses = []string{d.use}
		}
		if _, err := w.create(d.name, uses); err != nil {
			return err
		}
		if err := w.tx.PutSubscription(d.name); err != nil {
			return err
		}
	}
	w.log(store.SubscriptionsChanged, 0)
	return nil
}

// create makes one mailbox; its name must be clean and free.
func (w *work) create(name string, uses []string) (store.MailboxRow, error) {
	validity, err := w.nextValidity()
	if err != nil {
		return store.MailboxRow{}, err
	}
	w.counters.NextMailbox = max(w.counters.NextMailbox, 1)
	row := store.MailboxRow{
		ID: w.counters.NextMailbox, Name: name, UIDValidity: validity, UIDNext: 1,
		HighestModSeq: w.modseq, Created: w.modseq, SpecialUse: uses,
	}
	w.counters.NextMailbox++
	w.changed = true
	w.log(store.MailboxCreated, row.ID)
	return row, w.tx.PutMailbox(row)
}

// nextValidity hands out a UIDVALIDITY: the time, or more if the account had
// that one. So it is new even if the counters were restored from a backup, and
// rises even if the clock fell.
func (w *work) nextValidity() (mail.UIDValidity, error) {
	v := uint64(w.counters.UIDValidity) + 1
	if now := w.now.Unix(); now > 0 {
		v = max(v, uint64(now))
	}
	if v > 1<<32-1 {
		if v = uint64(w.counters.UIDValidity) + 1; v > 1<<32-1 {
			return 0, fault.New(fault.TooLarge, "mailbox.create", "the account has used up its UIDVALIDITY values")
		}
	}
	w.counters.UIDValidity = mail.UIDValidity(v)
	w.changed = true
	return mail.UIDValidity(v), nil
}

// Create makes a mailbox and the superiors it lacks; Exists if there is one.
// One '/' at the end of the name is ignored (RFC 9051 §6.3.4). An unknown
// special use is Unsupported; one that another mailbox has is Conflict.
func (s *Session) Create(ctx context.Context, name string, specialUse []string) (Info, error) {
	const op = "mailbox.Create"
	name, err := s.clean(op, grant.Manage, strings.TrimSuffix(name, delimiter))
	if err != nil {
		return Info{}, err
	}
	uses, err := cleanUses(specialUse)
	if err != nil {
		return Info{}, fault.In(op, err)
	}
	var row store.MailboxRow
	err = s.acct.update(ctx, op, func(w *work) error {
		if _, err := w.tx.MailboxByName(name); err == nil {
			return fault.New(fault.Exists, op, "there is a mailbox %q already", name)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := w.roomForBoxes(s.acct.e.opts.Limits.Mailboxes, name, uses); err != nil {
			return err
		}
		var err error
		row, err = w.create(name, uses)
		return err
	})
	return infoOf(&row), err
}

// roomForBoxes makes the superiors that name lacks and checks the limit and the
// special uses for one more mailbox.
func (w *work) roomForBoxes(limit int, name string, uses []string) error {
	const op = "mailbox.Create"
	n := 0
	err := w.tx.Mailboxes(func(row store.MailboxRow) error {
		n++
		for _, u := range row.SpecialUse {
			if slices.Contains(uses, u) {
				return fault.New(fault.Conflict, op, "mailbox %q has the special use %s already", row.Name, u)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, sup := range append(superiors(name), "") {
		if sup != "" {
			_, err := w.tx.MailboxByName(sup)
			if err == nil {
				continue
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		if n++; n > limit {
			return fault.New(fault.TooLarge, op, "there are %d mailboxes, no more are allowed", limit)
		}
		if sup != "" {
			if _, err := w.create(sup, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func cleanUses(uses []string) ([]string, error) {
	var out []string
	for _, u := range uses {
		i := slices.IndexFunc(specialUses, func(s string) bool { return strings.EqualFold(s, u) })
		if i < 0 {
			return nil, fault.New(fault.Unsupported, "mailbox.Create", "the special use %q is not one of %s", u, strings.Join(specialUses, " "))
		}
		if !slices.Contains(out, specialUses[i]) {
			out = append(out, specialUses[i])
		}
	}
	return out, nil
}

// Subscribe adds a name to the subscriptions, whether or not it exists.
func (s *Session) Subscribe(ctx context.Context, name string) error {
	const op = "mailbox.Subscribe"
	name, err := s.clean(op, grant.Manage, strings.TrimSuffix(name, delimiter))
	if err != nil {
		return err
	}
	return s.acct.update(ctx, op, func(w *work) error {
		there, n := false, 0
		err := w.tx.Subscriptions(func(sub string) error {
			n++
			there = there || sub == name
			return nil
		})
		if err != nil || there {
			return err
		}
		if limit := 2 * s.acct.e.opts.Limits.Mailboxes; n >= limit {
			return fault.New(fault.TooLarge, op, "there are %d subscriptions, no more are allowed", limit)
		}
		w.log(store.SubscriptionsChanged, 0)
		return w.tx.PutSubscription(name)
	})
}

// Unsubscribe removes a name from the subscriptions; NotFound if it was not
// there.
func (s *Session) Unsubscribe(ctx context.Context, name string) error {
	const op = "mailbox.Unsubscribe"
	name, err := s.clean(op, grant.Manage, strings.TrimSuffix(name, delimiter))
	if err != nil {
		return err
	}
	return s.acct.update(ctx, op, func(w *work) error {
		there := false
		err := w.tx.Subscriptions(func(sub string) error {
			there = there || sub == name
			return nil
		})
		if err != nil {
			return err
		}
		if !there {
			return fault.New(fault.NotFound, op, "%q is not subscribed", name)
		}
		w.log(store.SubscriptionsChanged, 0)
		return w.tx.DeleteSubscription(name)
	})
}
