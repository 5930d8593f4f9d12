package mailbox

import (
	"context"
	"slices"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// stateOf reads a state; ok is false if the message is gone.
func (w *work) stateOf(b *workBox, uid mail.UID) (s store.StateRow, ok bool, err error) {
	s, err = w.tx.State(b.row.ID, uid)
	if fault.Is(err, fault.NotFound) {
		return s, false, nil
	}
	return s, err == nil, err
}

// stretch is how many states are read before they are changed.
const stretch = 1024

// states calls fn once for each of uids, ascending, with its state, or nil if
// the message is gone. fn may change that message.
func (w *work) states(ctx context.Context, b *workBox, uids []mail.UID, fn func(mail.UID, *store.StateRow) error) error {
	if !ascending(uids) {
		uids = slices.Clone(uids)
		slices.Sort(uids)
		uids = slices.Compact(uids)
	}
	var rows []store.StateRow
	for len(uids) > 0 {
		if ctx.Err() != nil {
			return canceled(ctx, "mailbox.states")
		}
		some := uids[:min(len(uids), stretch)]
		uids = uids[len(some):]
		var err error
		if rows, err = w.readStates(b, some, rows[:0]); err != nil {
			return err
		}
		rest := rows
		for _, uid := range some {
			var s *store.StateRow
			for len(rest) > 0 && rest[0].UID < uid {
				rest = rest[1:]
			}
			if len(rest) > 0 && rest[0].UID == uid {
				s = &rest[0]
			}
			if err := fn(uid, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// ascending tells whether no UID comes twice and all are in order.
func ascending(uids []mail.UID) bool {
	for i := 1; i < len(uids); i++ {
		if uids[i] <= uids[i-1] {
			return false
		}
	}
	return true
}

// readStates reads those of uids that are there: in one pass if most of a
// stretch is wanted, else each by itself.
func (w *work) readStates(b *workBox, uids []mail.UID, rows []store.StateRow) ([]store.StateRow, error) {
	first, last := uids[0], uids[len(uids)-1]
	if len(uids) > 4 && last > first && uint64(last-first) < 4*uint64(len(uids)) {
		err := w.tx.States(b.row.ID, first, last, func(s store.StateRow) error {
			rows = append(rows, s)
			return nil
		})
		return rows, err
	}
	for _, uid := range uids {
		s, ok, err := w.stateOf(b, uid)
		if err != nil {
			return nil, err
		}
		if ok {
			rows = append(rows, s)
		}
	}
	return rows, nil
}
