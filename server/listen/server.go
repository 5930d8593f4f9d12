package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"postern/fault"
)

// Handler serves one connection and returns when it is over. ctx ends when the
// server shuts down; reads that wait then return os.ErrDeadlineExceeded, so that
// the door can say goodbye. The server closes c afterwards.
type Handler func(ctx context.Context, c *Conn)

// Server accepts connections.
type Server struct {
	cfg     Config
	handler Handler
	hooks   Hooks
	log     *slog.Logger
	doors   []*door
	counts  counts
	seldom  Seldom
	panics  atomic.Int64
	reloads chan chan struct{} // answered by the reloader

	ctx      context.Context    // its end is the signal that sessions wait for
	drain    context.CancelFunc // ends ctx
	draining atomic.Bool
	loops    sync.WaitGroup // accept loops and the reloader
	sessions sync.WaitGroup
}

// door is one open listener.
type door struct {
	*Listener
	info   Info
	socket net.Listener
	tls    *tlsState // nil without TLS
}

// New opens the sockets and reads the certificates. InUse names a taken port.
// Nothing is accepted before Start.
func New(cfg Config, handler Handler, hooks Hooks) (*Server, error) {
	const op = "listen.New"
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, handler: handler, hooks: hooks, log: cfg.Logger, reloads: make(chan chan struct{})}
	s.ctx, s.drain = context.WithCancel(context.Background())
	s.counts.init(cfg.Limits)
	for i := range cfg.Listeners {
		d, err := s.openDoor(&cfg.Listeners[i])
		if err != nil {
			s.closeSockets()
			s.drain()
			return nil, fault.In(op, err)
		}
		s.doors = append(s.doors, d)
	}
	return s, nil
}

func (s *Server) openDoor(l *Listener) (*door, error) {
	const op = "listen.New"
	d := &door{Listener: l, info: Info{Name: l.Name, Protocol: l.Protocol, TLS: l.TLS, AllowPlaintext: l.AllowPlaintext}}
	if l.TLS != TLSNone {
		t, err := newTLSState(l, s.log)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, op, fmt.Errorf("listener %s: %w", l.Name, err))
		}
		d.tls = t
	}
	if l.Socket != nil {
		d.socket = l.Socket
		return d, nil
	}
	var lc net.ListenConfig
	socket, err := lc.Listen(s.ctx, "tcp", l.Address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.Wrap(fault.InUse, op, fmt.Errorf("listener %s: another program listens on %s", l.Name, l.Address))
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, op, fmt.Errorf("listener %s: %w", l.Name, err))
	}
	d.socket = socket
	return d, nil
}

// Start begins to accept. It is called once.
func (s *Server) Start() {
	for _, d := range s.doors {
		s.loops.Go(func() { s.accept(d) })
	}
	s.loops.Go(s.reloader)
}

// Addr is where a listener listens; nil if there is none of that name.
func (s *Server) Addr(name string) net.Addr {
	for _, d := range s.doors {
		if d.Name == name {
			return d.socket.Addr()
		}
	}
	return nil
}

// accept takes connections until the socket is closed.
func (s *Server) accept(d *door) {
	delay := time.Duration(0)
	for {
		raw, err := d.socket.Accept()
		switch {
		case err == nil:
			delay = 0
			s.admit(d, raw)
			continue
		case errors.Is(err, net.ErrClosed) || s.draining.Load():
			return
		}
		if delay == 0 { // such as being out of file handles
			s.log.Error("connections cannot be accepted", "listener", d.Name, "error", err)
		}
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		wait := time.NewTimer(delay)
		select {
		case <-s.ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// admit starts a goroutine for a connection. Limits by network are looked at
// when the PROXY header has been read.
func (s *Server) admit(d *door, raw net.Conn) {
	c := s.newConn(d, raw)
	if limit, ok := s.counts.enter(c); !ok {
		s.refuse(c, limit)
		_ = raw.Close()
		return
	}
	s.sessions.Add(1)
	go func() {
		defer s.sessions.Done()
		s.serve(c)
	}()
}

// serve is the life of a connection.
func (s *Server) serve(c *Conn) {
	defer s.recovered(c) // a panic of the two below
	defer s.counts.leave(c)
	defer func() { _ = c.Close() }()
	defer s.recovered(c) // a panic of the door, counted before the client sees the end
	c.hurry(c.accepted.Add(s.cfg.HandshakeTimeout))
	if err := c.readProxy(); err != nil {
		s.seldom.Log(s.log, slog.LevelInfo, "proxy header refused", c.door.Name, "conn", c.id, "remote", c.raw.RemoteAddr(), "error", err)
		return
	}
	victim, limit, ok := s.counts.identify(c)
	if !ok {
		s.refuse(c, limit)
		return
	}
	if victim != nil {
		s.evict(victim, limit)
	}
	if c.door.TLS == TLSImplicit {
		if err := c.handshake(s.ctx); err != nil {
			return // reported
		}
	}
	c.unhurry()
	s.handler(s.ctx, c)
	if s.hooks.OnEnded != nil {
		s.hooks.OnEnded(Ended{
			ID: c.id, Listener: c.door.Name, Protocol: c.door.Protocol,
			SignedIn: c.signedIn.Load(), Lasted: time.Since(c.accepted),
		})
	}
}

// recovered ends a connection whose door panicked, and no other.
func (s *Server) recovered(c *Conn) {
	v := recover()
	if v == nil {
		return
	}
	stack := debug.Stack()
	s.panics.Add(1)
	s.log.Error("panic in a session", "conn", c.id, "listener", c.door.Name, "panic", fmt.Sprint(v), "stack", string(stack))
	if s.hooks.OnPanic != nil {
		s.hooks.OnPanic(c, v, stack)
	}
}

// refuse tells a client that is over a limit, if that can be done at once.
func (s *Server) refuse(c *Conn, limit string) {
	s.report(c, limit, false)
	if c.door.Busy != "" && c.door.TLS != TLSImplicit {
		_ = c.raw.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = c.raw.Write([]byte(c.door.Busy))
	}
}

// evict cuts a connection off that has not signed in.
func (s *Server) evict(c *Conn, limit string) {
	s.report(c, limit, true)
	_ = c.raw.Close()
}

func (s *Server) report(c *Conn, limit string, evicted bool) {
	s.seldom.Log(s.log, slog.LevelInfo, "connection over a limit", c.door.Name, "conn", c.id, "remote", c.RemoteAddr(), "limit", limit, "evicted", evicted)
	if s.hooks.OnLimited != nil {
		s.hooks.OnLimited(Limited{
			Listener: c.door.Name, Protocol: c.door.Protocol, RemoteAddr: c.RemoteAddr(), Limit: limit, Evicted: evicted,
		})
	}
}

// Stats are numbers for the metrics.
type Stats struct {
	Open         map[string]int // connections by listener
	BeforeSignIn int
	Panics       int64
}

// Stats tells how many connections there are.
func (s *Server) Stats() Stats {
	st := s.counts.stats()
	st.Panics = s.panics.Load()
	return st
}

// Shutdown stops accepting, ends the sessions' context and waits for them. When
// ctx ends first, what is left is closed, and the result is Canceled.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.closeSockets()
	s.drain()
	s.loops.Wait()
	for _, c := range s.counts.all() {
		c.wake()
	}
	done := make(chan struct{})
	go func() {
		s.sessions.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	left := s.counts.all()
	for _, c := range left {
		_ = c.raw.Close()
	}
	<-done
	return fault.New(fault.Canceled, "listen.Shutdown", "%d connections were cut off: %w", len(left), ctx.Err())
}

func (s *Server) closeSockets() {
	for _, d := range s.doors {
		_ = d.socket.Close()
	}
}
