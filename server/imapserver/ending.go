package imapserver

import (
	"errors"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"postern/signin"
	"postern/wire/imapwire"
)

// end tells the session to say goodbye and go. Any goroutine may call it; the
// first reason stays.
func (s *session) end(why string) {
	if s.ending.CompareAndSwap(nil, &why) {
		s.endedAt.Store(time.Now().UnixNano())
		s.in.stop()
		s.cancel()
	}
}

// cut closes the connection of a session that does not go by itself.
func (s *session) cut() { _ = s.conn.Close() }

// look is the janitor's visit.
func (s *session) look(now time.Time) {
	if g := s.granted.Load(); g != nil {
		select {
		case <-(*g).Done():
			s.end(endRevoked)
		default:
		}
	}
	if at := s.endedAt.Load(); at != 0 && now.UnixNano()-at > int64(grace) {
		s.cut()
	}
}

// recovered is the connection's one recover: the client is told, the stack is
// logged, the connection ends.
func (s *session) recovered(why *string) {
	p := recover()
	if p == nil {
		return
	}
	*why = endPanic
	s.srv.obs.Panicked()
	id := s.faultID()
	s.log.Error("panic", "fault", id, "verb", s.verb, "panic", p, "stack", string(debug.Stack()))
	if b := s.out.B; len(b) > 0 && b[len(b)-1] != '\n' {
		s.out.B = append(b, "\r\n"...) // a response broke off
	}
	s.out.status(s.tag, imapwire.NO, imapwire.ServerBug, "Internal error "+id+"; please tell your administrator this number.")
	s.out.status("", imapwire.BYE, imapwire.ServerBug, "Internal error "+id)
	_ = s.out.flush()
}

// faultID names one internal error in the log and to the client.
func (s *session) faultID() string {
	s.faults++
	return s.conn.ID() + "-" + strconv.Itoa(s.faults)
}

// seldom logs what clients can cause as often as they like.
func (s *session) seldom(level slog.Level, message string, args ...any) {
	s.srv.seldom.Log(s.srv.log, level, message, s.conn.Listener(), append(args, "id", s.conn.ID(), "client", addr(s.conn))...)
}

// leave frees what the session holds and reports its end.
func (s *session) leave(why string) {
	s.out.B = nil
	_ = s.out.flush()
	s.closeView()
	if s.box != nil {
		s.box.Close()
	}
	if s.grant != nil {
		s.grant.Release()
	}
	if !s.judged && why != endLogout && why != endShutdown {
		s.srv.opt.Authority.NoVerdict(signin.Unfinished{
			Protocol: "imap", Listener: s.conn.Listener(), Client: clientAddr(s.conn), Reason: unfinished(why),
		})
	}
	lasted := time.Since(s.started)
	s.srv.obs.SessionEnded(s.conn.Listener(), why, s.in.received, s.out.written, lasted)
	s.log.Debug("connection ended", "why", why, "received", s.in.received, "sent", s.out.written, "lasted", lasted)
	if why == endGone || why == endForeign || s.out.err != nil {
		_ = s.conn.Close()
	} else {
		_ = s.conn.HangUp()
	}
}

// unfinished is why a connection came to no verdict, in the authority's words.
func unfinished(why string) string {
	switch why {
	case endIdle, endSlow:
		return "timeout"
	case endGone:
		return "closed"
	}
	return "protocol"
}

// broken ends a session whose connection cannot go on, with BYE where the
// client may still hear it.
func (s *session) broken(err error) (why string) {
	bye := ""
	select {
	case <-s.over: // a listener that drains ends reads as if time were up
		s.end(endShutdown)
	default:
	}
	ending := s.ending.Load()
	switch {
	case ending != nil && (errors.Is(err, errStopped) || errors.Is(err, errIdle) || errors.Is(err, errSlow)):
		why, bye = *ending, "The server is shutting down, please come back in a moment."
		if why == endRevoked {
			bye = "Your sign-in has ended; please sign in again."
		}
	case errors.Is(err, errIdle):
		why, bye = endIdle, "Nothing was heard from you for a long time."
	case errors.Is(err, errSlow):
		why, bye = endSlow, "The command took too long to arrive."
	case gone(err):
		return endGone
	default:
		s.log.Debug("connection broke", "error", err)
		return endGone
	}
	if s.out.err == nil {
		s.out.status("", imapwire.BYE, nil, bye)
		_ = s.out.flush()
	}
	return why
}
