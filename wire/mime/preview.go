package mime

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// capture keeps the first bytes of the body of one text part.
type capture struct {
	on    bool
	part  *Part
	limit int64
	next  int64 // offset of the first byte that is not kept yet
	buf   []byte
}

// begin starts keeping if p is a text that people would read, or a multipart
// that may turn out to have no parts.
func (c *capture) begin(p *Part, limit int) {
	switch {
	case p.Disposition == "attachment":
		return
	case p.Type == "multipart", p.Type == "text" && (p.Subtype == "plain" || p.Subtype == "html"):
	default:
		return
	}
	c.on, c.part, c.limit, c.next = true, p, int64(limit), p.BodyStart
}

// upTo keeps the bytes of the scanner's chunk before offset end.
func (c *capture) upTo(s *Scanner, end int64) {
	if !c.on {
		return
	}
	end = min(end, c.part.BodyStart+c.limit)
	if c.next < end {
		c.buf = append(c.buf, s.chunk[c.next-s.base:end-s.base]...)
		c.next = end
	}
}

func (c *capture) drop() { c.on, c.part, c.buf = false, nil, c.buf[:0] }

// end makes the preview; the part's BodyEnd is known now.
func (c *capture) end() string {
	p := c.part
	c.on, c.part = false, nil
	b := c.buf[:min(int64(len(c.buf)), p.Size())]
	c.buf = c.buf[:0]
	return previewOf(p, b, p.Size() > int64(len(b)))
}

// enough bytes of plain text for a preview: 256 characters of four bytes, with
// as much white space again between them.
const enough = 2 * 4 * previewLen

// previewOf makes one line of at most 256 characters of the first bytes of a
// text part (RFC 8970 §3.1). cut tells whether the part has more bytes.
func previewOf(p *Part, body []byte, cut bool) string {
	if !isIdentity(p.Encoding) {
		r, err := NewTransferDecoder(p.Encoding, bytes.NewReader(body))
		if err != nil {
			return ""
		}
		decoded, err := io.ReadAll(r)
		if err != nil { // a bytes.Reader has no error but its end
			return ""
		}
		body = decoded
	}
	if p.Subtype == "plain" && len(body) > enough {
		body, cut = body[:enough], true
	}
	text := decodeString(p.Charset(), body)
	if cut { // a character that was cut in two
		text = strings.TrimRight(text, "\uFFFD")
	}
	l := liner{b: make([]byte, 0, previewLen+8)}
	if p.Subtype == "html" {
		htmlText(text, &l)
	} else {
		l.text(text)
	}
	return l.string()
}

// liner gathers words with one space between them, up to previewLen
// characters.
type liner struct {
	b     []byte
	n     int
	space bool
}

func (l *liner) full() bool { return l.n >= previewLen }

func (l *liner) text(s string) {
	for _, r := range s {
		if l.full() {
			return
		}
		l.add(r)
	}
}

func (l *liner) add(r rune) {
	switch {
	case r <= ' ':
		l.space = true
		return
	case r < 0x7f:
	case unicode.IsSpace(r):
		l.space = true
		return
	case invisible(r):
		return
	}
	if l.space && l.n > 0 {
		l.b = append(l.b, ' ')
		l.n++
	}
	l.space = false
	if !l.full() {
		l.b = utf8.AppendRune(l.b, r)
		l.n++
	}
}

// invisible tells of the characters with which newsletters pad their preview.
func invisible(r rune) bool {
	switch r {
	case 0x7f, 0xad, 0x34f, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2060, 0xfeff:
		return true
	}
	return false
}

func (l *liner) string() string {
	s := strings.TrimRight(string(l.b), " ")
	if !utf8.ValidString(s) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
