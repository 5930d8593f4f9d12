package imapserver

import (
	"errors"
	"net"
	"sync"
	"time"

	"postern/wire/imapwire"
)

// The sizes of output buffers. An ordinary answer fits the small one; a FETCH
// takes the large one. Both go back to their pool with each flush.
const (
	smallBuffer = 2 << 10
	largeBuffer = 64 << 10
	flushAt     = 40 << 10
)

// errTorn is a response that broke off after a part of it was sent: the
// connection cannot be used any more.
var errTorn = errors.New("a response broke off midway")

// buffers are the pools of one server.
type buffers struct{ small, large sync.Pool }

func newBuffers() *buffers {
	return &buffers{
		small: sync.Pool{New: func() any { return new([smallBuffer]byte) }},
		large: sync.Pool{New: func() any { return new([largeBuffer]byte) }},
	}
}

// output collects responses and writes them in few large pieces: when flushAt
// is passed, and before the session waits for its client. It is used by the
// session's goroutine only.
type output struct {
	imapwire.Row // B is the buffer, Enc the session's encoder

	conn    net.Conn
	pool    *buffers
	small   *[smallBuffer]byte // lent by the pool while not nil
	large   *[largeBuffer]byte
	limit   func() time.Time // the deadline of a write that begins now
	written uint64
	err     error // sticky
}

// begin makes sure that there is a buffer to append to.
func (o *output) begin() {
	if o.B != nil {
		return
	}
	o.small = o.pool.small.Get().(*[smallBuffer]byte) //nolint:forcetypeassert // the pool holds nothing else
	o.B = o.small[:0]
}

// widen takes the large buffer; what was appended stays.
func (o *output) widen() {
	if o.large != nil {
		return
	}
	o.large = o.pool.large.Get().(*[largeBuffer]byte) //nolint:forcetypeassert // the pool holds nothing else
	o.B = append(o.large[:0], o.B...)
	if o.small != nil {
		o.pool.small.Put(o.small)
		o.small = nil
	}
}

// spill flushes if enough has come together.
func (o *output) spill() error {
	if len(o.B) < flushAt {
		return o.err
	}
	return o.flush()
}

// flush writes everything and gives the buffers back.
func (o *output) flush() error {
	if len(o.B) > 0 && o.err == nil {
		o.write(o.B)
	}
	o.B = nil
	if o.small != nil {
		o.pool.small.Put(o.small)
		o.small = nil
	}
	if o.large != nil {
		o.pool.large.Put(o.large)
		o.large = nil
	}
	return o.err
}

// drain writes everything and keeps the buffer.
func (o *output) drain() error {
	if len(o.B) > 0 && o.err == nil {
		o.write(o.B)
	}
	o.B = o.B[:0]
	return o.err
}

func (o *output) write(b []byte) {
	if err := o.conn.SetWriteDeadline(o.limit()); err != nil {
		o.err = err
		return
	}
	n, err := o.conn.Write(b)
	o.written += uint64(n)
	o.err = err
}

// status appends a status response; an empty tag makes it untagged.
func (o *output) status(tag string, c imapwire.Condition, code imapwire.Code, text string) {
	o.begin()
	o.B = o.Enc.AppendStatus(o.B, tag, c, code, text)
}
