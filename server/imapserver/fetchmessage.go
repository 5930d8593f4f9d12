package imapserver

import (
	"context"
	"errors"
	"io"
	"time"

	"postern/fault"
	"postern/mailbox"
	"postern/wire/imapwire"
	"postern/wire/mime"
)

// message answers for one message. A message that is damaged is left out, its
// siblings are not.
func (f *fetching) message(ctx context.Context, seq uint32, row mailbox.Row, m *mailbox.Message) error {
	o := &f.s.out
	if f.want&mailbox.WantBody != 0 && len(o.B) > 0 && len(o.B)+int(row.Size)+rowSpare > cap(o.B) {
		if err := f.breathe(ctx); err != nil {
			return err
		}
	}
	f.begin(seq, row)
	err := m.Damaged
	if err == nil {
		err = f.items(ctx, m)
	}
	switch {
	case err == nil:
		o.End()
	case f.torn || o.err != nil:
		if o.err == nil {
			o.err = errTorn
			f.s.log.Error("a message broke off while it was sent", "uid", m.UID, "error", err)
		}
		return err
	default:
		o.B = o.B[:f.rowStart]
		if f.isMarked(row.UID) {
			f.s.sayFlags(f.snap, seq, row, tellFlags)
		}
		if err := f.excuse(m, err); err != nil {
			return err
		}
	}
	if len(o.B) >= flushAt {
		return f.breathe(ctx)
	}
	return nil
}

// rowSpare is room in the buffer for what goes around a message's bytes.
const rowSpare = 8 << 10

// excuse notes why a message is left out; what is not about this message alone
// ends the FETCH.
func (f *fetching) excuse(m *mailbox.Message, err error) error {
	switch {
	case errors.Is(err, mime.ErrUnknownEncoding):
		f.cte = true
	case fault.Is(err, fault.Damaged):
		f.damaged++
		f.s.log.Error("damaged message", "uid", m.UID, "error", err)
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Expunged):
		f.missing++
	default:
		return err
	}
	return nil
}

// items adds the items that need the store.
func (f *fetching) items(ctx context.Context, m *mailbox.Message) error {
	o, items := &f.s.out, f.c.Items
	if items&imapwire.FetchEnvelope != 0 {
		o.Envelope(m.Envelope)
	}
	if items&imapwire.FetchBody != 0 {
		o.Body(m.Body())
	}
	if items&imapwire.FetchBodyStructure != 0 {
		o.BodyStructure(m.BodyStructure)
	}
	if items&imapwire.FetchEmailID != 0 {
		o.EmailID(m.Email)
	}
	if items&imapwire.FetchThreadID != 0 {
		o.ThreadID(m.Thread)
	}
	if items&(imapwire.FetchPreview|imapwire.FetchPreviewLazy) != 0 {
		o.Preview(m.Preview, true)
	}
	if len(f.c.Sections) == 0 {
		return nil
	}
	return f.sections(ctx, m)
}

// sections adds the sections of one message.
func (f *fetching) sections(ctx context.Context, m *mailbox.Message) (err error) {
	var root *mime.Part
	if f.tree {
		if root, err = m.Tree(); err != nil {
			return err
		}
	}
	r, err := m.Open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for i := range f.c.Sections {
		if err := f.section(&f.c.Sections[i], root, r); err != nil {
			return err
		}
	}
	return nil
}

// section adds one section.
func (f *fetching) section(sec *imapwire.FetchSection, root *mime.Part, r mailbox.Reader) error {
	from, to, found := int64(0), r.Size(), true
	if len(sec.Part) > 0 || sec.Text != imapwire.TextAll {
		from, to, found = root.Range(specifier(sec.Text), sec.Part)
	}
	if !found {
		f.absent(sec)
		return nil
	}
	if to > r.Size() || from > to {
		return fault.New(fault.Damaged, "imapserver.Fetch", "section %d-%d of a message of %d bytes", from, to, r.Size())
	}
	switch {
	case sec.Kind == imapwire.SectionBinary || sec.Kind == imapwire.SectionBinarySize:
		return f.binary(sec, root, r, from, to)
	case sec.Text == imapwire.TextHeaderFields || sec.Text == imapwire.TextHeaderFieldsNot:
		return f.headerFields(sec, r, from, to)
	}
	from, size := partial(sec, from, to-from)
	return f.send(sec, io.NewSectionReader(r, from, size), size)
}

// absent answers for a section that the message does not have. The size of one
// must be a number (RFC 9051 §9, msg-att-static).
func (f *fetching) absent(sec *imapwire.FetchSection) {
	if sec.Kind == imapwire.SectionBinarySize {
		f.s.out.BinarySize(sec, 0)
		return
	}
	f.s.out.SectionNIL(sec)
}

// headerFields adds the chosen fields of a header (RFC 9051 §6.4.5.1).
func (f *fetching) headerFields(sec *imapwire.FetchSection, r mailbox.Reader, from, to int64) error {
	raw := make([]byte, to-from)
	if err := readFull(r, raw, from); err != nil {
		return err
	}
	b := mime.FilterHeader(nil, raw, sec.Fields, sec.Text == imapwire.TextHeaderFieldsNot)
	first, size := partial(sec, 0, int64(len(b)))
	f.s.out.Section(sec, b[first:first+size])
	return nil
}

// partial applies <offset.length> to a section of size bytes at from. What lies
// beyond the end is empty (RFC 9051 §6.4.5).
func partial(sec *imapwire.FetchSection, from, size int64) (start, length int64) {
	if !sec.Partial {
		return from, size
	}
	skip := int64(min(sec.Offset, uint64(size)))
	return from + skip, int64(min(sec.Length, uint64(size-skip)))
}

func specifier(t imapwire.SectionText) mime.Specifier {
	switch t {
	case imapwire.TextHeader, imapwire.TextHeaderFields, imapwire.TextHeaderFieldsNot:
		return mime.SpecHeader
	case imapwire.TextBody:
		return mime.SpecText
	case imapwire.TextMIME:
		return mime.SpecMIME
	case imapwire.TextAll:
	}
	return mime.SpecNone
}

// readFull reads len(b) bytes at off.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fault.New(fault.Damaged, "imapserver.Fetch", "the message ends at %d of %d bytes", off+int64(n), off+int64(len(b)))
	}
	return err
}

// zoneCache makes times without making a location for each.
type zoneCache struct {
	minutes int16
	loc     *time.Location
}

func (z *zoneCache) time(unix int64, minutes int16) time.Time {
	switch {
	case unix == 0 && minutes == 0:
		return time.Time{}
	case minutes == 0:
		return time.Unix(unix, 0).UTC()
	case z.loc == nil || z.minutes != minutes:
		z.minutes, z.loc = minutes, time.FixedZone("", int(minutes)*60)
	}
	return time.Unix(unix, 0).In(z.loc)
}
