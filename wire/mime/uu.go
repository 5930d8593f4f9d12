package mime

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"postern/fault"
)

func unknownEncoding(encoding string) error {
	const most = 40
	return fault.New(fault.Unsupported, "mime.NewTransferDecoder", "%w %.*q", ErrUnknownEncoding, most, encoding)
}

// uuReader decodes uuencode: the lines between "begin" and "end".
type uuReader struct {
	r     *bufio.Reader
	begun bool
	done  bool
	out   []byte
	buf   []byte
}

func newUUReader(r io.Reader) *uuReader { return &uuReader{r: bufio.NewReaderSize(r, inBuffer)} }

func (u *uuReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(u.out) == 0 {
		if u.done {
			return 0, io.EOF
		}
		line, err := u.r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && len(line) == 0 {
			return 0, err //nolint:wrapcheck // an io.Reader hands its reader's error on
		}
		if !errors.Is(err, bufio.ErrBufferFull) { // no line of uuencode is that long
			u.line(bytes.TrimRight(line, "\r\n"))
		}
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *uuReader) line(line []byte) {
	switch {
	case !u.begun:
		u.begun = bytes.HasPrefix(line, []byte("begin "))
		return
	case bytes.Equal(line, []byte("end")):
		u.done = true
		return
	case len(line) == 0:
		return
	}
	want := int(line[0]-' ') & 63
	u.buf = u.buf[:0]
	at := func(i int) byte { // lines lose trailing spaces on their way
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; len(u.buf) < want; i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		u.buf = append(u.buf, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	u.out = u.buf[:want]
}
