package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// Expunge removes the messages with \Deleted, in the ranges only unless nil,
// and tells the MODSEQ of the change, or 0 if there was none to remove.
func (v *View) Expunge(ctx context.Context, uids []UIDRange) (mail.ModSeq, error) {
	const op = "mailbox.Expunge"
	if err := v.change(op, grant.Remove); err != nil {
		return 0, err
	}
	if uids == nil {
		uids = []UIDRange{{First: 1, Last: maxUID}}
	}
	now := v.current()
	deleted := make([]bool, len(now.sets))
	for i, set := range now.sets {
		deleted[i] = set.System&mail.FlagDeleted != 0
	}
	var found []mail.UID
	for _, r := range mergeRanges(append([]UIDRange(nil), uids...)) {
		for _, row := range now.Rows(now.Seek(r.First), now.n) {
			if row.UID > r.Last {
				break
			}
			if deleted[row.Set] {
				found = append(found, row.UID)
			}
		}
	}
	return v.remove(ctx, op, found, mail.FlagDeleted)
}

// Remove removes messages whatever their flags, as POP3 does. UIDs that are
// gone already are ignored.
func (v *View) Remove(ctx context.Context, uids []mail.UID) (mail.ModSeq, error) {
	const op = "mailbox.Remove"
	if err := v.change(op, grant.Remove); err != nil {
		return 0, err
	}
	return v.remove(ctx, op, uids, 0)
}

// remove removes those of uids that have the flags when it comes to it.
func (v *View) remove(ctx context.Context, op string, uids []mail.UID, flags mail.SystemFlags) (mail.ModSeq, error) {
	if len(uids) == 0 {
		return 0, nil
	}
	var at mail.ModSeq
	err := v.s.acct.shrink(ctx, op, func(w *work) error {
		at = 0
		b, err := w.box(v.x.box)
		if err != nil {
			return err
		}
		return w.states(ctx, b, uids, func(_ mail.UID, s *store.StateRow) error {
			if s == nil || s.Flags.System&flags != flags {
				return nil
			}
			at = w.modseq
			return w.discard(b, s)
		})
	})
	return at, err
}

// discard removes a message and its use of the content. What is missing or
// damaged must not keep it from being deleted; Check reports that.
func (w *work) discard(b *workBox, s *store.StateRow) error {
	m, err := w.tx.Message(b.row.ID, s.UID)
	switch {
	case err == nil:
		err = w.unref(m.Email)
	case fault.Is(err, fault.NotFound): // only a pair can be deleted
		err = w.tx.PutMessage(b.row.ID, store.MessageRow{UID: s.UID})
	case fault.Is(err, fault.Damaged):
		err = nil
	}
	if err != nil {
		return err
	}
	return w.remove(b, s)
}
