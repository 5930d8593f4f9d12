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

// Rename gives a mailbox and its children another name, making the superiors
// it lacks; also a name that only has children. Subscriptions stay as they are.
// Renaming INBOX moves its messages to a new mailbox and leaves INBOX and its
// children (RFC 9051 §6.3.6).
func (s *Session) Rename(ctx context.Context, from, to string) error {
	const op = "mailbox.Rename"
	from, err := s.clean(op, grant.Manage, from)
	if err != nil {
		return err
	}
	to, err = s.clean(op, grant.Manage, strings.TrimSuffix(to, delimiter))
	if err != nil {
		return err
	}
	if under(to, from) && from != inbox {
		return fault.New(fault.Invalid, op, "%q cannot become its own inferior %q", from, to)
	}
	limits := &s.acct.e.opts.Limits
	return s.acct.update(ctx, op, func(w *work) error {
		if _, err := w.tx.MailboxByName(to); err == nil {
			return fault.New(fault.Exists, op, "there is a mailbox %q already", to)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if from == inbox {
			return w.emptyInbox(limits, to)
		}
		rows, err := w.family(from)
		if err != nil {
			return err
		}
		for i := range rows {
			name, err := limits.cleanName(to + rows[i].Name[len(from):])
			if err != nil {
				return err
			}
			rows[i].Name = name
		}
		// The superiors first; they may be in the family's way only if to is
		// below from, which was refused.
		if err := w.roomForBoxes(limits.Mailboxes+1, to, nil); err != nil {
			return err
		}
		return w.renameAll(rows)
	})
}

// family is a mailbox and its inferiors.
func (w *work) family(top string) ([]store.MailboxRow, error) {
	var rows []store.MailboxRow
	err := w.tx.Mailboxes(func(row store.MailboxRow) error {
		if row.Name == top || under(row.Name, top) {
			rows = append(rows, row)
		}
		return nil
	})
	if err == nil && len(rows) == 0 {
		err = missing(fault.New(fault.NotFound, "", ""), top)
	}
	return rows, err
}

// renameAll stores rows under their new names. Nothing may be lost if another
// mailbox has one of them: then it is Exists.
func (w *work) renameAll(rows []store.MailboxRow) error {
	slices.SortFunc(rows, func(a, b store.MailboxRow) int { return len(a.Name) - len(b.Name) })
	for _, row := range rows {
		if err := w.tx.PutMailbox(row); err != nil {
			if fault.Is(err, fault.Exists) {
				return fault.New(fault.Exists, "mailbox.Rename", "there is a mailbox %q already", row.Name)
			}
			return err
		}
		w.log(store.MailboxUpdated, row.ID)
	}
	return nil
}

// emptyInbox moves INBOX's messages to a new mailbox.
func (w *work) emptyInbox(limits *Limits, to string) error {
	if err := w.roomForBoxes(limits.Mailboxes, to, nil); err != nil {
		return err
	}
	row, err := w.create(to, nil)
	if err != nil {
		return err
	}
	src, err := w.boxNamed(inbox)
	if err != nil {
		return err
	}
	dst, err := w.box(row.ID)
	if err != nil {
		return err
	}
	var uids []mail.UID
	err = w.tx.States(src.row.ID, 1, maxUID, func(s store.StateRow) error {
		uids = append(uids, s.UID)
		return nil
	})
	if err != nil {
		return err
	}
	w.free = true
	for _, uid := range uids {
		if _, err := w.transfer(src, dst, uid, true); err != nil {
			return err
		}
	}
	return nil
}
