package mailbox

import (
	"context"
	"io"
	"time"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// maxInlineTotal bounds the octets of one delivery that wait in memory; what
// comes after it goes to the blob store, however small.
const maxInlineTotal = 4 << 20

// maxSummaries bounds the summaries of one delivery.
const maxSummaries = 64 << 20

// Append is the delivery of one or more messages into one mailbox, all or
// nothing. One goroutine uses it. It must end with Commit or Abort.
type Append struct {
	s    *Session
	name string
	box  mail.MailboxID

	counters  store.Counters // as they were at the start
	all       []*incoming
	bytes     int64 // announced
	inline    int64 // of them in memory
	summaries int64
	ended     bool
}

// AppendMessage is what is known of a message before its bytes.
type AppendMessage struct {
	Flags    mail.Flags
	Received time.Time // INTERNALDATE; zero is now
	Size     int64     // exact octets, not 0
}

// AppendResult is what Commit made.
type AppendResult struct {
	Mailbox     mail.MailboxID
	UIDValidity mail.UIDValidity
	UIDs        []mail.UID // in the order of Next; ascending
	Emails      []mail.EmailID
	ModSeq      mail.ModSeq
}

// BeginAppend starts a delivery. size is that of the first message, or 0 if it
// is not known yet. It refuses before any byte is taken: NotFound, Denied,
// OverQuota, TooLarge, Full, ReadOnly.
func (s *Session) BeginAppend(ctx context.Context, name string, size int64) (*Append, error) {
	const op = "mailbox.Append"
	name, err := s.clean(op, grant.Insert, name)
	if err != nil {
		return nil, err
	}
	if err := s.acct.e.healthy(); err != nil {
		return nil, fault.In(op, err)
	}
	a := &Append{s: s, name: name}
	var fresh bool
	a.box, a.counters, fresh, err = s.acct.lookup(ctx, name)
	if err == nil {
		err = a.fits(size)
		if err != nil && !fresh {
			// Before refusing, be sure.
			if a.box, a.counters, err = s.acct.ask(ctx, name); err == nil {
				err = a.fits(size)
			}
		}
	}
	if err != nil {
		return nil, fault.In(op, err)
	}
	return a, nil
}

// healthy is nil while both stores take new mail. A message that needs only one
// of them is refused too: which ones come in must not hang on their size, and
// what the metrics say of the stores is then true.
func (e *Engine) healthy() error {
	if err := e.opts.Store.Health(); err != nil {
		return err
	}
	return e.opts.Blobs.Health()
}

// fits checks whether one more message of that size would do.
func (a *Append) fits(size int64) error {
	limit := a.s.acct.e.opts.Limits.MessageBytes
	switch {
	case size < 0:
		return fault.New(fault.Invalid, "mailbox.Append", "a message cannot have %d octets", size)
	case size > limit:
		return fault.New(fault.TooLarge, "mailbox.Append", "the message has %d octets, at most %d are allowed", size, limit)
	case a.summaries > maxSummaries:
		return fault.New(fault.TooLarge, "mailbox.Append", "these are too many messages for one delivery")
	}
	return roomFor(&a.counters, a.bytes+size, int64(len(a.all))+1)
}

// Next begins the next message and gives the writer for its bytes: exactly
// Size of them, before the next call of Next or Commit. Quota and limits are
// checked with all messages so far. After an error only Abort is left.
func (a *Append) Next(ctx context.Context, m AppendMessage) (io.Writer, error) {
	const op = "mailbox.Append"
	if a.ended {
		return nil, fault.New(fault.Closed, op, "the delivery has ended")
	}
	if err := a.finish(ctx); err != nil {
		return nil, err
	}
	if err := a.s.allow(op, grant.Insert); err != nil {
		return nil, err
	}
	if m.Size == 0 {
		return nil, fault.New(fault.Invalid, op, "the message is empty")
	}
	if err := a.fits(m.Size); err != nil {
		return nil, fault.In(op, err)
	}
	e := a.s.acct.e
	if err := e.opts.Limits.checkFlags(m.Flags); err != nil {
		return nil, fault.In(op, err)
	}
	if err := a.s.acct.admit(a.box, m.Flags); err != nil {
		return nil, fault.In(op, err)
	}
	if m.Received.IsZero() {
		m.Received = e.now()
	}
	in := &incoming{e: e, m: m}
	if m.Size <= e.opts.InlineMax && a.inline+m.Size <= maxInlineTotal {
		in.buf = e.buffer(m.Size)
		a.inline += m.Size
	} else if err := in.stream(ctx); err != nil {
		return nil, fault.In(op, err)
	}
	a.bytes += m.Size
	a.all = append(a.all, in)
	return in, nil
}

// admit checks keywords against those that an open mailbox has.
func (a *account) admit(box mail.MailboxID, f mail.Flags) error {
	if len(f.Keywords) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.indexes[box]
	if x == nil || x.table == nil {
		return nil
	}
	return x.table.admit(f, &a.e.opts.Limits)
}

// finish ends the message under way.
func (a *Append) finish(ctx context.Context) error {
	if len(a.all) == 0 {
		return nil
	}
	in := a.all[len(a.all)-1]
	if err := in.finish(ctx); err != nil {
		return fault.In("mailbox.Append", err)
	}
	a.summaries += int64(len(in.summary))
	return nil
}

// Commit stores all messages. When it returns nil they are durable. After an
// error nothing is stored.
func (a *Append) Commit(ctx context.Context) (AppendResult, error) {
	const op = "mailbox.Append"
	if a.ended {
		return AppendResult{}, fault.New(fault.Closed, op, "the delivery has ended")
	}
	if err := a.finish(ctx); err != nil {
		a.Abort()
		return AppendResult{}, err
	}
	if len(a.all) == 0 {
		a.Abort()
		return AppendResult{}, fault.New(fault.Invalid, op, "there is no message to store")
	}
	if err := a.s.allow(op, grant.Insert); err != nil {
		a.Abort()
		return AppendResult{}, err
	}
	var res AppendResult
	tried := false
	err := a.s.acct.update(ctx, op, func(w *work) error {
		tried = false
		var err error
		res, err = a.deliver(w)
		tried = err == nil
		return err
	})
	if err != nil && !tried {
		a.Abort()
		return AppendResult{}, err
	}
	// If it was tried and went wrong, only the disk knows whether rows name the
	// blobs. They are left to the sweep for orphans, which looks.
	a.end()
	if err != nil {
		return AppendResult{}, err
	}
	return res, nil
}

// deliver writes the rows of all messages.
func (a *Append) deliver(w *work) (AppendResult, error) {
	b, err := w.box(a.box)
	if err != nil {
		return AppendResult{}, missing(err, a.name)
	}
	res := AppendResult{
		Mailbox: a.box, UIDValidity: b.row.UIDValidity, ModSeq: w.modseq,
		UIDs: make([]mail.UID, 0, len(a.all)), Emails: make([]mail.EmailID, 0, len(a.all)),
	}
	for _, in := range a.all {
		uid, email, err := w.deliver(b, in)
		if err != nil {
			return AppendResult{}, err
		}
		res.UIDs, res.Emails = append(res.UIDs, uid), append(res.Emails, email)
	}
	return res, nil
}

func (w *work) deliver(b *workBox, in *incoming) (mail.UID, mail.EmailID, error) {
	thread, err := w.thread(in.threads)
	if err != nil {
		return 0, 0, err
	}
	email := max(w.counters.NextEmail, 1)
	w.counters.NextEmail = email + 1
	row := store.EmailRow{ID: email, Refs: 1, Size: in.m.Size, SHA256: in.sha256, Blob: string(in.ref)}
	if err := w.tx.PutEmail(row); err != nil {
		return 0, 0, err
	}
	if in.ref == "" {
		if err := w.tx.PutBody(email, in.buf); err != nil {
			return 0, 0, err
		}
	}
	uid, err := w.add(b,
		store.MessageRow{Email: email, Thread: thread, Summary: in.summary},
		store.StateRow{Flags: in.m.Flags, Size: in.m.Size, Received: in.m.Received})
	return uid, email, err
}

// Abort gives up; after Commit or Abort it does nothing.
func (a *Append) Abort() {
	if a.ended {
		return
	}
	e := a.s.acct.e
	var refs []blob.Ref
	for _, in := range a.all {
		if in.ref != "" {
			refs = append(refs, in.ref)
		}
	}
	a.end()
	if len(refs) > 0 {
		e.background(func(ctx context.Context) {
			if err := e.opts.Blobs.Delete(ctx, refs...); err != nil {
				e.opts.Logger.Warn("blobs of a delivery that was given up stay until the next sweep", "error", err)
			}
		})
	}
}

// end lets go of what the delivery holds.
func (a *Append) end() {
	a.ended = true
	for _, in := range a.all {
		in.release()
	}
}
