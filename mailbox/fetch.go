package mailbox

import (
	"cmp"
	"context"
	"slices"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
	"postern/wire/mime"
)

const (
	fetchRows  = 256     // messages read in one store snapshot
	fetchBytes = 1 << 20 // and octets of bodies, but for the last one
)

// Fetch reads messages, uids ascending, and calls fn for each with no lock or
// store snapshot held, so that fn may wait for a client. Messages that are
// gone are skipped; fn's first error ends it. A message that is damaged comes
// with Message.Damaged, and the others follow.
func (v *View) Fetch(ctx context.Context, uids []mail.UID, want Want, fn func(*Message) error) error {
	const op = "mailbox.Fetch"
	if err := v.s.allow(op, grant.Read); err != nil {
		return err
	}
	f := fetcher{v: v, want: want}
	for len(uids) > 0 {
		n := f.batch(uids)
		if err := f.read(ctx, uids[:n]); err != nil {
			return fault.In(op, err)
		}
		uids = uids[n:]
		for i := range f.messages {
			m := &f.messages[i]
			if err := f.digest(ctx, m, &f.spans[i]); err != nil {
				return fault.In(op, err)
			}
			if err := fn(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetcher reads batches; what it read is used again for the next one.
type fetcher struct {
	v        *View
	want     Want
	messages []Message
	spans    []spans
	inline   []int // messages whose body is to be read from the store
	arena    []byte
}

// spans say where a message's bytes are in the arena.
type spans struct{ summary, body span }

type span struct{ start, end int }

func (f *fetcher) keep(b []byte) span {
	start := len(f.arena)
	f.arena = append(f.arena, b...)
	return span{start, len(f.arena)}
}

func (f *fetcher) bytes(s span) []byte { return f.arena[s.start:s.end:s.end] }

// batch is how many of uids are read at once.
func (f *fetcher) batch(uids []mail.UID) int {
	n := min(len(uids), fetchRows)
	if f.want&WantBody == 0 {
		return n
	}
	inline := f.v.s.acct.e.opts.InlineMax
	var total int64
	for i, uid := range uids[:n] {
		size := inline
		if seq, ok := f.v.snap.Find(uid); ok {
			size = int64(f.v.snap.Row(seq).Size)
		}
		if size <= inline {
			total += size
		}
		if total > fetchBytes {
			return i + 1
		}
	}
	return n
}

func (f *fetcher) read(ctx context.Context, uids []mail.UID) error {
	return f.v.s.acct.view(ctx, func(r store.MailReader) error {
		f.messages, f.spans, f.inline, f.arena = f.messages[:0], f.spans[:0], f.inline[:0], f.arena[:0]
		if err := f.rows(r, uids); err != nil {
			return err
		}
		return f.bodies(r)
	})
}

// rows reads the messages' rows.
func (f *fetcher) rows(r store.MailReader, rest []mail.UID) error {
	box := f.v.x.box
	first, last := rest[0], rest[len(rest)-1]
	if len(rest) > 1 && uint64(last-first) < 4*uint64(len(rest)) {
		err := r.Messages(box, first, last, func(m store.MessageRow) error {
			for len(rest) > 0 && rest[0] < m.UID {
				rest = rest[1:]
			}
			if len(rest) == 0 || rest[0] != m.UID {
				return nil
			}
			rest = rest[1:]
			return f.take(r, m)
		})
		if !fault.Is(err, fault.Damaged) {
			return err
		}
	}
	for _, uid := range rest {
		m, err := r.Message(box, uid)
		switch {
		case fault.Is(err, fault.NotFound):
		case fault.Is(err, fault.Damaged):
			f.messages = append(f.messages, Message{UID: uid, acct: f.v.s.acct, Damaged: err})
			f.spans = append(f.spans, spans{})
		case err != nil:
			return err
		default:
			if err := f.take(r, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// take keeps a message while the store snapshot is open.
func (f *fetcher) take(r store.MailReader, row store.MessageRow) error {
	m := Message{UID: row.UID, Email: row.Email, Thread: row.Thread, acct: f.v.s.acct}
	var at spans
	if f.want&WantSummary != 0 {
		at.summary = f.keep(row.Summary)
	}
	if f.want&WantBody != 0 {
		var s summary
		if parseSummary(row.Summary, &s) == nil {
			m.opened, m.ref = true, blob.Ref(s.blob)
			m.summary.size = s.size
			if m.ref == "" {
				f.inline = append(f.inline, len(f.messages))
			}
		} else {
			body, ref, err := whereabouts(r, row.Email)
			if err := m.spoil(err); err != nil {
				return err
			}
			m.opened, m.ref, at.body = err == nil, ref, f.keep(body)
		}
	}
	f.messages, f.spans = append(f.messages, m), append(f.spans, at)
	return nil
}

// spoil marks a message whose bytes cannot be read; other errors come back.
func (m *Message) spoil(err error) error {
	if fault.Is(err, fault.Damaged) || fault.Is(err, fault.Expunged) {
		m.opened = false
		m.Damaged = fault.New(fault.Damaged, "mailbox.Fetch", "UID %d: %w", m.UID, err)
		return nil
	}
	return err
}

// bodies reads the inline bodies: one after the other in the order of the
// store if most of a stretch is wanted, else each by itself.
func (f *fetcher) bodies(r store.MailReader) error {
	if len(f.inline) == 0 {
		return nil
	}
	slices.SortFunc(f.inline, func(a, b int) int { return cmp.Compare(f.messages[a].Email, f.messages[b].Email) })
	rest := f.inline
	first, last := f.messages[rest[0]].Email, f.messages[rest[len(rest)-1]].Email
	if len(rest) > 1 && uint64(last-first) < 2*uint64(len(rest)) {
		err := r.Bodies(first, last, func(id mail.EmailID, body []byte) error {
			var err error
			rest, err = f.meet(r, rest, id, body)
			return err
		})
		if err != nil && !fault.Is(err, fault.Damaged) {
			return err
		}
	}
	for _, i := range rest {
		if err := f.body(r, i); err != nil {
			return err
		}
	}
	return nil
}

// meet gives a body to the messages that wait for it; those before it wait in
// vain. What still waits comes back.
func (f *fetcher) meet(r store.MailReader, rest []int, id mail.EmailID, body []byte) ([]int, error) {
	for ; len(rest) > 0 && f.messages[rest[0]].Email < id; rest = rest[1:] {
		if err := f.body(r, rest[0]); err != nil {
			return rest, err
		}
	}
	if len(rest) == 0 || f.messages[rest[0]].Email != id {
		return rest, nil
	}
	at := f.keep(body)
	for ; len(rest) > 0 && f.messages[rest[0]].Email == id; rest = rest[1:] {
		if err := f.settle(rest[0], at); err != nil {
			return rest, err
		}
	}
	return rest, nil
}

// body reads one message's body.
func (f *fetcher) body(r store.MailReader, i int) error {
	m := &f.messages[i]
	b, err := r.Body(m.Email)
	if err != nil {
		return m.spoil(gone("mailbox.Fetch", m.Email, err))
	}
	return f.settle(i, f.keep(b))
}

// settle gives a message its body, if it is whole.
func (f *fetcher) settle(i int, at span) error {
	m := &f.messages[i]
	if n := int64(at.end - at.start); n != m.summary.size {
		return m.spoil(fault.New(fault.Damaged, "mailbox.Fetch", "message %s has %d octets in the store, not %d", m.Email, n, m.summary.size))
	}
	f.spans[i].body = at
	return nil
}

// digest fills the message from the arena. A summary that cannot be read, or
// is of another version, is made anew from the message.
func (f *fetcher) digest(ctx context.Context, m *Message, at *spans) error {
	m.content = f.bytes(at.body)
	if f.want&WantSummary == 0 || m.Email == 0 {
		return nil
	}
	err := parseSummary(f.bytes(at.summary), &m.summary)
	if err != nil {
		err = m.resummarize(ctx)
		if fault.Is(err, fault.Canceled) || fault.Is(err, fault.Closed) {
			return err
		}
	}
	if err != nil {
		m.Damaged = fault.New(fault.Damaged, "mailbox.Fetch", "UID %d: %w", m.UID, err)
		return nil
	}
	s := &m.summary
	m.Envelope, m.BodyStructure = s.envelope, s.structure
	m.Preview, m.MessageID = string(s.preview), string(s.messageID)
	return nil
}

// resummarize makes the summary from the message's bytes.
func (m *Message) resummarize(ctx context.Context) error {
	b, err := m.parse(ctx)
	if err != nil {
		return err
	}
	return parseSummary(appendSummary(nil, b, m.ref), &m.summary)
}

// parse reads the whole message.
func (m *Message) parse(ctx context.Context) (*mime.Message, error) {
	r, err := m.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	scan := mime.NewScanner(mime.Limits{})
	if err := copyAll(ctx, scan, r); err != nil {
		return nil, err
	}
	return scan.Close()
}
