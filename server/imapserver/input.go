package imapserver

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// What can end a wait for the client.
var (
	errIdle    = errors.New("the client was silent for too long")
	errSlow    = errors.New("the client sends a command too slowly")
	errStopped = errors.New("the session was told to end")
	errWoken   = errors.New("the mailbox changed")
)

// lookahead is what a waiting session keeps for the first bytes of a command:
// most commands fit, and the decoder needs no buffer until they are there.
const lookahead = 128

// minRate is the slowest a client may send a command, in bytes per second,
// after the first Timeouts.Command.
const minRate = 500

// input is the session's reading side. Before it blocks it flushes the output,
// so that a batch of pipelined commands leaves in one write. Other goroutines
// may call interrupt; all else is the session's own.
type input struct {
	conn     net.Conn
	out      *output
	deadline time.Time // of the read under way
	patience time.Duration
	received uint64
	buf      [lookahead]byte
	r, w     uint8

	stopped  atomic.Bool // the session shall end
	woken    atomic.Bool // the selected mailbox changed
	wakeable bool        // woken ends the wait: IDLE
}

// maxEarly bounds the reads that end before their deadline for no reason known
// here: a stale wake is one, and the listener has a limit of its own for those
// who have not signed in, which ends every further read at once.
const maxEarly = 8

// past is a deadline that makes a read return at once.
var past = time.Unix(1, 0) //nolint:gochecknoglobals // a constant

// stop makes the session end as soon as it looks at its client again. Any
// goroutine may call it.
func (in *input) stop() {
	in.stopped.Store(true)
	_ = in.conn.SetReadDeadline(past)
}

// wake ends a wakeable wait. Any goroutine may call it; it never blocks.
func (in *input) wake() {
	if !in.woken.Swap(true) {
		_ = in.conn.SetReadDeadline(past)
	}
}

// buffered is the number of bytes received that the decoder has not taken.
func (in *input) buffered() int { return int(in.w - in.r) }

// wait blocks until the client sends something, until the deadline (errIdle),
// stop (errStopped) or, in IDLE, wake (errWoken).
func (in *input) wait(deadline time.Time) error {
	if in.buffered() > 0 {
		return nil
	}
	in.deadline = deadline
	n, err := in.receive(in.buf[:], errIdle)
	in.r, in.w = 0, uint8(n)
	return err
}

// command starts the clock of the command whose first bytes are there.
func (in *input) command(patience time.Duration) {
	in.patience = patience
	in.deadline = time.Now().Add(patience)
}

// Read is for the decoder.
func (in *input) Read(p []byte) (int, error) {
	if in.r < in.w {
		n := copy(p, in.buf[in.r:in.w])
		in.r += uint8(n)
		return n, nil
	}
	n, err := in.receive(p, errSlow)
	// Each byte buys time at minRate, up to a full measure of patience ahead.
	if n > 0 {
		more := in.deadline.Add(time.Duration(n) * time.Second / minRate)
		if most := time.Now().Add(in.patience); more.After(most) {
			more = most
		}
		in.deadline = more
	}
	return n, err
}

// receive reads from the connection until in.deadline, which has passed when
// it returns late.
func (in *input) receive(p []byte, late error) (int, error) {
	if err := in.out.flush(); err != nil {
		return 0, err
	}
	for early := 0; ; early++ {
		if err := in.conn.SetReadDeadline(in.deadline); err != nil {
			return 0, err
		}
		// stop and wake set their mark first and then the deadline: either
		// their deadline is the later one, or the mark is seen here.
		switch {
		case in.stopped.Load():
			return 0, errStopped
		case in.wakeable && in.woken.Load():
			return 0, errWoken
		}
		n, err := in.conn.Read(p)
		in.received += uint64(n)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			continue
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		case in.stopped.Load():
			return 0, errStopped
		case early == maxEarly, !time.Now().Before(in.deadline):
			return 0, late
		}
	}
}

// gone tells whether err only says that the client went away.
func gone(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &op)
}
