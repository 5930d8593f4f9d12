package mailbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// work is one changing transaction on one account. All changes to messages go
// through it, so that counters, UIDs, MODSEQs and the change log are kept in
// one place. It is made anew each time the store runs the transaction.
type work struct {
	tx       store.MailTx
	now      time.Time
	modseq   mail.ModSeq
	counters store.Counters
	changed  bool // counters
	boxes    []*workBox
	items    []store.ChangeItem // of mailboxes and subscriptions
	garbage  bool               // blobs were let go
	free     bool               // quota does not matter: nothing is added on the whole
}

// workBox is a mailbox in a work.
type workBox struct {
	row     store.MailboxRow
	changed bool
	added   []store.StateRow
	updated []store.StateRow
	removed []mail.UID
}

// update runs fn as one transaction. It may run it again.
func (a *account) update(ctx context.Context, op string, fn func(*work) error) error {
	return a.transact(ctx, op, a.e.opts.Store.Update, fn)
}

// shrink is update for what frees room.
func (a *account) shrink(ctx context.Context, op string, fn func(*work) error) error {
	return a.transact(ctx, op, a.e.opts.Store.Delete, fn)
}

// transaction is Update or Delete of a store.
type transaction func(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error

func (a *account) transact(ctx context.Context, op string, run transaction, fn func(*work) error) error {
	var w *work
	err := run(ctx, func(tx store.Tx) error {
		var err error
		if w, err = newWork(tx.Mail(a.id), a.e.now()); err != nil {
			return err
		}
		if err = fn(w); err != nil {
			return err
		}
		return w.finish()
	}, a.part())
	if err != nil {
		return fault.In(op, err)
	}
	a.learn(w)
	if w.garbage {
		a.e.pending.litter(a.id)
	}
	return nil
}

func newWork(tx store.MailTx, now time.Time) (*work, error) {
	w := &work{tx: tx, now: now}
	var err error
	if w.counters, err = tx.Counters(); err != nil {
		return nil, err
	}
	w.modseq, err = tx.ModSeq()
	return w, err
}

// box gives a mailbox by id.
func (w *work) box(id mail.MailboxID) (*workBox, error) {
	for _, b := range w.boxes {
		if b.row.ID == id {
			return b, nil
		}
	}
	row, err := w.tx.Mailbox(id)
	if err != nil {
		return nil, err
	}
	b := &workBox{row: row}
	w.boxes = append(w.boxes, b)
	return b, nil
}

// boxNamed gives a mailbox by its clean name.
func (w *work) boxNamed(name string) (*workBox, error) {
	row, err := w.tx.MailboxByName(name)
	if err != nil {
		return nil, err
	}
	return w.box(row.ID)
}

// add puts a message behind the others of b and gives its UID. UID, MODSEQ and
// SAVEDATE of the rows are set here; the email must have been counted.
func (w *work) add(b *workBox, m store.MessageRow, s store.StateRow) (mail.UID, error) {
	uid := max(b.row.UIDNext, 1)
	if uid == maxUID {
		return 0, fault.New(fault.TooLarge, "mailbox.add", "mailbox %q has used up its UIDs", b.row.Name)
	}
	c := &w.counters
	if !w.free {
		if err := roomFor(c, s.Size, 1); err != nil {
			return 0, err
		}
	}
	m.UID, s.UID = uid, uid
	s.ModSeq = w.modseq
	s.Saved = w.now.UTC().Truncate(time.Second)
	b.row.UIDNext = uid + 1
	b.count(&s, 1)
	c.Messages++
	c.Bytes += s.Size
	w.changed = true
	b.added = append(b.added, s)
	if err := w.tx.PutMessage(b.row.ID, m); err != nil {
		return 0, err
	}
	return uid, w.tx.PutState(b.row.ID, s)
}

// roomFor tells whether so many octets and messages may be added.
func roomFor(c *store.Counters, size, messages int64) error {
	switch {
	case c.QuotaBytes > 0 && c.Bytes+size > c.QuotaBytes:
		return fault.New(fault.OverQuota, "mailbox.quota", "%d octets do not fit: %d of %d are used", size, c.Bytes, c.QuotaBytes)
	case c.QuotaCount > 0 && c.Messages+messages > c.QuotaCount:
		return fault.New(fault.OverQuota, "mailbox.quota", "%d messages of %d are there", c.Messages, c.QuotaCount)
	}
	return nil
}

// reflag stores other flags for a message.
func (w *work) reflag(b *workBox, s store.StateRow, f mail.Flags) error {
	b.count(&s, -1)
	s.Flags, s.ModSeq = f, w.modseq
	b.count(&s, 1)
	b.updated = append(b.updated, s)
	return w.tx.PutState(b.row.ID, s)
}

// remove removes a message from b; its email keeps its reference, see unref.
func (w *work) remove(b *workBox, s *store.StateRow) error {
	b.count(s, -1)
	w.counters.Messages--
	w.counters.Bytes -= s.Size
	w.changed = true
	b.removed = append(b.removed, s.UID)
	return w.tx.DeleteMessage(b.row.ID, s.UID)
}

// count adds n times what s counts for.
func (b *workBox) count(s *store.StateRow, n int64) {
	b.changed = true
	b.row.Messages += n
	b.row.Bytes += n * s.Size
	if s.Flags.System&mail.FlagSeen == 0 {
		b.row.Unseen += n
	}
	if s.Flags.System&mail.FlagDeleted != 0 {
		b.row.Deleted += n
		b.row.DeletedBytes += n * s.Size
	}
}

// ref counts more uses of a content.
func (w *work) ref(id mail.EmailID, n uint32) error {
	row, err := w.tx.Email(id)
	if err != nil {
		return err
	}
	row.Refs += n
	return w.tx.PutEmail(row)
}

// unref counts one use of a content less; the last one lets it go.
func (w *work) unref(id mail.EmailID) error {
	row, err := w.tx.Email(id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Damaged) {
		return nil // a broken row must not keep a message from being deleted; Check reports it
	}
	if err != nil {
		return err
	}
	if row.Refs > 1 {
		row.Refs--
		return w.tx.PutEmail(row)
	}
	return w.letGo(&row)
}

// letGo deletes a content; its blob stays for the grace.
func (w *work) letGo(row *store.EmailRow) error {
	if row.Blob != "" {
		w.garbage = true
		if err := w.tx.PutGarbage(row.Blob, w.now); err != nil {
			return err
		}
	}
	return w.tx.DeleteEmail(row.ID)
}

// log notes a change of a mailbox or of the subscriptions.
func (w *work) log(kind store.ChangeKind, box mail.MailboxID) {
	w.items = append(w.items, store.ChangeItem{Mailbox: box, Kind: kind})
}

// finish writes what was counted and logs what happened.
func (w *work) finish() error {
	for _, item := range w.items {
		if err := w.tx.Log(item); err != nil {
			return err
		}
	}
	for _, b := range w.boxes {
		if b.changed {
			b.row.HighestModSeq = w.modseq
			if err := w.tx.PutMailbox(b.row); err != nil {
				return err
			}
		}
		if err := w.logMessages(b); err != nil {
			return err
		}
	}
	if !w.changed {
		return nil
	}
	return w.tx.PutCounters(w.counters)
}

func (w *work) logMessages(b *workBox) error {
	if len(b.removed) > 0 {
		slices.Sort(b.removed)
		item := store.ChangeItem{Mailbox: b.row.ID, Kind: store.MessagesRemoved, UIDs: rangesOf(b.removed)}
		if err := w.tx.Log(item); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		kind   store.ChangeKind
		states []store.StateRow
	}{{store.MessagesUpdated, b.updated}, {store.MessagesAdded, b.added}} {
		if len(part.states) == 0 {
			continue
		}
		slices.SortFunc(part.states, func(a, b store.StateRow) int { return cmp.Compare(a.UID, b.UID) })
		uids := make([]mail.UID, len(part.states))
		for i := range part.states {
			uids[i] = part.states[i].UID
		}
		item := store.ChangeItem{Mailbox: b.row.ID, Kind: part.kind, UIDs: rangesOf(uids), States: part.states}
		if err := w.tx.Log(item); err != nil {
			return err
		}
	}
	return nil
}

// rangesOf merges ascending UIDs.
func rangesOf(uids []mail.UID) []UIDRange {
	var out []UIDRange
	for _, u := range uids {
		if k := len(out); k > 0 && out[k-1].Last+1 >= u {
			out[k-1].Last = u
			continue
		}
		out = append(out, UIDRange{First: u, Last: u})
	}
	return out
}

// mergeRanges sorts ranges and merges those that touch.
func mergeRanges(in []UIDRange) []UIDRange {
	slices.SortFunc(in, func(a, b UIDRange) int { return cmp.Compare(a.First, b.First) })
	var out []UIDRange
	for _, r := range in {
		if k := len(out); k > 0 && uint64(out[k-1].Last)+1 >= uint64(r.First) {
			out[k-1].Last = max(out[k-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}
