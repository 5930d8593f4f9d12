package mailbox

import (
	"context"

	"postern/signin/grant"
	"postern/store"
)

// RenewUIDs gives every mailbox of the account a new UIDVALIDITY, so that no
// client takes a UID that it has seen for a message that it has not: after a
// restore, UIDs between the backup and the loss may come again. The Admin right
// is needed. Sessions that look at a mailbox are told that it is gone.
func (s *Session) RenewUIDs(ctx context.Context) error {
	const op = "mailbox.RenewUIDs"
	if err := s.allow(op, grant.Admin); err != nil {
		return err
	}
	a := s.acct
	err := a.update(ctx, op, func(w *work) error {
		var rows []store.MailboxRow
		if err := w.tx.Mailboxes(func(r store.MailboxRow) error { rows = append(rows, r); return nil }); err != nil {
			return err
		}
		for _, r := range rows {
			b, err := w.box(r.ID)
			if err != nil {
				return err
			}
			if b.row.UIDValidity, err = w.nextValidity(); err != nil {
				return err
			}
			b.changed = true
			w.log(store.MailboxUpdated, r.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.indexes {
		x.end()
		x.wake()
	}
	return nil
}
