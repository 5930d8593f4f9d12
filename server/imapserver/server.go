package imapserver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"postern/fault"
	"postern/mailbox"
	"postern/server/listen"
	"postern/signin"
	"postern/signin/grant"
)

// Authority is what the door needs of signin.Authority.
type Authority interface {
	// SignIn judges an attempt. It always gives a verdict.
	SignIn(ctx context.Context, a signin.Attempt) signin.Verdict
	// Mechanisms are the ways to sign in that may be advertised now: "LOGIN"
	// for the command, and SASL mechanisms.
	Mechanisms(protocol, listener string, tls bool) []string
	// NoVerdict counts a connection that ended before any attempt.
	NoVerdict(u signin.Unfinished)
}

// Mailboxes opens an account's mail; mailbox.Engine does it.
type Mailboxes interface {
	Open(ctx context.Context, g grant.Grant) (*mailbox.Session, error)
}

// Options are what a Server needs. The zero value of each optional field is
// its default.
type Options struct {
	Authority Authority
	Mailboxes Mailboxes
	Logger    *slog.Logger // nil: silent
	Observer  Observer     // nil: nobody counts
	// Name and Version are what ID tells of the server (RFC 2971).
	Name, Version string
	// AppendLimit is the largest message, in bytes, as APPENDLIMIT says it
	// (RFC 7889); 0 is DefaultAppendLimit. The mailbox engine enforces its own.
	AppendLimit int64
	Timeouts    Timeouts
	// MaxFailures ends a connection after so many refused sign-ins; default 5.
	MaxFailures int
	// Trace logs each command's verb and answer at debug level. It never logs
	// arguments.
	Trace bool
}

// DefaultAppendLimit is the largest message if Options do not say.
const DefaultAppendLimit = 64 << 20

// Timeouts bound how long a client may be silent. Zero fields mean defaults.
type Timeouts struct {
	SignIn  time.Duration // without a command before sign-in; default 1 minute
	PreAuth time.Duration // for the whole time before sign-in; default 5 minutes
	Idle    time.Duration // after sign-in, IDLE included; default 30 minutes (RFC 9051 §5.4)
	Command time.Duration // from a command's first byte to its last, more for long ones; default 1 minute
	Write   time.Duration // for the client to take 64 KiB; default 2 minutes
}

func (t Timeouts) orDefaults() Timeouts {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&t.SignIn, time.Minute)
	set(&t.PreAuth, 5*time.Minute)
	set(&t.Idle, 30*time.Minute)
	set(&t.Command, time.Minute)
	set(&t.Write, 2*time.Minute)
	return t
}

// Server serves IMAP4 on connections that it is handed. All methods may be
// called at the same time.
type Server struct {
	opt     Options
	log     *slog.Logger
	obs     Observer
	pool    *buffers
	table   map[string]command
	quit    chan struct{}
	janitor sync.WaitGroup
	seldom  listen.Seldom

	mu       sync.Mutex // guards what follows
	sessions map[*session]struct{}
	closed   bool
	empty    chan struct{} // closed when closed and no session is left
}

// New makes a server. Close ends it.
func New(opt Options) (*Server, error) {
	if opt.Authority == nil || opt.Mailboxes == nil {
		return nil, fault.New(fault.Invalid, "imapserver.New", "want an authority and mailboxes")
	}
	opt.Timeouts = opt.Timeouts.orDefaults()
	if opt.AppendLimit <= 0 {
		opt.AppendLimit = DefaultAppendLimit
	}
	if opt.MaxFailures <= 0 {
		opt.MaxFailures = 5
	}
	if opt.Name == "" {
		opt.Name = "Postern"
	}
	s := &Server{
		opt: opt, log: opt.Logger, obs: opt.Observer, pool: newBuffers(), table: commands(),
		quit: make(chan struct{}), sessions: make(map[*session]struct{}), empty: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.obs == nil {
		s.obs = nobody{}
	}
	s.janitor.Go(s.watchGrants)
	return s, nil
}

// Serve speaks IMAP on conn until the client leaves, the session is ended, or
// ctx ends (then with BYE). It closes conn. It returns when all is done.
func (s *Server) Serve(ctx context.Context, conn Conn) {
	n := newSession(s, conn)
	ctx = n.within(ctx)
	if !s.add(n) {
		n.cancel()
		n.out.status("", byeCondition, codeUnavailable, "The server is shutting down, please come back in a moment.")
		_ = n.out.flush()
		_ = conn.HangUp()
		return
	}
	defer s.remove(n)
	n.serve(ctx)
}

func (s *Server) add(n *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.sessions[n] = struct{}{}
	return true
}

func (s *Server) remove(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, n)
	if s.closed && len(s.sessions) == 0 {
		close(s.empty)
	}
}

// Close ends every session with BYE, waits for them until ctx ends, closes
// what is left, and returns when all have gone. Calling it again does nothing.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if len(s.sessions) == 0 {
		close(s.empty)
	}
	for n := range s.sessions {
		n.end(endShutdown)
	}
	s.mu.Unlock()
	close(s.quit)
	s.janitor.Wait()
	var err error
	select {
	case <-s.empty:
	case <-ctx.Done():
		err = fault.Wrap(fault.Canceled, "imapserver.Close", ctx.Err())
		s.mu.Lock()
		for n := range s.sessions {
			n.cut()
		}
		s.mu.Unlock()
		<-s.empty
	}
	return err
}

// grace is how long a session that was told to end may take to say goodbye.
const grace = 5 * time.Second

// watchGrants ends sessions whose grant was revoked, within a second, and cuts
// those that did not end in time because their client takes nothing. One
// goroutine for all of them is cheaper than one each. It also tells what was left
// out of the log.
func (s *Server) watchGrants() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.quit:
			s.seldom.Tell(s.log, time.Now().Add(time.Hour))
			return
		case now := <-tick.C:
			s.seldom.Tell(s.log, now)
			s.mu.Lock()
			for n := range s.sessions {
				n.look(now)
			}
			s.mu.Unlock()
		}
	}
}
