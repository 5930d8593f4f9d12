package listen

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base32"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postern/fault"
)

// Conn is one client's connection. As with any net.Conn its methods may be
// called at the same time, but StartTLS not together with Read or Write.
type Conn struct {
	s        *Server
	door     *door
	raw      *rawConn
	remote   net.Addr // the client's, by the PROXY header if there is one
	id       string
	accepted time.Time
	tls      atomic.Pointer[tls.Conn]
	facts    atomic.Pointer[TLSFacts]
	reader   Reader
	signedIn atomic.Bool
	place    place // guarded by counts.mu

	mu     sync.Mutex
	woke   bool // guarded by mu: the server drains, so reads must not wait
	hungUp bool // guarded by mu: HangUp has the deadline
}

// rawConn is the transport under TLS. crypto/tls hands it to its callbacks, which
// find the Conn by it.
type rawConn struct {
	net.Conn
	hello *hello // what the client hello said; nil before and after a handshake
}

// hello is what a client asked for, also if nothing came of it.
type hello struct {
	versions   []string
	serverName string
	alpn       []string
}

func (s *Server) newConn(d *door, raw net.Conn) *Conn {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	c := &Conn{
		s: s, door: d, raw: &rawConn{Conn: raw}, remote: raw.RemoteAddr(), accepted: time.Now(),
		id: strings.ToLower(base32.StdEncoding.EncodeToString(b[:])),
	}
	c.reader.c = c
	c.signedIn.Store(d.NoSignIn)
	return c
}

// ID is the correlation id of the connection: 16 letters and digits.
func (c *Conn) ID() string { return c.id }

// Info says what the connection came in by.
func (c *Conn) Info() Info { return c.door.info }

// Listener is the name of the listener.
func (c *Conn) Listener() string { return c.door.Name }

// TLS says how the connection is encrypted; nil while it is not. The caller must
// not change it.
func (c *Conn) TLS() *TLSFacts { return c.facts.Load() }

// RemoteAddr is the client's address, as a trusted proxy told it if there is one.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// LocalAddr is the listener's side.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// Reader is the connection's own buffered reader. A door that reads with it
// cannot carry bytes over a STARTTLS.
func (c *Conn) Reader() *Reader { return &c.reader }

// SignedIn says that the client has signed in: it is no longer counted and timed
// with those that have not.
func (c *Conn) SignedIn() {
	if c.signedIn.CompareAndSwap(false, true) {
		c.s.counts.signIn(c)
		_ = c.SetReadDeadline(time.Time{})
	}
}

// Read reads what the client sent.
func (c *Conn) Read(p []byte) (int, error) {
	if t := c.tls.Load(); t != nil {
		return t.Read(p)
	}
	return c.raw.Read(p)
}

// writePiece is what a client must take within the write timeout. It is also the
// most that goes into one TLS record.
const writePiece = 16 << 10

// Write gives every piece of p its own time, so that a slow client may take long
// for much, but not for ever.
func (c *Conn) Write(p []byte) (int, error) {
	var w net.Conn = c.raw
	if t := c.tls.Load(); t != nil {
		w = t
	}
	done := 0
	for {
		piece := p[done:min(len(p), done+writePiece)]
		_ = c.raw.SetWriteDeadline(time.Now().Add(c.s.cfg.WriteTimeout))
		n, err := w.Write(piece)
		done += n
		if err != nil || done >= len(p) {
			return done, err
		}
	}
}

// Close closes the connection, with TLS's close_notify. Any goroutine may call
// it; so the Reader's buffer is left to whoever is reading.
func (c *Conn) Close() error {
	if t := c.tls.Load(); t != nil {
		return t.Close()
	}
	return c.raw.Close()
}

// SetReadDeadline sets until when reads may wait; zero is for ever. Before
// SignedIn they wait at most until the sign-in timeout, and not at all while the
// server shuts down.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.woke || c.hungUp {
		return nil
	}
	if limit := c.s.cfg.SignInTimeout; limit > 0 && !c.signedIn.Load() {
		if by := c.accepted.Add(limit); t.IsZero() || t.After(by) {
			t = by
		}
	}
	return c.raw.SetReadDeadline(t)
}

// SetWriteDeadline does nothing: every write has the listener's own.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is SetReadDeadline.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// hurry gives a handshake, reading and writing, until by.
func (c *Conn) hurry(by time.Time) {
	_ = c.SetReadDeadline(by)
	_ = c.raw.SetWriteDeadline(by)
}

func (c *Conn) unhurry() {
	_ = c.SetReadDeadline(time.Time{})
	_ = c.raw.SetWriteDeadline(time.Time{})
}

// wake ends waiting reads for good.
func (c *Conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.woke = true
	if !c.hungUp {
		_ = c.raw.SetReadDeadline(time.Unix(1, 0))
	}
}

// CanStartTLS tells whether STARTTLS may be offered now.
func (c *Conn) CanStartTLS() bool { return c.door.TLS == TLSStart && c.tls.Load() == nil }

// StartTLS does the handshake, after which Read and Write go through TLS. The
// door calls it when it has written its answer to STARTTLS.
//
// What the client sent in the clear after that command is never obeyed: if the
// connection's Reader has bytes left, StartTLS refuses and the connection is of
// no more use. A door that has a buffer of its own must itself see that it is
// empty. What is still in the kernel is taken for TLS, so that the handshake
// fails.
func (c *Conn) StartTLS(ctx context.Context) error {
	const op = "listen.StartTLS"
	if !c.CanStartTLS() {
		return fault.New(fault.Invalid, op, "there is no STARTTLS here, or TLS is on already")
	}
	if n := c.reader.Buffered(); n > 0 {
		err := fault.New(fault.Denied, op, "%d octets were sent after STARTTLS and before the handshake", n)
		c.reader.release()
		c.refused(hello{}, err)
		_ = c.raw.Close()
		return err
	}
	c.hurry(time.Now().Add(c.s.cfg.HandshakeTimeout))
	if err := c.handshake(ctx); err != nil {
		return err
	}
	c.unhurry()
	return nil
}
