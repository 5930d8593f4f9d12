package mime

import (
	"errors"
	"io"
)

// ErrUnknownEncoding is the cause of NewTransferDecoder's error.
var ErrUnknownEncoding = errors.New("unknown content transfer encoding")

// isIdentity tells whether an encoding leaves the bytes as they are.
func isIdentity(encoding string) bool {
	switch encoding {
	case "7bit", "8bit", "binary", "", "7-bit", "8-bit":
		return true
	}
	return false
}

const inBuffer = 4096

// source hands out an io.Reader's bytes by the buffer.
type source struct {
	r   io.Reader
	buf []byte
	in  []byte // unread part of buf
	err error
}

// fill makes sure that in has a byte; false means the end, see err.
func (s *source) fill() bool {
	if s.buf == nil {
		s.buf = make([]byte, inBuffer)
	}
	for tries := 0; len(s.in) == 0; tries++ {
		if s.err != nil {
			return false
		}
		var n int
		n, s.err = s.r.Read(s.buf)
		s.in = s.buf[:n]
		if n == 0 && s.err == nil && tries > 100 {
			s.err = io.ErrNoProgress
		}
	}
	return true
}

const (
	junk64 = 0xff
	pad64  = 0xfe
)

//nolint:gochecknoglobals // a constant table
var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = junk64
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	t['='] = pad64
	return t
}()

// quantum gathers the six-bit values of a base64 group (RFC 2045 §6.8).
type quantum struct {
	bits uint32
	n    int
}

// add takes the next byte of base64 text. Junk is skipped; padding ends the
// group, and what follows it begins another one, as when encoded pieces have
// been put one after the other.
func (q *quantum) add(dst []byte, c byte) []byte {
	v := base64Values[c]
	switch {
	case v < 64:
		q.bits = q.bits<<6 | uint32(v)
		if q.n++; q.n < 4 {
			return dst
		}
		dst = append(dst, byte(q.bits>>16), byte(q.bits>>8), byte(q.bits))
		*q = quantum{}
	case v == pad64:
		dst = q.end(dst)
	}
	return dst
}

// end gives the bytes of a group that is not full.
func (q *quantum) end(dst []byte) []byte {
	switch q.n {
	case 2:
		dst = append(dst, byte(q.bits>>4))
	case 3:
		dst = append(dst, byte(q.bits>>10), byte(q.bits>>2))
	}
	*q = quantum{}
	return dst
}

func appendBase64(dst []byte, s string) []byte {
	var q quantum
	for i := 0; i < len(s); i++ {
		dst = q.add(dst, s[i])
	}
	return q.end(dst)
}

// base64Reader decodes base64 and skips what is not of it.
type base64Reader struct {
	src source
	q   quantum
	out []byte // not read yet
	buf []byte
}

func (b *base64Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(b.out) == 0 {
		b.buf = b.buf[:0]
		if !b.src.fill() {
			if b.buf = b.q.end(b.buf); len(b.buf) == 0 {
				return 0, b.src.err
			}
		} else {
			b.decode()
		}
		b.out = b.buf
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

// decode decodes all of the source's buffer; whole groups go fast.
func (b *base64Reader) decode() {
	in := b.src.in
	if b.buf == nil {
		b.buf = make([]byte, 0, inBuffer)
	}
	i := 0
	for i < len(in) {
		if b.q.n == 0 && i+4 <= len(in) {
			v0, v1, v2, v3 := base64Values[in[i]], base64Values[in[i+1]], base64Values[in[i+2]], base64Values[in[i+3]]
			if v0|v1|v2|v3 < 64 {
				x := uint32(v0)<<18 | uint32(v1)<<12 | uint32(v2)<<6 | uint32(v3)
				b.buf = append(b.buf, byte(x>>16), byte(x>>8), byte(x))
				i += 4
				continue
			}
		}
		b.buf = b.q.add(b.buf, in[i])
		i++
	}
	b.src.in = nil
}

// NewTransferDecoder undoes a Content-Transfer-Encoding, tolerantly and
// streaming: junk in base64 is skipped, a broken quoted-printable escape is
// itself. Reads fail only where r's do. The error is fault.Unsupported and
// wraps ErrUnknownEncoding for an unknown word (IMAP BINARY: UNKNOWN-CTE).
func NewTransferDecoder(encoding string, r io.Reader) (io.Reader, error) {
	word := encodingWord(encoding)
	if isIdentity(word) {
		return r, nil
	}
	switch word {
	case "base64":
		return &base64Reader{src: source{r: r}}, nil
	case "quoted-printable":
		return &qpReader{src: source{r: r}}, nil
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return newUUReader(r), nil
	}
	return nil, unknownEncoding(encoding)
}
