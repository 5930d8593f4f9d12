package imapwire

import (
	"strconv"
	"time"

	"postern/mail"
)

// Row builds FETCH responses in B. Begin, any items, End; then the next Begin
// appends to the same B. Between two calls the owner may write B out and set
// it to B[:0]; that is also how a large message leaves: SectionLiteral, flush,
// then the bytes themselves.
type Row struct {
	B    []byte
	Enc  Encoder
	some bool
}

// Begin starts the response for the message with sequence number seq.
func (r *Row) Begin(seq uint32) {
	r.B = append(r.B, '*', ' ')
	r.B = strconv.AppendUint(r.B, uint64(seq), 10)
	r.B = append(r.B, " FETCH ("...)
	r.some = false
}

// BeginUID is Begin and UID in one.
func (r *Row) BeginUID(seq uint32, uid mail.UID) {
	r.B = append(r.B, '*', ' ')
	r.B = strconv.AppendUint(r.B, uint64(seq), 10)
	r.B = append(r.B, " FETCH (UID "...)
	r.B = strconv.AppendUint(r.B, uint64(uid), 10)
	r.some = true
}

// End ends the response.
func (r *Row) End() { r.B = append(r.B, ")\r\n"...) }

// item appends the item's name with its spaces.
func (r *Row) item(name string) {
	if r.some {
		r.B = append(r.B, ' ')
	}
	r.some = true
	r.B = append(r.B, name...)
}

// UID appends UID n.
func (r *Row) UID(uid mail.UID) {
	r.item("UID ")
	r.B = strconv.AppendUint(r.B, uint64(uid), 10)
}

// Flags appends FLAGS (…).
func (r *Row) Flags(f mail.Flags) {
	r.item("FLAGS ")
	r.B = AppendFlagList(r.B, f)
}

// ModSeq appends MODSEQ (n).
func (r *Row) ModSeq(n mail.ModSeq) {
	r.item("MODSEQ (")
	r.B = strconv.AppendUint(r.B, uint64(n), 10)
	r.B = append(r.B, ')')
}

// InternalDate appends INTERNALDATE in t's zone.
func (r *Row) InternalDate(t time.Time) {
	r.item("INTERNALDATE ")
	r.B = AppendDateTime(r.B, t)
}

// Size appends RFC822.SIZE n.
func (r *Row) Size(n int64) {
	r.item("RFC822.SIZE ")
	r.B = strconv.AppendInt(r.B, n, 10)
}

// Envelope appends ENVELOPE with what AppendEnvelope rendered.
func (r *Row) Envelope(rendered []byte) {
	r.item("ENVELOPE ")
	r.B = append(r.B, rendered...)
}

// Body appends BODY with what AppendBodyStructure rendered, not extended.
func (r *Row) Body(rendered []byte) {
	r.item("BODY ")
	r.B = append(r.B, rendered...)
}

// BodyStructure appends BODYSTRUCTURE with what AppendBodyStructure rendered.
func (r *Row) BodyStructure(rendered []byte) {
	r.item("BODYSTRUCTURE ")
	r.B = append(r.B, rendered...)
}

// EmailID appends EMAILID (id).
func (r *Row) EmailID(id mail.EmailID) {
	r.item("EMAILID (e")
	r.B = strconv.AppendUint(r.B, uint64(id), 16)
	r.B = append(r.B, ')')
}

// ThreadID appends THREADID (id), or NIL for 0 (RFC 8474 §5.2).
func (r *Row) ThreadID(id mail.ThreadID) {
	if id == 0 {
		r.item("THREADID NIL")
		return
	}
	r.item("THREADID (t")
	r.B = strconv.AppendUint(r.B, uint64(id), 16)
	r.B = append(r.B, ')')
}

// SaveDate appends SAVEDATE, NIL for the zero time (RFC 8514 §4.3).
func (r *Row) SaveDate(t time.Time) {
	r.item("SAVEDATE ")
	if t.IsZero() {
		r.B = append(r.B, "NIL"...)
		return
	}
	r.B = AppendDateTime(r.B, t)
}

// Preview appends PREVIEW, NIL if there is none yet (RFC 8970 §3.1).
func (r *Row) Preview(s string, ok bool) {
	r.item("PREVIEW ")
	r.B = r.Enc.AppendNString(r.B, s, ok)
}

// Section appends a section with all its bytes, always as a literal.
func (r *Row) Section(s *FetchSection, b []byte) {
	r.SectionLiteral(s, int64(len(b)))
	r.B = append(r.B, b...)
}

// SectionLiteral appends the section's name and the head of a literal; exactly
// size bytes of the section must follow in the stream. BINARY goes as literal8,
// for it may hold NUL (RFC 3516 §4.4).
func (r *Row) SectionLiteral(s *FetchSection, size int64) {
	r.item("")
	r.B = AppendSectionName(r.B, s)
	if s.Kind == SectionBinary {
		r.B = append(r.B, " ~{"...)
	} else {
		r.B = append(r.B, " {"...)
	}
	r.B = strconv.AppendInt(r.B, size, 10)
	r.B = append(r.B, "}\r\n"...)
}

// SectionNIL appends a section that the message does not have.
func (r *Row) SectionNIL(s *FetchSection) {
	r.item("")
	r.B = AppendSectionName(r.B, s)
	r.B = append(r.B, " NIL"...)
}

// BinarySize appends BINARY.SIZE[…] n.
func (r *Row) BinarySize(s *FetchSection, n int64) {
	r.item("")
	r.B = AppendSectionName(r.B, s)
	r.B = append(r.B, ' ')
	r.B = strconv.AppendInt(r.B, n, 10)
}

// AppendFlagList appends the flags as a parenthesised list.
func AppendFlagList(dst []byte, f mail.Flags) []byte {
	dst = append(dst, '(')
	dst = append(dst, systemFlagLists[f.System&31]...)
	some := f.System != 0
	for _, k := range f.Keywords {
		n := len(dst)
		dst = appendFlagAtom(dst, k, some)
		some = some || len(dst) > n
	}
	return append(dst, ')')
}

// systemFlagLists has the words for each combination of system flags.
var systemFlagLists = func() (t [32]string) { //nolint:gochecknoglobals // a constant table, made once
	for i := range t {
		sep := ""
		for _, n := range (mail.Flags{System: mail.SystemFlags(i)}).Names() {
			t[i] += sep + n
			sep = " "
		}
	}
	return t
}()

// AppendSectionName appends the section's name as the response has it, such as
// BODY[1.HEADER.FIELDS (From)]<0>: without PEEK and without the length asked.
func AppendSectionName(dst []byte, s *FetchSection) []byte {
	switch s.Kind {
	case SectionRFC822:
		return append(dst, "RFC822"...)
	case SectionRFC822Header:
		return append(dst, "RFC822.HEADER"...)
	case SectionRFC822Text:
		return append(dst, "RFC822.TEXT"...)
	case SectionBinary:
		dst = append(dst, "BINARY["...)
	case SectionBinarySize:
		dst = append(dst, "BINARY.SIZE["...)
	case SectionBody:
		dst = append(dst, "BODY["...)
	}
	dst = appendSectionSpec(dst, s)
	dst = append(dst, ']')
	if s.Partial {
		dst = append(dst, '<')
		dst = strconv.AppendUint(dst, s.Offset, 10)
		dst = append(dst, '>')
	}
	return dst
}

func appendSectionSpec(dst []byte, s *FetchSection) []byte {
	for i, p := range s.Part {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendInt(dst, int64(p), 10)
	}
	if s.Text == TextAll {
		return dst
	}
	if len(s.Part) > 0 {
		dst = append(dst, '.')
	}
	switch s.Text {
	case TextHeader:
		return append(dst, "HEADER"...)
	case TextBody:
		return append(dst, "TEXT"...)
	case TextMIME:
		return append(dst, "MIME"...)
	case TextHeaderFields:
		dst = append(dst, "HEADER.FIELDS"...)
	case TextHeaderFieldsNot:
		dst = append(dst, "HEADER.FIELDS.NOT"...)
	case TextAll:
	}
	sep := " ("
	for _, f := range s.Fields {
		dst = append(dst, sep...)
		if validAtom(f) {
			dst = append(dst, f...)
		} else {
			dst = Encoder{}.AppendString(dst, f)
		}
		sep = " "
	}
	return append(dst, ')')
}
