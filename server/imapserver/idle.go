package imapserver

import (
	"context"
	"errors"

	"postern/wire/imapwire"
)

// idle is IDLE (RFC 9051 §6.3.13). The session waits for its client as it
// always does; a change of the mailbox interrupts that wait, so no goroutine is
// needed for it. The decoder's buffer is given back for that time.
func (s *session) idle(context.Context, *imapwire.Idle) (reply, error) {
	s.out.begin()
	s.out.B = s.out.Enc.AppendContinue(s.out.B, "idling")
	s.idling = true
	if s.view != nil {
		s.in.wakeable = true
		s.view.Notify(s.in.wake)
		if gone := s.idleNews(); gone {
			return s.idleGone(), nil
		}
	}
	s.dec.Rest()
	return reply{later: true}, nil
}

// idleNews tells what changed while the client idles.
func (s *session) idleNews() (gone bool) {
	s.in.woken.Store(false)
	before := len(s.out.B)
	gone = s.news(true)
	if !gone && len(s.out.B) > before {
		s.srv.obs.Pushed(1)
	}
	return gone
}

// push is idleNews after the mailbox woke the session.
func (s *session) push(ctx context.Context) (why string) {
	if gone := s.idleNews(); gone {
		return s.answer(ctx, s.idleGone())
	}
	if err := s.out.flush(); err != nil {
		return s.broken(err)
	}
	return ""
}

// idleEnds reads the line that ends IDLE, whose first byte is there, and
// answers.
func (s *session) idleEnds(ctx context.Context) (why string) {
	s.stopIdling()
	err := s.dec.ReadDone()
	r := ok("IDLE has ended.")
	var syntax *imapwire.SyntaxError
	switch {
	case errors.As(err, &syntax):
		r = bad(syntax.Text)
		if syntax.Close {
			r.end, r.bye = endRefused, syntax.Text
		}
	case err != nil:
		return s.broken(err)
	}
	s.newsBefore(&r, true)
	return s.answer(ctx, r)
}

// idleGone ends IDLE because the mailbox is gone.
func (s *session) idleGone() reply {
	s.stopIdling()
	return reply{cond: imapwire.OK, text: "The mailbox is gone.", end: endDeleted, bye: "The selected mailbox was deleted."}
}

func (s *session) stopIdling() {
	s.idling, s.in.wakeable = false, false
	if s.view != nil {
		s.view.Notify(nil)
	}
}
