package mime

import (
	"strings"
)

// DecodeHeader gives a header value as text: unfolded, encoded words (RFC
// 2047) decoded, raw 8-bit bytes taken as UTF-8 or else windows-1252. The
// result is valid UTF-8 on one line: control characters become spaces.
//
// Encoded words are found wherever they are, with white space in them and
// glued to other text; a character split between neighbouring words of one
// charset is put together again. All that is forbidden and common.
func DecodeHeader(raw string) string {
	if !strings.Contains(raw, "=?") {
		return oneLine(decodeGuessed(raw))
	}
	var d wordDecoder
	rest := raw
	for {
		i := strings.Index(rest, "=?")
		if i < 0 {
			break
		}
		w, n, ok := d.parse(rest[i:])
		if !ok {
			d.literal(rest[:i+2])
			rest = rest[i+2:]
			continue
		}
		// White space between two words is part of neither.
		if i > 0 && (!d.afterWord || trimSpace(rest[:i]) != "") {
			d.literal(rest[:i])
		}
		d.word(w)
		rest = rest[i+n:]
	}
	d.literal(rest)
	d.flush()
	return oneLine(d.out.String())
}

type encodedWord struct {
	charset, text string
	base64        bool
}

type wordDecoder struct {
	out       strings.Builder
	lit       []byte // literal text that waits
	charset   string // of pending
	pending   []byte // decoded bytes of one or more words
	afterWord bool   // nothing but words since the last literal
	noEnd     bool   // no "?=" follows any more
}

// parse reads the encoded word that s begins with; n is its length.
func (d *wordDecoder) parse(s string) (w encodedWord, n int, ok bool) {
	const maxCharset = 80 // with the language of RFC 2231 §5
	q := strings.IndexByte(s[2:min(len(s), 2+maxCharset)], '?')
	if q <= 0 || d.noEnd {
		return w, 0, false
	}
	w.charset, _, _ = strings.Cut(s[2:2+q], "*")
	rest := s[2+q+1:]
	if len(rest) < 2 || rest[1] != '?' || strings.ContainsAny(w.charset, " \t\r\n\"=") {
		return w, 0, false
	}
	switch rest[0] {
	case 'B', 'b':
		w.base64 = true
	case 'Q', 'q':
	default:
		return w, 0, false
	}
	end := strings.Index(rest[2:], "?=")
	if end < 0 {
		d.noEnd = true
		return w, 0, false
	}
	w.text = rest[2 : 2+end]
	return w, 2 + q + 1 + 2 + end + 2, true
}

func (d *wordDecoder) literal(s string) {
	if s == "" {
		return
	}
	d.flushWords()
	d.lit = append(d.lit, s...)
	d.afterWord = false
}

func (d *wordDecoder) word(w encodedWord) {
	if len(d.lit) > 0 {
		d.flush()
	}
	if !equalFold(w.charset, d.charset) {
		d.flushWords()
		d.charset = w.charset
	}
	if w.base64 {
		d.pending = appendBase64(d.pending, w.text)
	} else {
		d.pending = appendQ(d.pending, w.text)
	}
	d.afterWord = true
}

func (d *wordDecoder) flushWords() {
	if len(d.pending) > 0 {
		d.out.WriteString(decodeString(d.charset, d.pending))
		d.pending = d.pending[:0]
	}
}

func (d *wordDecoder) flush() {
	d.flushWords()
	d.out.WriteString(decodeGuessed(string(d.lit)))
	d.lit = d.lit[:0]
}

// appendQ decodes the Q encoding (RFC 2047 §4.2).
func appendQ(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			dst = append(dst, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			dst = append(dst, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// oneLine drops line ends as unfolding does and makes a space of each other
// control character, so that no decoded text can begin a line of its own.
func oneLine(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n' && i > 0 && s[i-1] == '\r' && len(b) > 0:
			b = b[:len(b)-1]
			if i+1 < len(s) && !isSpace(s[i+1]) {
				b = append(b, ' ')
			}
		case c < ' ' || c == 0x7f:
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
