package mailbox

import (
	"context"

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
			if err := f.digest(ctx, m, f.spans[i]); err != nil {
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
	spans    []span
	arena    []byte
}

// span says where a message's bytes are in the arena.
type span struct{ summary, body, end int }

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
		f.messages, f.spans, f.arena = f.messages[:0], f.spans[:0], f.arena[:0]
		box, rest := f.v.x.box, uids
		first, last := uids[0], uids[len(uids)-1]
		if len(uids) > 1 && uint64(last-first) < 4*uint64(len(uids)) {
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
				f.spans = append(f.spans, span{})
			case err != nil:
				return err
			default:
				if err := f.take(r, m); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// take keeps a message while the store snapshot is open.
func (f *fetcher) take(r store.MailReader, row store.MessageRow) error {
	m := Message{UID: row.UID, Email: row.Email, Thread: row.Thread, acct: f.v.s.acct}
	at := span{summary: len(f.arena)}
	if f.want&WantSummary != 0 {
		f.arena = append(f.arena, row.Summary...)
	}
	at.body, at.end = len(f.arena), len(f.arena)
	if f.want&WantBody != 0 {
		body, ref, err := whereabouts(r, row.Email)
		switch {
		case fault.Is(err, fault.Damaged), fault.Is(err, fault.Expunged):
			m.Damaged = fault.New(fault.Damaged, "mailbox.Fetch", "UID %d: %w", row.UID, err)
		case err != nil:
			return err
		}
		f.arena = append(f.arena, body...)
		m.opened, m.ref, at.end = err == nil, ref, len(f.arena)
	}
	f.messages, f.spans = append(f.messages, m), append(f.spans, at)
	return nil
}

// digest fills the message from the arena. A summary that cannot be read, or
// is of another version, is made anew from the message.
func (f *fetcher) digest(ctx context.Context, m *Message, at span) error {
	m.content = f.arena[at.body:at.end:at.end]
	if f.want&WantSummary == 0 || m.Email == 0 {
		return nil
	}
	err := parseSummary(f.arena[at.summary:at.body:at.body], &m.summary)
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
	return parseSummary(appendSummary(nil, b), &m.summary)
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
