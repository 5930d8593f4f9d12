package mailbox

import (
	"bytes"
	"io"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// appendFold appends text as it is compared in searches: NFC, each character
// without regard to case by simple folding, near to i;unicode-casemap
// (RFC 5051) but that accents count.
func appendFold(dst, src []byte) []byte {
	ascii := 0
	for ascii < len(src) && src[ascii] < utf8.RuneSelf {
		ascii++
	}
	if ascii < len(src) && !norm.NFC.IsNormal(src) {
		src = norm.NFC.Bytes(src)
	}
	for i := 0; i < len(src); {
		c := src[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		dst = utf8.AppendRune(dst, unicode.ToLower(unicode.ToUpper(r)))
		i += n
	}
	return dst
}

func foldString(s string) string { return string(appendFold(nil, []byte(s))) }

// finder looks for several needles in text that comes in pieces.
type finder struct {
	needles [][]byte // folded
	found   []bool
	left    int
	longest int
	raw     []byte // not yet folded
	window  []byte // folded; its start may be known already
}

func newFinder(needles [][]byte) *finder {
	f := &finder{needles: needles, found: make([]bool, len(needles)), longest: 1}
	for _, n := range needles {
		f.longest = max(f.longest, len(n))
	}
	f.restart()
	return f
}

// restart forgets what was found. The empty needle is everywhere.
func (f *finder) restart() {
	f.left = 0
	for i, n := range f.needles {
		if f.found[i] = len(n) == 0; len(n) > 0 {
			f.left++
		}
	}
	f.flush()
}

// flush ends one text: no needle reaches from it into the next.
func (f *finder) flush() { f.raw, f.window = f.raw[:0], f.window[:0] }

// all tells whether there is nothing left to look for.
func (f *finder) all() bool { return f.left == 0 }

// look searches folded text together with the end of what came before.
func (f *finder) look(raw []byte) {
	f.window = appendFold(f.window, raw)
	for i, n := range f.needles {
		if !f.found[i] && bytes.Contains(f.window, n) {
			f.found[i] = true
			f.left--
		}
	}
	if keep := f.longest - 1; len(f.window) > keep {
		f.window = append(f.window[:0], f.window[len(f.window)-keep:]...)
	}
}

// text searches a whole text.
func (f *finder) text(s string) {
	if f.all() {
		return
	}
	f.raw = append(f.raw[:0], s...)
	f.look(f.raw)
	f.flush()
}

const findBlock = 32 << 10

// read searches a text of UTF-8 to its end, or until all is found.
func (f *finder) read(r io.Reader) error {
	defer f.flush()
	for !f.all() {
		if cap(f.raw)-len(f.raw) < findBlock/2 {
			f.raw = append(make([]byte, 0, len(f.raw)+findBlock), f.raw...)
		}
		n, err := r.Read(f.raw[len(f.raw):cap(f.raw)])
		f.raw = f.raw[:len(f.raw)+n]
		cut := len(f.raw)
		if err == nil {
			if len(f.raw) < findBlock/2 {
				continue
			}
			cut = boundary(f.raw)
		}
		f.look(f.raw[:cut])
		f.raw = append(f.raw[:0], f.raw[cut:]...)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// boundary is a place near the end where text may be cut without changing what
// its characters compose to.
func boundary(b []byte) int {
	if i := norm.NFC.LastBoundary(b); i > len(b)/2 {
		return i
	}
	i := len(b)
	for k := 0; k < utf8.UTFMax && i > 1; k++ {
		i--
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return len(b)
}
