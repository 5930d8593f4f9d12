package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// Delete removes a mailbox with its messages. Its children stay; then the name
// stays listed without a mailbox (RFC 9051 §6.3.5: \NonExistent). INBOX is
// Denied; a name that only is a superior is NotFound. The subscription stays
// (RFC 9051 §6.3.7).
func (s *Session) Delete(ctx context.Context, name string) error {
	const op = "mailbox.Delete"
	name, err := s.clean(op, grant.Manage|grant.Remove, name)
	if err != nil {
		return err
	}
	if name == inbox {
		return fault.New(fault.Denied, op, "INBOX cannot be deleted")
	}
	return s.acct.shrink(ctx, op, func(w *work) error {
		row, err := w.tx.MailboxByName(name)
		if err != nil {
			return missing(err, name)
		}
		return w.deleteBox(&row)
	})
}

func (w *work) deleteBox(row *store.MailboxRow) error {
	type message struct {
		uid   mail.UID
		email mail.EmailID
	}
	var all []message
	err := w.tx.Messages(row.ID, 1, maxUID, func(m store.MessageRow) error {
		all = append(all, message{m.UID, m.Email})
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := w.unref(m.email); err != nil {
			return err
		}
		if err := w.tx.DeleteMessage(row.ID, m.uid); err != nil {
			return err
		}
	}
	w.counters.Messages -= row.Messages
	w.counters.Bytes -= row.Bytes
	w.changed = true
	w.log(store.MailboxDeleted, row.ID)
	return w.tx.DeleteMailbox(row.ID)
}

// Wipe removes all of the account's mail, mailboxes and quota; the Admin right
// is needed. Sessions that look at it are told that their mailboxes are gone.
// What is opened later is new: no UIDVALIDITY or id comes again.
func (s *Session) Wipe(ctx context.Context) error {
	const op = "mailbox.Wipe"
	if err := s.allow(op, grant.Admin); err != nil {
		return err
	}
	a := s.acct
	err := a.shrink(ctx, op, func(w *work) error {
		if err := w.tx.Wipe(w.now); err != nil {
			return err
		}
		w.garbage = true
		old := w.counters
		w.counters = store.Counters{
			ModSeq: old.ModSeq, NextMailbox: old.NextMailbox, NextEmail: old.NextEmail,
			NextThread: old.NextThread, UIDValidity: old.UIDValidity,
		}
		w.changed = true
		return nil
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ready = false
	a.unknown()
	for _, x := range a.indexes {
		x.end()
		x.wake()
	}
	return nil
}
