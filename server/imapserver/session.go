package imapserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"postern/mailbox"
	"postern/signin/grant"
	"postern/wire/imapwire"
)

// state is where a session stands (RFC 9051 §3).
type state uint8

const (
	notSignedIn state = 1 << iota
	signedIn
	selected
)

// The endings of a session, as Observer and the log have them.
const (
	endLogout   = "logout"
	endGone     = "client gone"
	endIdle     = "idle"
	endSlow     = "slow client"
	endRevoked  = "revoked"
	endShutdown = "shutdown"
	endForeign  = "not imap"
	endRefused  = "refused"
	endDeleted  = "mailbox deleted"
	endPanic    = "panic"
)

// session is one connection.
type session struct {
	srv  *Server
	conn Conn
	log  *slog.Logger
	in   input
	out  output
	dec  *imapwire.Decoder

	state   state
	grant   grant.Grant
	judged  bool // the authority gave a verdict
	box     *mailbox.Session
	view    *mailbox.View
	held    bool // news were told that are younger than removals held back
	saved   imapwire.UIDSet
	enabled extensions

	client   string // what ID said, cleaned
	failures int    // refused sign-ins
	faults   int    // internal errors, for their ids
	tag      string // of the command under way
	verb     string
	began    time.Time
	idling   bool // IDLE is the command under way
	started  time.Time

	cancel  context.CancelFunc
	over    <-chan struct{}             // closed when the server shuts down
	granted atomic.Pointer[grant.Grant] // for the janitor
	ending  atomic.Pointer[string]      // why the session was told to end
	endedAt atomic.Int64                // when, Unix nanoseconds
}

// extensions are what ENABLE and its kin switched on.
type extensions struct {
	condstore, qresync, utf8, rev2 bool
}

func newSession(srv *Server, conn Conn) *session {
	s := &session{
		srv: srv, conn: conn, state: notSignedIn, started: time.Now(),
		log: srv.log.With("id", conn.ID(), "protocol", "imap", "listener", conn.Listener(), "client", addr(conn)),
	}
	s.out.conn, s.out.pool, s.out.limit = conn, srv.pool, s.writeLimit
	s.in.conn, s.in.out = conn, &s.out
	s.dec = imapwire.NewDecoder(&s.in, imapwire.BeforeSignIn(), s.goAhead)
	return s
}

func addr(c Conn) string {
	if a := c.RemoteAddr(); a != nil {
		return a.String()
	}
	return ""
}

// goAhead tells the client that a literal is wanted; the decoder calls it.
func (s *session) goAhead() error {
	s.out.begin()
	s.out.B = s.out.Enc.AppendContinue(s.out.B, "Go ahead")
	return s.out.flush()
}

// writeLimit is the deadline of a write that begins now.
func (s *session) writeLimit() time.Time {
	if s.ending.Load() != nil {
		return time.Now().Add(grace)
	}
	return time.Now().Add(s.srv.opt.Timeouts.Write)
}

// within makes the context that the session's commands run in, which end
// cancels: a long search stops then. A commit under way is waited for.
func (s *session) within(ctx context.Context) context.Context {
	s.over = ctx.Done()
	ctx, s.cancel = context.WithCancel(ctx)
	return ctx
}

// serve is the life of the connection, in the context of within.
func (s *session) serve(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { s.end(endShutdown) })
	why := endPanic
	defer func() {
		stop()
		s.cancel()
		s.leave(why)
	}()
	defer s.recovered(&why)
	s.srv.obs.SessionBegan(s.conn.Listener(), s.conn.TLS() != nil)
	why = s.converse(ctx)
}

// converse greets, and then waits for commands and has them done until the
// session ends.
func (s *session) converse(ctx context.Context) (why string) {
	if why = s.apart(s.greet); why != "" {
		return why
	}
	for {
		if s.dec.Buffered() == 0 {
			err := s.in.wait(s.waitUntil())
			if errors.Is(err, errWoken) {
				if why = s.apart(func() string { return s.push(ctx) }); why != "" {
					return why
				}
				continue
			}
			if err != nil {
				return s.broken(err)
			}
		}
		if why = s.apart(func() string { return s.work(ctx) }); why != "" {
			return why
		}
	}
}

// apart runs f on a goroutine of its own, and waits for it. Commands go deep,
// and a stack that has grown stays large; the session's own goroutine only
// waits, so that its small stack is all that an idle session costs.
func (s *session) apart(f func() (why string)) string {
	done := make(chan string, 1)
	go func() {
		why := endPanic
		defer func() { done <- why }()
		defer s.recovered(&why)
		why = f()
	}()
	return <-done
}

// work reads and answers commands until none is left of what has arrived.
func (s *session) work(ctx context.Context) (why string) {
	for {
		s.in.command(s.srv.opt.Timeouts.Command)
		if s.idling {
			why = s.idleEnds(ctx)
		} else if tag, cmd, err := s.dec.Next(); err == nil {
			why = s.obey(ctx, tag, cmd)
		} else {
			why = s.unread(err)
		}
		switch {
		case why != "":
			_ = s.out.flush()
			return why
		case s.out.err != nil:
			return s.broken(s.out.err)
		case s.in.stopped.Load():
			return s.broken(errStopped)
		case s.dec.Buffered() > 0:
			continue
		}
		if err := s.out.flush(); err != nil {
			return s.broken(err)
		}
		return ""
	}
}

func (s *session) greet() (why string) {
	s.out.status("", imapwire.OK, imapwire.CodeCapability(s.capabilities()), s.srv.opt.Name+" is ready.")
	if err := s.out.flush(); err != nil {
		return s.broken(err)
	}
	return ""
}

// waitUntil is when a silent client is given up.
func (s *session) waitUntil() time.Time {
	t := s.srv.opt.Timeouts
	if s.idling {
		return s.began.Add(t.Idle)
	}
	now := time.Now()
	if s.state != notSignedIn {
		return now.Add(t.Idle)
	}
	until := now.Add(t.SignIn)
	if last := s.started.Add(t.PreAuth); last.Before(until) {
		return last
	}
	return until
}

// obey runs one command and answers it.
func (s *session) obey(ctx context.Context, tag string, cmd imapwire.Command) (why string) {
	s.tag, s.verb, s.began = tag, cmd.Verb(), time.Now()
	c, known := s.srv.table[s.verb]
	switch {
	case !known:
		return s.answer(ctx, bad("This command is not supported."))
	case c.states&s.state == 0:
		return s.answer(ctx, wrongState(c.states, s.state))
	}
	r, err := c.run(s, ctx, cmd)
	if s.out.err != nil {
		return s.broken(s.out.err)
	}
	if err != nil {
		r = s.refuse(err)
	}
	switch {
	case r.dead != nil:
		return s.broken(r.dead)
	case r.later:
		return ""
	}
	s.newsBefore(&r, c.expunge)
	return s.answer(ctx, r)
}

// newsBefore tells what changed before the tagged line.
func (s *session) newsBefore(r *reply, expunge bool) {
	if s.view == nil || r.quiet || r.end != "" {
		return
	}
	if gone := s.news(expunge && !r.keep); gone {
		r.end, r.bye = endDeleted, "The selected mailbox was deleted."
	}
	s.sayHeld()
}

// answer writes the tagged line of the command under way, which is over then.
func (s *session) answer(ctx context.Context, r reply) (why string) {
	s.finish(s.tag, &r)
	took := time.Since(s.began)
	s.srv.obs.Command(s.verb, r.cond.String(), took)
	if s.srv.opt.Trace {
		s.log.Debug("command", "tag", s.tag, "verb", s.verb, "answer", r.cond.String(), "text", r.text, "took", took)
	}
	s.tag, s.verb = "", ""
	if r.after != nil && s.out.err == nil {
		if err := s.out.flush(); err != nil {
			return s.broken(err)
		}
		if err := r.after(ctx); err != nil {
			s.seldom(slog.LevelInfo, "handshake failed", "error", err)
			return endGone
		}
	}
	return r.end
}

// finish writes the tagged line and what ends the session.
func (s *session) finish(tag string, r *reply) {
	if r.bye != "" && r.byeFirst {
		s.out.status("", imapwire.BYE, nil, r.bye)
	}
	s.out.status(tag, r.cond, r.code, r.text)
	if r.bye != "" && !r.byeFirst {
		s.out.status("", imapwire.BYE, nil, r.bye)
	}
}

// unread answers what could not be read.
func (s *session) unread(err error) (why string) {
	var syntax *imapwire.SyntaxError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.EOF) {
			return endGone
		}
		return s.broken(err)
	}
	s.srv.obs.Command("", "BAD", 0)
	if syntax.Reason == imapwire.Foreign {
		s.seldom(slog.LevelInfo, "another protocol spoken on an IMAP port")
		return endForeign
	}
	if syntax.Saves {
		s.saved = imapwire.UIDSet{}
	}
	s.syntax(syntax)
	if syntax.Close {
		s.out.status("", imapwire.BYE, imapwire.TooBig, "What came was too much to skip.")
		return endRefused
	}
	return ""
}
