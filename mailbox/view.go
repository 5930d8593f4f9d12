package mailbox

import (
	"context"
	"slices"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// View is a session's view of one mailbox. One goroutine uses it, except for
// Changed. It must be closed.
type View struct {
	s        *Session
	x        *index
	readOnly bool
	info     Info
	snap     *Snapshot
	changed  chan struct{}
	notify   func() // guarded by the account's mu
}

// Update is what Sync changed, in the order in which a client is told: first
// what went, then what came, then flags.
type Update struct {
	Expunged    []uint32   // sequence numbers of the old snapshot, from the highest down: each is right when it is sent
	Vanished    []UIDRange // the same messages as UIDs, ascending
	Exists      bool       // there are new messages
	Flags       []uint32   // sequence numbers in the new snapshot of old messages whose flags changed, ascending
	NewKeywords bool       // Snapshot.Keywords has more than before
	Gone        bool       // the mailbox was deleted: the session must end its selection
}

// Empty tells whether there is nothing to tell.
func (u Update) Empty() bool {
	return len(u.Vanished) == 0 && !u.Exists && len(u.Flags) == 0 && !u.NewKeywords && !u.Gone
}

// Select opens a mailbox; NotFound if there is none. A view that is not
// readOnly may still lack rights. Info.Subscribed and HasChildren are not
// known here.
func (s *Session) Select(ctx context.Context, name string, readOnly bool) (*View, error) {
	const op = "mailbox.Select"
	name, err := s.clean(op, grant.Read, name)
	if err != nil {
		return nil, err
	}
	var row store.MailboxRow
	err = s.acct.view(ctx, func(r store.MailReader) error {
		var err error
		row, err = r.MailboxByName(name)
		return err
	})
	if err != nil {
		return nil, fault.In(op, missing(err, name))
	}
	x, err := s.acct.acquire(ctx, row.ID)
	if err != nil {
		return nil, fault.In(op, missing(err, name))
	}
	v := &View{s: s, x: x, readOnly: readOnly, info: infoOf(&row), changed: make(chan struct{}, 1)}
	if err := v.attach(op); err != nil {
		s.acct.release(x)
		return nil, err
	}
	return v, nil
}

// attach makes the session and the index know the view.
func (v *View) attach(op string) error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if v.s.closed {
		return fault.New(fault.Closed, op, "the session is closed")
	}
	v.s.views[v] = struct{}{}
	v.s.acct.mu.Lock()
	defer v.s.acct.mu.Unlock()
	v.x.views[v] = struct{}{}
	v.snap = v.x.snap
	v.info.UIDValidity = v.x.validity // with its UIDs; info may be older, see RenewUIDs
	if v.x.gone {
		v.changed <- struct{}{}
	}
	return nil
}

// Close ends the view. It may be called again.
func (v *View) Close() {
	v.s.mu.Lock()
	delete(v.s.views, v)
	v.s.mu.Unlock()
	v.detach()
}

func (v *View) detach() {
	a := v.s.acct
	a.mu.Lock()
	_, attached := v.x.views[v]
	delete(v.x.views, v)
	a.mu.Unlock()
	if attached {
		a.release(v.x)
	}
}

// Info is the mailbox as it was selected, with UIDNext, HighestModSeq and
// Messages of the current snapshot.
func (v *View) Info() Info {
	i := v.info
	i.UIDNext, i.HighestModSeq, i.Messages = v.snap.uidNext, v.snap.highest, int64(v.snap.n)
	return i
}

// ReadOnly tells whether the view was opened so.
func (v *View) ReadOnly() bool { return v.readOnly }

// Snapshot is what the holder has been told. It changes in Sync only.
func (v *View) Snapshot() *Snapshot { return v.snap }

// Changed receives when Sync may have something to tell. Its capacity is 1.
func (v *View) Changed() <-chan struct{} { return v.changed }

// Notify has fn called whenever Changed receives, for a holder that waits for
// something else, such as its client; nil ends that. fn runs on the goroutine
// that made the change, with the account locked: it must neither block nor call
// the engine.
func (v *View) Notify(fn func()) {
	a := v.s.acct
	a.mu.Lock()
	defer a.mu.Unlock()
	v.notify = fn
}

// Sync moves the snapshot to now and tells what changed. Without expunge the
// removed messages stay in the snapshot, to be told by a later Sync(true)
// (RFC 9051 §7.5.1). A closed view stays as it is.
func (v *View) Sync(expunge bool) Update {
	select {
	case <-v.changed:
	default:
	}
	a := v.s.acct
	a.mu.Lock()
	now, gone := v.x.snap, v.x.gone
	_, attached := v.x.views[v]
	a.mu.Unlock()
	if !attached {
		return Update{}
	}
	u := Update{Gone: gone}
	if now == v.snap {
		return u
	}
	d := diff(v.snap, now)
	u.Exists = len(d.added) > 0
	switch {
	case len(d.removed) == 0:
		u.Flags = d.changed
	case expunge:
		u.Flags = d.changed
		u.Expunged = make([]uint32, len(d.removed))
		uids := make([]mail.UID, len(d.removed))
		for i, seq := range d.removed {
			u.Expunged[len(d.removed)-1-i] = seq
			uids[i] = d.gone[i].UID
		}
		u.Vanished = rangesOf(uids)
	default:
		kept := v.keep(now, d.gone)
		u.Flags = make([]uint32, len(d.changed))
		for i, seq := range d.changed {
			u.Flags[i], _ = kept.Find(now.Row(seq).UID)
		}
		now = kept
	}
	u.NewKeywords = now.knowsMore(v.snap)
	v.snap = now
	return u
}

// knowsMore tells whether the mailbox has keywords that it had not in old.
func (s *Snapshot) knowsMore(old *Snapshot) bool {
	if s.table == old.table {
		return len(s.keywords) > len(old.keywords)
	}
	return slices.ContainsFunc(s.keywords, func(k string) bool { return !slices.Contains(old.keywords, k) })
}

// keep puts messages that were removed back, for the eyes of this view only.
func (v *View) keep(now *Snapshot, gone []Row) *Snapshot {
	if now.table == v.snap.table {
		kept := now.edit(nil, gone, false)
		kept.highest = v.snap.highest
		return kept
	}
	a := v.s.acct
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range gone {
		gone[i].Set = now.table.intern(v.snap.FlagSet(gone[i].Set).Flags)
	}
	kept := now.edit(nil, gone, false)
	kept.highest = v.snap.highest
	kept.use(now.table)
	return kept
}

// current is the mailbox as it is now, told or not.
func (v *View) current() *Snapshot {
	a := v.s.acct
	a.mu.Lock()
	defer a.mu.Unlock()
	return v.x.snap
}

// change refuses what may not change the mailbox through this view.
func (v *View) change(op string, rights grant.Rights) error {
	if err := v.s.allow(op, rights); err != nil {
		return err
	}
	if v.readOnly {
		return fault.New(fault.Denied, op, "the mailbox was opened for reading only")
	}
	return nil
}

// Vanished lists the UIDs removed after since, ascending and merged
// (RFC 7162 §3.2.5.2). It never names a UID of the current snapshot.
func (v *View) Vanished(ctx context.Context, since mail.ModSeq) ([]UIDRange, error) {
	const op = "mailbox.Vanished"
	if err := v.s.allow(op, grant.Read); err != nil {
		return nil, err
	}
	var all []UIDRange
	err := v.s.acct.view(ctx, func(r store.MailReader) error {
		return r.Removed(v.x.box, since, func(_ mail.ModSeq, uids []UIDRange) error {
			all = append(all, uids...)
			return nil
		})
	})
	if err != nil {
		return nil, fault.In(op, err)
	}
	return v.snap.without(mergeRanges(all)), nil
}

// without cuts the UIDs of the snapshot's rows out of ranges.
func (s *Snapshot) without(ranges []UIDRange) []UIDRange {
	var out []UIDRange
	for _, r := range ranges {
		first := r.First
		for _, row := range s.Rows(s.Seek(r.First), s.n) {
			if row.UID > r.Last {
				break
			}
			if row.UID > first {
				out = append(out, UIDRange{First: first, Last: row.UID - 1})
			}
			first = row.UID + 1
		}
		if first <= r.Last {
			out = append(out, UIDRange{First: first, Last: r.Last})
		}
	}
	return out
}
