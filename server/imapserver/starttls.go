package imapserver

import (
	"context"
	"log/slog"
	"time"

	"postern/wire/imapwire"
)

// startTLS is STARTTLS (RFC 9051 §6.2.1). A client that sent anything after it
// before our answer is refused: those bytes came in the clear, and obeying them
// under TLS is the injection that RFC 9051 §11.1 warns of. Whatever the client
// said of itself is forgotten too.
func (s *session) startTLS(context.Context, *imapwire.StartTLS) (reply, error) {
	switch {
	case s.conn.TLS() != nil:
		return bad("TLS is active already."), nil
	case !s.conn.CanStartTLS():
		return bad("STARTTLS is not offered here."), nil
	case s.dec.Buffered() > 0 || s.in.buffered() > 0:
		s.seldom(slog.LevelWarn, "bytes after STARTTLS before TLS began")
		return reply{
			cond: imapwire.BAD, text: "Nothing may follow STARTTLS before TLS is active.",
			end: endRefused, bye: "Commands were sent after STARTTLS without waiting.",
		}, nil
	}
	r := ok("Begin TLS now.")
	r.after = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, s.srv.opt.Timeouts.SignIn)
		defer cancel()
		if err := s.conn.SetDeadline(time.Now().Add(s.srv.opt.Timeouts.SignIn)); err != nil {
			return err
		}
		if err := s.conn.StartTLS(ctx); err != nil {
			return err
		}
		s.dec.Reset(&s.in)
		s.client = ""
		return nil
	}
	return r, nil
}
