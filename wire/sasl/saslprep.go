package sasl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"

	"postern/fault"
)

// SASLprep prepares a name or password for comparison (RFC 4013): some
// characters map to nothing, others to a space, then NFKC; control and other
// characters and mixed directions are refused with fault.Invalid.
//
// The tables are those of RFC 3454, written out below; normalisation and
// directions are those of golang.org/x/text, so of a newer Unicode than 3.2.
// x/text/secure/precis is not used, for its OpaqueString is another profile
// (RFC 8265, NFC). Code points that Unicode 3.2 did not know pass, as RFC 3454
// §7 wants for queries: people have emoji in passwords.
func SASLprep(s string) (string, error) {
	const op = "sasl.SASLprep"
	if plain(s) {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", fault.New(fault.Invalid, op, "no UTF-8")
	}
	s = norm.NFKC.String(strings.Map(mapRune, s))
	for _, r := range s {
		if prohibited(r) {
			return "", fault.New(fault.Invalid, op, "a forbidden character")
		}
	}
	if !directionsAgree(s) {
		return "", fault.New(fault.Invalid, op, "mixed writing directions")
	}
	return s, nil
}

// plain tells whether s is printable ASCII, which stays as it is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// mapRune is RFC 4013 §2.1: tables B.1 and C.1.2 of RFC 3454.
func mapRune(r rune) rune {
	switch {
	case r == 0xad, r == 0x34f, r == 0x1806, 0x180b <= r && r <= 0x180d, 0x200b <= r && r <= 0x200d,
		r == 0x2060, 0xfe00 <= r && r <= 0xfe0f, r == 0xfeff:
		return -1
	case r == 0xa0, r == 0x1680, 0x2000 <= r && r <= 0x200a, r == 0x202f, r == 0x205f, r == 0x3000:
		return ' '
	}
	return r
}

// prohibited is RFC 4013 §2.3: tables C.1.2 to C.9 of RFC 3454.
func prohibited(r rune) bool {
	switch {
	case mapRune(r) == ' ' && r != ' ', // C.1.2
		unicode.Is(unicode.Cc, r), // C.2.1 and most of C.2.2
		r == 0x6dd, r == 0x70f, r == 0x180e, r == 0x200c, r == 0x200d, r == 0x2028, r == 0x2029,
		0x2060 <= r && r <= 0x2063, r == 0xfeff, 0x1d173 <= r && r <= 0x1d17a,
		unicode.Is(unicode.Co, r),                      // C.3
		0xfdd0 <= r && r <= 0xfdef, r&0xfffe == 0xfffe, // C.4
		0xfff9 <= r && r <= 0xfffd,                       // C.6
		0x2ff0 <= r && r <= 0x2ffb,                       // C.7
		r == 0x340, r == 0x341, r == 0x200e, r == 0x200f, // C.8
		0x202a <= r && r <= 0x202e, 0x206a <= r && r <= 0x206f, //
		r == 0xe0001, 0xe0020 <= r && r <= 0xe007f: // C.9
		return true
	}
	return false
}

// directionsAgree is RFC 3454 §6.
func directionsAgree(s string) bool {
	var left, right bool
	for _, r := range s {
		left = left || direction(r) == bidi.L
		right = right || rightToLeft(r)
	}
	if !right {
		return true
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return !left && rightToLeft(first) && rightToLeft(last)
}

func direction(r rune) bidi.Class {
	p, _ := bidi.LookupRune(r)
	return p.Class()
}

func rightToLeft(r rune) bool { return direction(r) == bidi.R || direction(r) == bidi.AL }
