package mime

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// utf7Decoder decodes UTF-7 (RFC 2152). Broken base64 ends its run; a lone
// surrogate becomes U+FFFD.
type utf7Decoder struct {
	shifted bool   // within +…-
	empty   bool   // right after the +
	bits    uint32 // not used up yet
	n       uint   // how many
	high    rune   // a high surrogate that waits for its low one
}

// Reset forgets everything.
func (d *utf7Decoder) Reset() { *d = utf7Decoder{} }

// Transform is transform.Transformer's.
func (d *utf7Decoder) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+2*utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		nSrc++
		switch {
		case d.shifted:
			nDst += d.shiftedByte(dst[nDst:], c)
		case c == '+':
			*d = utf7Decoder{shifted: true, empty: true}
		case c < 0x80:
			dst[nDst] = c
			nDst++
		default:
			nDst += copy(dst[nDst:], "\uFFFD")
		}
	}
	return nDst, nSrc, nil
}

func (d *utf7Decoder) shiftedByte(dst []byte, c byte) int {
	if v := base64Values[c]; v < 64 {
		d.empty = false
		d.bits = d.bits<<6 | uint32(v)
		if d.n += 6; d.n < 16 {
			return 0
		}
		d.n -= 16
		unit := rune(d.bits >> d.n & 0xffff)
		d.bits &= 1<<d.n - 1
		return d.unit(dst, unit)
	}
	n := 0
	if d.high != 0 {
		n += copy(dst, "\uFFFD")
	}
	switch {
	case c == '-' && d.empty:
		dst[n] = '+'
		n++
	case c == '-': // swallowed
	case c < 0x80:
		dst[n] = c
		n++
	default:
		n += copy(dst[n:], "\uFFFD")
	}
	*d = utf7Decoder{}
	return n
}

func (d *utf7Decoder) unit(dst []byte, unit rune) int {
	high := d.high
	d.high = 0
	if high != 0 {
		if r := utf16.DecodeRune(high, unit); r != utf8.RuneError {
			return utf8.EncodeRune(dst, r)
		}
		n := copy(dst, "\uFFFD")
		return n + d.unit(dst[n:], unit)
	}
	if unit >= 0xd800 && unit < 0xdc00 {
		d.high = unit
		return 0
	}
	return utf8.EncodeRune(dst, unit)
}
