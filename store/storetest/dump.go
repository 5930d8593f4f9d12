package storetest

import (
	"fmt"
	"strings"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// knownThreads are the only thread keys that histories use.
const knownThreads = 8

// dump writes everything that an account's reader gives, so that two readers
// can be compared. What does not fit together is an error.
func dump(m store.MailReader) (string, error) {
	var b strings.Builder
	c, err := m.Counters()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "counters %+v\n", c)
	var boxes []store.MailboxRow
	if err := m.Mailboxes(func(r store.MailboxRow) error {
		boxes = append(boxes, r)
		return nil
	}); err != nil {
		return "", err
	}
	for _, r := range boxes {
		fmt.Fprintf(&b, "mailbox %+v\n", r)
		if named, err := m.MailboxByName(r.Name); err != nil || named.ID != r.ID {
			return "", fmt.Errorf("mailbox %d has name %q, which leads to %d: %w", r.ID, r.Name, named.ID, err)
		}
		if err := dumpMailbox(&b, m, r.ID); err != nil {
			return "", err
		}
	}
	if err := dumpRest(&b, m); err != nil {
		return "", err
	}
	return b.String(), nil
}

func dumpMailbox(b *strings.Builder, m store.MailReader, box mail.MailboxID) error {
	if err := m.Messages(box, 1, ^mail.UID(0), func(r store.MessageRow) error {
		fmt.Fprintf(b, " message %d email %d thread %d summary %q\n", r.UID, r.Email, r.Thread, r.Summary)
		return nil
	}); err != nil {
		return err
	}
	if err := m.States(box, 1, ^mail.UID(0), func(r store.StateRow) error {
		one, err := m.State(box, r.UID)
		if err != nil || stateString(one) != stateString(r) {
			return fmt.Errorf("states and state of UID %d differ: %w", r.UID, err)
		}
		fmt.Fprintf(b, " state %s\n", stateString(r))
		return nil
	}); err != nil {
		return err
	}
	return m.Removed(box, 0, func(seq mail.ModSeq, r []store.UIDRange) error {
		fmt.Fprintf(b, " removed %d %v\n", seq, r)
		return nil
	})
}

func stateString(r store.StateRow) string {
	return fmt.Sprintf("%d seq %d flags %v size %d received %s saved %s", r.UID, r.ModSeq, r.Flags.Names(), r.Size,
		r.Received.Format(time.RFC3339), r.Saved.UTC().Format(time.RFC3339))
}

func dumpRest(b *strings.Builder, m store.MailReader) error {
	if err := m.Subscriptions(func(name string) error {
		fmt.Fprintf(b, "subscribed %q\n", name)
		return nil
	}); err != nil {
		return err
	}
	if err := m.Emails(func(r store.EmailRow) error {
		body, err := m.Body(r.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		fmt.Fprintf(b, "email %+v body %q\n", r, body)
		return nil
	}); err != nil {
		return err
	}
	if err := m.Bodies(0, ^mail.EmailID(0), func(id mail.EmailID, body []byte) error {
		fmt.Fprintf(b, "body of %d has %d bytes\n", id, len(body))
		return nil
	}); err != nil {
		return err
	}
	if err := m.Bodies(2, 1<<40, func(id mail.EmailID, body []byte) error {
		fmt.Fprintf(b, "inline %d is %q\n", id, body)
		return nil
	}); err != nil {
		return err
	}
	for i := range byte(knownThreads) {
		id, err := m.Thread(store.ThreadKey{i})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		fmt.Fprintf(b, "thread %d is %d\n", i, id)
	}
	if err := m.Changes(0, func(c *store.Change) error {
		fmt.Fprintf(b, "change %d of %d:", c.ModSeq, c.Account)
		for _, it := range c.Items {
			fmt.Fprintf(b, " [%d %d %v]", it.Kind, it.Mailbox, it.UIDs)
		}
		b.WriteByte('\n')
		return nil
	}); err != nil {
		return err
	}
	return m.Garbage(func(ref string, since time.Time) error {
		fmt.Fprintf(b, "garbage %q %d\n", ref, since.UnixNano())
		return nil
	})
}
