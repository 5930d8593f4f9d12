package mailbox

import (
	"container/list"
	"context"
	"errors"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// index is a mailbox in memory, shared by all views of it. It is read from the
// store once and then fed by the change log only.
type index struct {
	acct  *account
	box   mail.MailboxID
	users int           // guarded by the engine's mu
	idle  *list.Element // in the engine's idle list; guarded by the engine's mu

	ready chan struct{} // closed when loading ended
	err   error         // of loading; read it after ready

	// The account's mu guards what follows.
	loading bool
	early   []*store.Change // heard while loading
	reading
	views   map[*View]struct{}
	gone    bool // the mailbox was deleted
	dropped bool
	weight  int64
}

func newIndex(a *account, box mail.MailboxID) *index {
	return &index{acct: a, box: box, ready: make(chan struct{}), loading: true, views: map[*View]struct{}{}}
}

// load reads the index; only its maker calls it.
func (x *index) load(ctx context.Context) {
	got, err := x.read(ctx)
	a := x.acct
	a.mu.Lock()
	defer a.mu.Unlock()
	defer close(x.ready)
	if err != nil {
		x.err = err
		if a.indexes[x.box] == x {
			delete(a.indexes, x.box)
		}
		return
	}
	x.settle(got)
}

// reading is a mailbox as it was read from the store in one snapshot.
type reading struct {
	snap  *Snapshot
	table *flagTable
	pos   mail.ModSeq // position in the change log

	validity mail.UIDValidity
}

// settle takes over what was read and then what was heard meanwhile.
func (x *index) settle(got reading) {
	x.reading = got
	early := x.early
	x.loading, x.early = false, nil
	for _, c := range early {
		x.hear(c)
	}
	x.weigh()
}

// read reads the mailbox from the store in one snapshot.
func (x *index) read(ctx context.Context) (reading, error) {
	var got reading
	err := x.acct.view(ctx, func(r store.MailReader) error {
		counters, err := r.Counters()
		if err != nil {
			return err
		}
		row, err := r.Mailbox(x.box)
		if err != nil {
			return err
		}
		got = reading{table: newFlagTable(), pos: counters.ModSeq, validity: row.UIDValidity}
		rows := make([]Row, 0, max(row.Messages, 0))
		err = x.states(r, row.UIDNext, func(s store.StateRow) error {
			if len(rows)%1024 == 0 && ctx.Err() != nil {
				return canceled(ctx, "mailbox.Select")
			}
			rows = append(rows, toRow(s, got.table))
			return nil
		})
		if err != nil {
			return err
		}
		got.snap = &Snapshot{uidNext: max(row.UIDNext, 1), highest: max(row.HighestModSeq, row.Created, 1)}
		got.snap.add(rows)
		got.snap.count()
		got.snap.use(got.table)
		return nil
	})
	return got, err
}

// states lists a mailbox's states. What is damaged is left out and logged, so
// that the rest can be read.
func (x *index) states(r store.MailReader, next mail.UID, fn func(store.StateRow) error) error {
	from := mail.UID(1)
	for {
		last := from - 1
		err := r.States(x.box, from, maxUID, func(s store.StateRow) error {
			last = s.UID
			return fn(s)
		})
		if !fault.Is(err, fault.Damaged) {
			return err
		}
		from = behindDamage(r, x.box, last+1, next)
		x.acct.e.opts.Logger.Error("a part of a mailbox is damaged and left out",
			"account", x.acct.id.String(), "mailbox", x.box.String(),
			"first_uid", uint32(last+1), "before_uid", uint32(from), "error", err)
		if from >= next {
			return nil
		}
	}
}

// behindDamage is the first UID above bad, which cannot be read, from where
// reading works again, or next.
func behindDamage(r store.MailReader, box mail.MailboxID, bad, next mail.UID) mail.UID {
	enough := fault.New(fault.Limit, "mailbox.Select", "one is enough")
	works := func(from mail.UID) bool {
		err := r.States(box, from, maxUID, func(store.StateRow) error { return enough })
		return err == nil || errors.Is(err, enough)
	}
	good := bad
	for step := mail.UID(1); ; step *= 2 {
		if uint64(good)+uint64(step) >= uint64(next) {
			good = next
			break
		}
		if good += step; works(good) {
			break
		}
		bad = good
	}
	for bad+1 < good {
		if mid := bad + (good-bad)/2; works(mid) {
			good = mid
		} else {
			bad = mid
		}
	}
	return good
}

const maxUID = mail.UID(1<<32 - 1)

func toRow(s store.StateRow, t *flagTable) Row {
	_, offset := s.Received.Zone()
	return Row{
		UID: s.UID, Set: t.intern(s.Flags), ModSeq: s.ModSeq,
		Received: s.Received.Unix(), Zone: int16(offset / 60),
		Saved: s.Saved.Unix(), Size: uint32(min(s.Size, 1<<32-1)),
	}
}

// InternalDate is INTERNALDATE in the zone in which it was given.
func (r Row) InternalDate() time.Time {
	if r.Zone == 0 {
		return time.Unix(r.Received, 0).UTC()
	}
	return time.Unix(r.Received, 0).In(time.FixedZone("", int(r.Zone)*60))
}

// use makes the snapshot show the table as it is now.
func (s *Snapshot) use(t *flagTable) {
	s.table = t
	s.sets = t.sets[:len(t.sets):len(t.sets)]
	s.keywords = t.keywords[:len(t.keywords):len(t.keywords)]
}

// hear applies one change. The account's mu is held.
func (x *index) hear(c *store.Change) {
	switch {
	case x.loading:
		x.early = append(x.early, c)
		return
	case x.gone || c.ModSeq <= x.pos:
		return
	case c.ModSeq != x.pos+1:
		// A change between reading and subscribing: read again.
		x.reload()
		x.early = append(x.early, c)
		return
	}
	x.pos = c.ModSeq
	touched := false
	for i := range c.Items {
		if c.Items[i].Mailbox == x.box {
			x.apply(c.ModSeq, &c.Items[i])
			touched = true
		}
	}
	if touched {
		x.compact()
		x.weigh()
		x.wake()
	}
}

func (x *index) apply(at mail.ModSeq, item *store.ChangeItem) {
	var removed []UIDRange
	var put []Row
	grow := false
	switch item.Kind {
	case store.MessagesAdded, store.MessagesUpdated:
		grow = item.Kind == store.MessagesAdded
		put = make([]Row, len(item.States))
		for i := range item.States {
			put[i] = toRow(item.States[i], x.table)
		}
	case store.MessagesRemoved:
		removed = item.UIDs
	case store.MailboxDeleted:
		x.end()
		return
	case store.MailboxCreated, store.MailboxUpdated, store.SubscriptionsChanged:
		return
	}
	next := x.snap.edit(removed, put, grow)
	next.highest = max(next.highest, at)
	if k := len(put); k > 0 {
		next.uidNext = max(next.uidNext, put[k-1].UID+1)
	}
	next.use(x.table)
	x.snap = next
}

// compact makes the flag table anew once most of its sets are history.
func (x *index) compact() {
	if len(x.table.sets) < 1024 || len(x.table.sets) < 2*x.snap.Len() {
		return
	}
	table := newFlagTable()
	rows := make([]Row, 0, x.snap.Len())
	for _, r := range x.snap.Rows(1, x.snap.n) {
		r.Set = table.intern(x.snap.FlagSet(r.Set).Flags)
		rows = append(rows, r)
	}
	next := &Snapshot{uidNext: x.snap.uidNext, highest: x.snap.highest}
	next.add(rows)
	next.count()
	next.use(table)
	x.snap, x.table = next, table
}

// reload reads the mailbox again in the background; changes wait meanwhile.
func (x *index) reload() {
	x.loading = true
	x.acct.e.background(func(ctx context.Context) {
		got, err := x.read(ctx)
		x.acct.mu.Lock()
		defer x.acct.mu.Unlock()
		if err != nil {
			x.acct.e.opts.Logger.Error("a mailbox cannot be read again; its views end",
				"account", x.acct.id.String(), "mailbox", x.box.String(), "error", err)
			x.loading, x.early = false, nil
			x.end()
		} else {
			x.settle(got)
		}
		x.wake()
	})
}

// end tells the views that there is nothing more to come.
func (x *index) end() {
	x.gone = true
	if x.acct.indexes[x.box] == x {
		delete(x.acct.indexes, x.box)
	}
}

func (x *index) wake() {
	for v := range x.views {
		select {
		case v.changed <- struct{}{}:
		default:
		}
		if v.notify != nil {
			v.notify()
		}
	}
}

func (x *index) weigh() {
	if x.dropped {
		return
	}
	w := x.snap.bytes() + x.table.bytes + 512
	x.acct.e.bytes.Add(w - x.weight)
	x.weight = w
}

// useless tells whether keeping the index has no sense.
func (x *index) useless() bool {
	x.acct.mu.Lock()
	defer x.acct.mu.Unlock()
	return x.gone || x.snap == nil || x.dropped
}
