package mime

import (
	"bytes"
	"encoding/binary"

	"postern/fault"
)

// Scanner parses a message while its bytes stream by. It is an io.Writer; one
// goroutine may use it at a time. However the bytes are split into Writes, the
// result is the same.
//
// It works by lines and looks into few of them: header lines, and body lines
// that begin with a hyphen while some multipart is open. Of those it needs, it
// keeps the fields of interest and the first bytes of a possible boundary line.
type Scanner struct {
	limits Limits
	msg    *Message
	closed bool

	// Where we are.
	state  state
	chunk  []byte // of the Write under way
	pos    int    // in chunk
	base   int64  // offset of chunk[0] in the message
	lf     int64  // line feeds before pos
	crs    int64  // carriage returns in all chunks so far
	crlfs  int64  // of those, how many before a line feed
	eol    int    // length of the last line end: 0 at the start, then 1 or 2
	lastCR bool   // the byte before chunk[0] is a CR

	// A line that begins with a hyphen, see dashLine.
	dash     []byte
	dashAt   int64 // its offset
	dashEOL  int   // eol before it
	inHeader bool  // the top frame's header is not finished

	fields header // of the header under way
	tree   tree
	shot   capture // of the text part for the preview
}

type state uint8

const (
	atHeaderLine state = iota // at the first byte of a header line
	inHeaderCR                // after a CR at the start of a header line
	inName                    // within a field's name
	inValue                   // within a field's value
	inDash                    // within a line that begins with a hyphen
	atBodyLine                // at the first byte of a body line
	inBodyLine                // within a body line of no interest
)

// NewScanner makes a Scanner for one message.
func NewScanner(l Limits) *Scanner {
	first := &struct {
		s      Scanner
		m      Message
		values [16]value
		name   [maxName + 1]byte
	}{}
	s := &first.s
	s.fields.values, s.fields.name = first.values[:0], first.name[:0]
	s.fields.buf = make([]byte, 0, kibi)
	s.limits, s.msg = l.withDefaults(), &first.m
	s.fields.left = s.limits.TotalBytes
	s.tree.init(s.limits)
	s.msg.Root = s.openPart(0, true, false)
	return s
}

// Parse scans a message that is in memory.
func Parse(b []byte, l Limits) *Message {
	s := NewScanner(l)
	s.feed(b)
	return s.finish()
}

// Write feeds the next bytes, split anywhere; it keeps none of p and fails
// only after Close.
func (s *Scanner) Write(p []byte) (int, error) {
	if s.closed {
		return 0, fault.New(fault.Closed, "mime.Scanner.Write", "the message has ended")
	}
	s.feed(p)
	return len(p), nil
}

// Close ends the message and gives what was found. Only a second Close fails
// (fault.Closed).
func (s *Scanner) Close() (*Message, error) {
	if s.closed {
		return nil, fault.New(fault.Closed, "mime.Scanner.Close", "closed twice")
	}
	return s.finish(), nil
}

func (s *Scanner) feed(p []byte) {
	if len(p) == 0 {
		return
	}
	s.noteTraits(p)
	s.chunk, s.pos = p, 0
	for s.pos < len(p) {
		s.step()
	}
	s.shot.upTo(s, s.base+int64(len(p)))
	s.base += int64(len(p))
	s.lastCR = p[len(p)-1] == '\r'
	s.chunk, s.pos = nil, 0
}

func (s *Scanner) finish() *Message {
	s.closed = true
	if s.state == inDash {
		s.endDash(s.dash)
	}
	s.endField()
	s.closeTo(0, s.base, s.lf)
	m := s.msg
	m.Size, m.Lines = s.base, s.lf
	if s.crs != s.crlfs {
		m.Traits |= HasBareCR
	}
	if s.lf != s.crlfs {
		m.Traits |= HasBareLF
	}
	return m
}

// noteTraits looks at all bytes for what does not depend on where they are.
func (s *Scanner) noteTraits(p []byte) {
	t := &s.msg.Traits
	if *t&HasNUL == 0 && bytes.IndexByte(p, 0) >= 0 {
		*t |= HasNUL
	}
	if *t&Has8Bit == 0 && has8Bit(p) {
		*t |= Has8Bit
	}
	s.crs += int64(bytes.Count(p, []byte{'\r'}))
}

// has8Bit tells whether a byte of p is above 127.
func has8Bit(p []byte) bool {
	const high = 0x8080808080808080
	for len(p) >= 32 {
		a := binary.LittleEndian.Uint64(p) | binary.LittleEndian.Uint64(p[8:])
		b := binary.LittleEndian.Uint64(p[16:]) | binary.LittleEndian.Uint64(p[24:])
		if (a|b)&high != 0 {
			return true
		}
		p = p[32:]
	}
	for _, c := range p {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

func (s *Scanner) step() {
	switch s.state {
	case atHeaderLine:
		s.headerLine()
	case inHeaderCR:
		s.headerCR()
	case inName:
		s.fieldName()
	case inValue:
		s.fieldValue()
	case inDash:
		s.dashLine()
	case atBodyLine:
		s.bodyLines()
	case inBodyLine:
		if s.skipLine() {
			s.state = atBodyLine
		}
	}
}

// here is the offset of the byte at pos.
func (s *Scanner) here() int64 { return s.base + int64(s.pos) }

// endLine takes note of the line feed at chunk[i].
func (s *Scanner) endLine(i int) {
	cr := s.lastCR
	if i > 0 {
		cr = s.chunk[i-1] == '\r'
	}
	s.lf++
	s.eol = 1
	if cr {
		s.eol = 2
		s.crlfs++
	}
}

// segment gives the rest of the line as far as the chunk has it, without its
// line feed, and moves past it and the line feed; whole tells whether the line
// feed was there.
func (s *Scanner) segment() (seg []byte, whole bool) {
	seg = s.chunk[s.pos:]
	i := bytes.IndexByte(seg, '\n')
	if i < 0 {
		s.pos = len(s.chunk)
		return seg, false
	}
	s.endLine(s.pos + i)
	s.pos += i + 1
	return seg[:i], true
}

func (s *Scanner) skipLine() bool {
	_, whole := s.segment()
	return whole
}

// bodyLines skips body lines up to one that may be a boundary.
func (s *Scanner) bodyLines() {
	p, i := s.chunk, s.pos
	watch := s.tree.active > 0
	for i < len(p) {
		if watch && p[i] == '-' {
			s.pos = i
			s.startDash()
			return
		}
		j := bytes.IndexByte(p[i:], '\n')
		if j < 0 {
			s.state = inBodyLine
			i = len(p)
			break
		}
		s.endLine(i + j)
		i += j + 1
	}
	s.pos = i
}

func (s *Scanner) startDash() {
	s.dash = s.dash[:0]
	s.dashAt, s.dashEOL = s.here(), s.eol
	s.state = inDash
}

// dashLine gathers a line that begins with a hyphen until it is whole or
// surely no boundary line.
func (s *Scanner) dashLine() {
	seg, whole := s.segment()
	if len(s.dash) == 0 && whole {
		s.endDash(seg)
		return
	}
	s.dash = append(s.dash, seg[:min(len(seg), maxDash+1-len(s.dash))]...)
	switch {
	case whole:
		s.endDash(s.dash)
	case len(s.dash) > maxDash, len(s.dash) > 1 && s.dash[1] != '-':
		s.notBoundary(false)
	}
}

// endDash judges a whole line; pos is after it.
func (s *Scanner) endDash(line []byte) {
	i, closes := -1, false
	if len(line) > 2 && len(line) <= maxDash && line[1] == '-' {
		i, closes = s.tree.match(bytes.TrimRight(line[2:], " \t\r"))
	}
	if i < 0 {
		s.notBoundary(true)
		return
	}
	s.boundary(i, closes)
}

// notBoundary goes on after a line, or within it, that only looked like a
// boundary. In a header it is a field of no interest.
func (s *Scanner) notBoundary(whole bool) {
	switch {
	case s.inHeader && whole:
		s.state = atHeaderLine
	case s.inHeader:
		s.state = inValue
	case whole:
		s.state = atBodyLine
	default:
		s.state = inBodyLine
	}
}
