package imapserver

import (
	"context"
	"errors"
	"time"

	"postern/wire/imapwire"
)

// idle is IDLE (RFC 9051 §6.3.13). The session waits for its client as it
// always does; a change of the mailbox interrupts that wait, so no goroutine is
// needed for it.
func (s *session) idle(context.Context, *imapwire.Idle) (reply, error) {
	s.out.begin()
	s.out.B = s.out.Enc.AppendContinue(s.out.B, "idling")
	until := time.Now().Add(s.srv.opt.Timeouts.Idle)
	defer s.watch()()
	s.in.wakeable = true
	defer func() { s.in.wakeable = false }()
	for {
		if s.view != nil {
			s.in.woken.Store(false)
			if gone := s.news(true); gone {
				return reply{cond: imapwire.OK, text: "The mailbox is gone.", end: endDeleted, bye: "The selected mailbox was deleted."}, nil
			}
			if len(s.out.B) > 0 {
				s.srv.obs.Pushed(1)
			}
		}
		if s.dec.Buffered() > 0 {
			break
		}
		err := s.in.wait(until)
		if err == nil {
			break
		}
		if !errors.Is(err, errWoken) {
			return reply{dead: err}, nil
		}
	}
	s.in.wakeable = false
	s.in.command(s.srv.opt.Timeouts.Command)
	err := s.dec.ReadDone()
	var syntax *imapwire.SyntaxError
	switch {
	case errors.As(err, &syntax):
		r := bad(syntax.Text)
		if syntax.Close {
			r.end, r.bye = endRefused, syntax.Text
		}
		return r, nil
	case err != nil:
		return reply{dead: err}, nil
	}
	return ok("IDLE has ended."), nil
}

// watch has the selected mailbox wake the session until the function that it
// returns is called.
func (s *session) watch() (stop func()) {
	if s.view == nil {
		return func() {}
	}
	view := s.view
	view.Notify(s.in.wake)
	return func() { view.Notify(nil) }
}
