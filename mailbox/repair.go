package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// repair mends what was found, each mailbox in one transaction. It counts anew
// inside it, so what changed since the check does no harm.
func (c *checker) repair(ctx context.Context) error {
	boxes := map[mail.MailboxID]bool{}
	account := false
	for i := range c.findings {
		f := &c.findings[i]
		switch f.Law {
		case LawCounters, LawUIDNext, LawState, LawSummary:
			if f.box != 0 {
				boxes[f.box] = true
			}
			account = true
			f.Repaired = true
		case LawRefs:
			account = true
			f.Repaired = true
		}
	}
	for id := range boxes {
		if err := c.repairBox(ctx, id); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if !account {
		return nil
	}
	return c.a.shrink(ctx, "mailbox.Check", func(w *work) error { return w.recount() })
}

func (c *checker) repairBox(ctx context.Context, id mail.MailboxID) error {
	summaries := map[mail.UID]bool{}
	halves := map[mail.UID]bool{}
	for _, f := range c.findings {
		switch {
		case f.box != id:
		case f.Law == LawSummary:
			summaries[f.UID] = true
		case f.Law == LawState:
			halves[f.UID] = true
		}
	}
	fresh := map[mail.EmailID][]byte{}
	for uid := range summaries {
		var m store.MessageRow
		err := c.a.view(ctx, func(r store.MailReader) error {
			var err error
			m, err = r.Message(id, uid)
			return err
		})
		if err != nil {
			continue // gone meanwhile
		}
		if fresh[m.Email], err = c.read(ctx, m.Email); err != nil {
			return err
		}
	}
	return c.a.update(ctx, "mailbox.Check", func(w *work) error {
		b, err := w.box(id)
		if err != nil {
			return err
		}
		for uid := range halves {
			if err := w.mendHalf(b, uid); err != nil {
				return err
			}
		}
		for uid := range summaries {
			if err := w.resummarize(b, uid, fresh); err != nil {
				return err
			}
		}
		return w.recountBox(b)
	})
}

// mendHalf gives a message without a state a new one, and removes a state
// without a message.
func (w *work) mendHalf(b *workBox, uid mail.UID) error {
	m, merr := w.tx.Message(b.row.ID, uid)
	s, serr := w.tx.State(b.row.ID, uid)
	switch {
	case merr == nil && fault.Is(serr, fault.NotFound):
		email, err := w.tx.Email(m.Email)
		if err != nil {
			return nil //nolint:nilerr // there is nothing to make a state of; reported as LawContent
		}
		s = store.StateRow{UID: uid, ModSeq: w.modseq, Size: email.Size, Received: w.now, Saved: w.now.UTC()}
		b.changed = true
		b.added = append(b.added, s)
		return w.tx.PutState(b.row.ID, s)
	case serr == nil && fault.Is(merr, fault.NotFound):
		return w.discard(b, &s)
	}
	return nil
}

// resummarize stores a message's row with the summary that it should have.
func (w *work) resummarize(b *workBox, uid mail.UID, fresh map[mail.EmailID][]byte) error {
	s, ok, err := w.stateOf(b, uid)
	if err != nil || !ok {
		return err
	}
	m, err := w.tx.Message(b.row.ID, uid)
	if err != nil {
		return err
	}
	summary, ok := fresh[m.Email]
	if !ok {
		return nil
	}
	if err := w.tx.DeleteMessage(b.row.ID, uid); err != nil {
		return err
	}
	m.Summary = summary
	if err := w.tx.PutMessage(b.row.ID, m); err != nil {
		return err
	}
	return w.tx.PutState(b.row.ID, s)
}

// recountBox sets a mailbox's counters to what is there.
func (w *work) recountBox(b *workBox) error {
	fresh := workBox{row: b.row}
	row := &fresh.row
	row.Messages, row.Unseen, row.Deleted, row.Bytes, row.DeletedBytes = 0, 0, 0, 0, 0
	err := w.tx.States(b.row.ID, 1, maxUID, func(s store.StateRow) error {
		fresh.count(&s, 1)
		row.UIDNext = max(row.UIDNext, s.UID+1)
		return nil
	})
	if err != nil {
		return err
	}
	// A UID that was removed must not come again either.
	err = w.tx.Removed(b.row.ID, 0, func(_ mail.ModSeq, gone []UIDRange) error {
		for _, r := range gone {
			row.UIDNext = max(row.UIDNext, r.Last+1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.row = *row
	if !b.changed {
		// Counting changes no message, so it takes no MODSEQ.
		return w.tx.PutMailbox(b.row)
	}
	return nil
}

// recount sets the account's counters and the contents' references to what is
// there.
func (w *work) recount() error {
	uses := map[mail.EmailID]uint32{}
	w.counters.Messages, w.counters.Bytes = 0, 0
	w.changed = true
	var boxes []mail.MailboxID
	err := w.tx.Mailboxes(func(row store.MailboxRow) error {
		boxes = append(boxes, row.ID)
		w.counters.Messages += row.Messages
		w.counters.Bytes += row.Bytes
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range boxes {
		err := w.tx.Messages(id, 1, maxUID, func(m store.MessageRow) error {
			uses[m.Email]++
			return nil
		})
		if err != nil {
			return err
		}
	}
	var wrong []store.EmailRow
	err = w.tx.Emails(func(row store.EmailRow) error {
		if uses[row.ID] != row.Refs {
			wrong = append(wrong, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, row := range wrong {
		row.Refs = uses[row.ID]
		if row.Refs > 0 {
			err = w.tx.PutEmail(row)
		} else {
			err = w.letGo(&row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
