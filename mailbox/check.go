package mailbox

import (
	"context"
	"fmt"
	"strings"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// Finding is one broken law that Check found.
type Finding struct {
	Account  mail.AccountID
	Mailbox  string // name, or "" for the account as a whole
	UID      mail.UID
	Law      string // one of the Law constants
	What     string // what is wrong, in words
	Repaired bool
}

// The laws that Check names.
const (
	LawCounters      = "counters"      // what is counted is what is there
	LawUIDNext       = "uidnext"       // UIDNEXT is above every UID
	LawModSeq        = "modseq"        // MODSEQs are in order and below the account's
	LawIDs           = "ids"           // ids and UIDVALIDITY were handed out, once each
	LawNames         = "names"         // mailboxes are found by their names; INBOX is there
	LawState         = "state"         // a message has a row and a state
	LawContent       = "content"       // a message has its content, of the right size
	LawRefs          = "refs"          // contents count who uses them
	LawBody          = "body"          // bytes are there and have their SHA-256
	LawSummary       = "summary"       // summaries say what the bytes say
	LawChangeLog     = "changelog"     // the change log has no gap
	LawVanished      = "vanished"      // what is removed is not there
	LawSubscriptions = "subscriptions" // subscribed names could be mailboxes
	LawReadable      = "readable"      // rows can be read
)

// Check checks every law that holds in one account and reports what is broken;
// with repair it mends what can be mended without losing anything: counters,
// UIDNEXT, reference counts, summaries, half messages. The Admin right is
// needed. Changes that are made meanwhile do no harm. An error means that it
// could not go on.
func (e *Engine) Check(ctx context.Context, g grant.Grant, repair bool, report func(Finding)) error {
	const op = "mailbox.Check"
	a, err := e.enter(g.Account())
	if err != nil {
		return err
	}
	defer e.leave(a)
	s := &Session{acct: a, g: g}
	if err := s.allow(op, grant.Admin|grant.Read); err != nil {
		return err
	}
	c := &checker{a: a, ctxErr: ctx.Err, tally: newTally()}
	if err := a.view(ctx, c.rows); err != nil {
		return fault.In(op, err)
	}
	if err := c.contents(ctx); err != nil {
		return fault.In(op, err)
	}
	if repair && len(c.findings) > 0 {
		if err := c.repair(ctx); err != nil {
			return fault.In(op, err)
		}
	}
	for _, f := range c.findings {
		report(f.Finding)
	}
	return nil
}

// finding is a Finding with what a repair must know.
type finding struct {
	Finding
	box mail.MailboxID
}

// checker checks one account.
type checker struct {
	a        *account
	ctxErr   func() error
	findings []finding
	tally
}

// tally is what was counted in one pass over the rows.
type tally struct {
	counters store.Counters
	messages int64
	bytes    int64
	uses     map[mail.EmailID]uint32
	sizes    map[mail.EmailID]int64
	boxes    []store.MailboxRow
}

func newTally() tally {
	return tally{uses: map[mail.EmailID]uint32{}, sizes: map[mail.EmailID]int64{}}
}

func (c *checker) add(box *store.MailboxRow, uid mail.UID, law, format string, args ...any) {
	f := finding{Finding: Finding{Account: c.a.id, UID: uid, Law: law, What: fmt.Sprintf(format, args...)}}
	if box != nil {
		f.Mailbox, f.box = box.Name, box.ID
	}
	c.findings = append(c.findings, f)
}

// damaged notes rows that cannot be read; other errors end the check.
func (c *checker) damaged(box *store.MailboxRow, err error) error {
	if fault.Is(err, fault.Damaged) {
		c.add(box, 0, LawReadable, "%v", err)
		return nil
	}
	return err
}

// rows checks everything but the contents, in one snapshot.
func (c *checker) rows(r store.MailReader) error {
	var err error
	if c.counters, err = r.Counters(); err != nil {
		return err
	}
	err = c.damaged(nil, r.Emails(func(row store.EmailRow) error {
		c.sizes[row.ID] = row.Size
		if row.ID >= max(c.counters.NextEmail, 1) {
			c.add(nil, 0, LawIDs, "message %s was never handed out", row.ID)
		}
		return c.ctxErr()
	}))
	if err != nil {
		return err
	}
	err = c.damaged(nil, r.Mailboxes(func(row store.MailboxRow) error {
		c.boxes = append(c.boxes, row)
		return nil
	}))
	if err != nil {
		return err
	}
	if err := c.names(r); err != nil {
		return err
	}
	for i := range c.boxes {
		if err := c.mailbox(r, &c.boxes[i]); err != nil {
			return err
		}
	}
	if c.messages != c.counters.Messages || c.bytes != c.counters.Bytes {
		c.add(nil, 0, LawCounters, "the account counts %d messages of %d octets, there are %d of %d",
			c.counters.Messages, c.counters.Bytes, c.messages, c.bytes)
	}
	err = c.damaged(nil, r.Emails(func(row store.EmailRow) error {
		if n := c.uses[row.ID]; n != row.Refs {
			c.add(nil, 0, LawRefs, "message %s counts %d uses, there are %d", row.ID, row.Refs, n)
		}
		return c.ctxErr()
	}))
	if err != nil {
		return err
	}
	return c.changes(r)
}

// names checks what makes a mailbox itself.
func (c *checker) names(r store.MailReader) error {
	validities := map[mail.UIDValidity]string{}
	found := false
	for i := range c.boxes {
		row := &c.boxes[i]
		found = found || row.Name == inbox
		if other, ok := validities[row.UIDValidity]; ok {
			c.add(row, 0, LawIDs, "UIDVALIDITY %d is also that of %q", row.UIDValidity, other)
		}
		validities[row.UIDValidity] = row.Name
		if row.UIDValidity == 0 || row.UIDValidity > c.counters.UIDValidity {
			c.add(row, 0, LawIDs, "UIDVALIDITY %d was never handed out", row.UIDValidity)
		}
		if row.ID == 0 || row.ID >= max(c.counters.NextMailbox, 1) {
			c.add(row, 0, LawIDs, "mailbox %s was never handed out", row.ID)
		}
		if clean, err := c.a.e.opts.Limits.cleanName(row.Name); err != nil || clean != row.Name {
			c.add(row, 0, LawNames, "the name is not as it should be stored")
		}
		byName, err := r.MailboxByName(row.Name)
		if err != nil || byName.ID != row.ID {
			c.add(row, 0, LawNames, "the mailbox is not found by its name: %v", err)
		}
	}
	if !found && len(c.boxes) > 0 {
		c.add(nil, 0, LawNames, "there is no INBOX")
	}
	return c.damaged(nil, r.Subscriptions(func(name string) error {
		clean, err := c.a.e.opts.Limits.cleanName(name)
		if err != nil || clean != name {
			c.add(nil, 0, LawSubscriptions, "the subscribed name %q is not as it should be stored", name)
		}
		return nil
	}))
}

// changes checks the change log.
func (c *checker) changes(r store.MailReader) error {
	var last mail.ModSeq
	err := r.Changes(0, func(ch *store.Change) error {
		if last != 0 && ch.ModSeq != last+1 {
			c.add(nil, 0, LawChangeLog, "after change %d comes %d", last, ch.ModSeq)
		}
		last = ch.ModSeq
		return c.ctxErr()
	})
	if err == nil && last != 0 && last != c.counters.ModSeq {
		c.add(nil, 0, LawChangeLog, "the last change is %d, the account counts %d", last, c.counters.ModSeq)
	}
	return c.damaged(nil, err)
}

// String is the finding on one line.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "account %s", f.Account)
	if f.Mailbox != "" {
		fmt.Fprintf(&b, ", mailbox %q", f.Mailbox)
	}
	if f.UID != 0 {
		fmt.Fprintf(&b, ", UID %d", f.UID)
	}
	fmt.Fprintf(&b, ": %s: %s", f.Law, f.What)
	if f.Repaired {
		b.WriteString(" (repaired)")
	}
	return b.String()
}
