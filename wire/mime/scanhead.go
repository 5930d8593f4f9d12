package mime

import (
	"bytes"
	"strings"
)

// fieldID names a header field of interest.
type fieldID uint8

const (
	noField fieldID = iota
	fContentType
	fEncoding
	fDisposition
	fContentID
	fDescription
	fLanguage
	fLocation
	fMD5
	fDate // from here on: fields of a message, not of a part
	fSubject
	fFrom
	fSender
	fInReplyTo
	fMessageID
	fReferences
	fReplyTo // from here on: fields whose repeats are merged, against RFC 5322 §3.6
	fTo
	fCc
	fBcc
)

// isAddressList tells which values may be as long as the header's limit.
func (id fieldID) isAddressList() bool { return id >= fReplyTo || id == fFrom }

// header gathers the values of interest of the header under way.
type header struct {
	name   []byte // of the field under way, until its colon
	buf    []byte // the values, one after the other
	values []value
	seen   uint32  // bits of the fieldIDs met
	cur    fieldID // of the field under way
	start  int     // of its value in buf
	cut    bool    // its value met a limit
	left   int     // bytes that the whole message may still keep
}

type value struct {
	id         fieldID
	start, end int
}

// headerLine looks at the first byte of a header line. The header ends at the
// first blank line and nowhere else (but at a boundary line of a multipart
// around it), so that all protocols and clients agree on where; a line without
// a colon is a field without a name.
func (s *Scanner) headerLine() {
	switch c := s.chunk[s.pos]; {
	case c == '\n':
		s.skipLine()
		s.endHeader()
	case c == '\r':
		s.pos++
		s.state = inHeaderCR
	case c == ' ' || c == '\t':
		s.state = inValue
	case c == '-' && s.tree.active > 0:
		s.endField()
		s.startDash()
	default:
		s.endField()
		s.fields.name = s.fields.name[:0]
		s.state = inName
	}
}

func (s *Scanner) headerCR() {
	if s.chunk[s.pos] == '\n' {
		s.skipLine()
		s.endHeader()
		return
	}
	s.endField()
	s.state = inValue
}

func (s *Scanner) endHeader() {
	s.endField()
	s.finishHeader(s.here(), s.lf)
}

func (s *Scanner) fieldName() {
	h := &s.fields
	at := s.pos
	seg := s.chunk[at:]
	if i := bytes.IndexByte(seg, '\n'); i >= 0 {
		seg = seg[:i]
	}
	colon := bytes.IndexByte(seg, ':')
	if colon >= 0 {
		seg = seg[:colon]
	}
	h.name = append(h.name, seg[:min(len(seg), maxName+1-len(h.name))]...)
	s.note8Bit(seg)
	if colon >= 0 {
		s.pos = at + colon + 1
		s.startField()
		return
	}
	if s.skipLine() {
		s.state = atHeaderLine
	}
}

func (s *Scanner) startField() {
	h := &s.fields
	s.state = inValue
	id := fieldOf(bytes.TrimRight(h.name, " \t"), s.tree.top().message)
	if id == noField || h.seen&(1<<id) != 0 && id < fReplyTo {
		return
	}
	if len(h.values) >= s.limits.HeaderFields {
		s.msg.Traits |= Folded
		return
	}
	h.seen |= 1 << id
	h.cur, h.start, h.cut = id, len(h.buf), false
}

func (s *Scanner) fieldValue() {
	seg, whole := s.segment()
	s.note8Bit(seg)
	h := &s.fields
	if h.cur != noField {
		s.keep(seg)
		if n := len(h.buf); whole && n > h.start && h.buf[n-1] == '\r' {
			h.buf = h.buf[:n-1]
		}
	}
	if whole {
		s.state = atHeaderLine
	}
}

// keep appends to the value under way what the limits allow.
func (s *Scanner) keep(seg []byte) {
	h := &s.fields
	room := min(s.limits.HeaderBytes-len(h.buf), h.left-len(h.buf))
	if !h.cur.isAddressList() {
		room = min(room, s.limits.FieldBytes-(len(h.buf)-h.start))
	}
	if room < len(seg) {
		seg, h.cut = seg[:max(room, 0)], true
	}
	h.buf = append(h.buf, seg...)
}

// endField puts the value under way, if any, to the others, without CR, NUL
// and white space around it.
func (s *Scanner) endField() {
	h := &s.fields
	if h.cur == noField {
		return
	}
	v := h.buf[h.start:]
	if h.cut {
		s.msg.Traits |= Folded
		if h.cur.isAddressList() {
			v = v[:max(bytes.LastIndexByte(v, ','), 0)]
		}
	}
	v = clean(v)
	h.buf = h.buf[:h.start+len(v)]
	trimmed := bytes.TrimLeft(v, " \t")
	h.values = append(h.values, value{h.cur, len(h.buf) - len(trimmed), len(h.buf)})
	h.cur = noField
}

// clean drops NULs, makes a space of each CR and trims the end, in place.
func clean(v []byte) []byte {
	if bytes.IndexByte(v, 0) >= 0 {
		n := 0
		for _, c := range v {
			if c != 0 {
				v[n] = c
				n++
			}
		}
		v = v[:n]
	}
	for i := bytes.IndexByte(v, '\r'); i >= 0; i = bytes.IndexByte(v, '\r') {
		v[i] = ' '
	}
	return bytes.TrimRight(v, " \t")
}

func (s *Scanner) note8Bit(seg []byte) {
	if s.msg.Traits&Has8Bit != 0 && s.msg.Traits&Has8BitHeader == 0 && has8Bit(seg) {
		s.msg.Traits |= Has8BitHeader
	}
}

// take ends the gathering: the values in one string, and their places.
func (h *header) take() (text string, values []value) {
	text, values = string(h.buf), h.values
	h.left = max(h.left-len(h.buf), 0)
	h.buf, h.values, h.seen, h.cur = h.buf[:0], h.values[:0], 0, noField
	return text, values
}

// fieldOf finds the field of interest with a name. Fields of messages are not
// looked for in the headers of mere parts.
func fieldOf(name []byte, message bool) fieldID {
	if len(name) < 2 || len(name) > maxName {
		return noField
	}
	var low [maxName]byte
	for i, c := range name {
		low[i] = lower(c)
	}
	n := low[:len(name)]
	if rest, ok := bytes.CutPrefix(n, []byte("content-")); ok {
		return contentField(rest)
	}
	if !message {
		return noField
	}
	return messageField(n)
}

func contentField(n []byte) fieldID {
	switch string(n) {
	case "type":
		return fContentType
	case "transfer-encoding":
		return fEncoding
	case "disposition":
		return fDisposition
	case "id":
		return fContentID
	case "description":
		return fDescription
	case "language":
		return fLanguage
	case "location":
		return fLocation
	case "md5":
		return fMD5
	}
	return noField
}

func messageField(n []byte) fieldID {
	switch string(n) {
	case "date":
		return fDate
	case "subject":
		return fSubject
	case "from":
		return fFrom
	case "sender":
		return fSender
	case "reply-to":
		return fReplyTo
	case "to":
		return fTo
	case "cc":
		return fCc
	case "bcc":
		return fBcc
	case "in-reply-to":
		return fInReplyTo
	case "message-id":
		return fMessageID
	case "references":
		return fReferences
	}
	return noField
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// dropSpace removes all white space from a value that can have none, such as
// the base64 of Content-MD5 or a folded URL in Content-Location (RFC 2557 §4.4.2).
func dropSpace(v string) string {
	if !strings.ContainsAny(v, " \t") {
		return v
	}
	return strings.Join(strings.Fields(v), "")
}
