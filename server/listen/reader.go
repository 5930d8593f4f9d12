package listen

import (
	"io"
	"sync"
)

// readerSize is a Reader's buffer while it has one.
const readerSize = 4 << 10

//nolint:gochecknoglobals // a pool has no state that anybody could see
var readerBuffers = sync.Pool{New: func() any { return new([readerSize]byte) }}

// Reader reads a connection by way of a buffer that it has only while there is
// something in it: waiting for an idle client takes a few octets. It is used by
// one goroutine.
type Reader struct {
	c     *Conn
	buf   *[readerSize]byte // nil while first is enough
	r, w  int               // what is unread: of buf, or of first
	first [32]byte          // what a wait begins with
}

// Buffered is the number of octets that are read from the client and not from
// the Reader.
func (r *Reader) Buffered() int { return r.w - r.r }

func (r *Reader) unread() []byte {
	if r.buf != nil {
		return r.buf[r.r:r.w]
	}
	return r.first[r.r:r.w]
}

// fill waits for at least one octet more. It must not be called with a full
// buffer.
func (r *Reader) fill() error {
	if r.Buffered() == 0 {
		r.release()
		n, err := r.c.Read(r.first[:])
		r.w = n
		if n > 0 {
			return nil
		}
		return err
	}
	if r.buf == nil {
		buf := readerBuffers.Get().(*[readerSize]byte)
		r.w = copy(buf[:], r.unread())
		r.buf, r.r = buf, 0
	} else if r.r > 0 {
		r.w = copy(r.buf[:], r.buf[r.r:r.w])
		r.r = 0
	}
	n, err := r.c.Read(r.buf[r.w:])
	r.w += n
	if n > 0 {
		return nil
	}
	return err
}

// release gives the buffer back, with what is in it.
func (r *Reader) release() {
	if r.buf != nil {
		clear(r.buf[:]) // it may have a password in it
		readerBuffers.Put(r.buf)
		r.buf = nil
	}
	r.r, r.w = 0, 0
}

// Read gives what is there, or waits.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.Buffered() == 0 {
		if len(p) >= readerSize { // no need for a copy
			r.release()
			return r.c.Read(p)
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.unread())
	r.r += n
	return n, nil
}

// ReadByte reads one octet.
func (r *Reader) ReadByte() (byte, error) {
	for r.Buffered() == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	b := r.unread()[0]
	r.r++
	return b, nil
}

// Peek gives the next n octets, at most 4,096, without reading them, or as many
// as came before an error. They are valid until the next call.
func (r *Reader) Peek(n int) ([]byte, error) {
	n = min(n, readerSize)
	for r.Buffered() < n {
		if err := r.fill(); err != nil {
			return r.unread(), err
		}
	}
	return r.unread()[:n], nil
}

var _ io.ByteReader = (*Reader)(nil)
