package imapserver

import (
	"context"
	"errors"
	"io"

	"postern/fault"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// doAppend is APPEND (RFC 9051 §6.3.12) with RFC 3502, 3516, 6855 and 7889.
// Whatever can be refused is refused before the client is asked for the bytes.
func (s *session) doAppend(ctx context.Context, c *imapwire.Append) (reply, error) {
	r, err := s.takeMessages(ctx, c)
	var syntax *imapwire.SyntaxError
	switch {
	case r.dead != nil:
		return r, nil //nolint:nilerr // the connection failed: the reply says so
	case err == nil:
		return r, nil
	case errors.As(err, &syntax):
		r = bad(syntax.Text)
		if syntax.Close {
			r.end, r.bye = endRefused, syntax.Text
		}
		return r, nil
	}
	r = s.refuseAppend(err)
	tooMuch, err := c.Refuse()
	switch {
	case err != nil:
		r.dead = err
	case tooMuch:
		r.end, r.bye = endRefused, "What came was too much to skip."
	}
	return r, nil
}

// refuseAppend is the answer to an APPEND that the mailbox engine refuses.
func (s *session) refuseAppend(err error) reply {
	switch fault.KindOf(err) { //nolint:exhaustive // the others mean what they always mean
	case fault.NotFound:
		return tryCreate()
	case fault.TooLarge:
		return no(imapwire.TooBig, "The message is too large.")
	}
	return s.refuse(err)
}

// takeMessages runs the whole APPEND. An error is a refusal, unless the reply
// is dead: then the connection failed.
func (s *session) takeMessages(ctx context.Context, c *imapwire.Append) (reply, error) {
	const op = "imapserver.Append"
	if c.Message.Size > s.srv.opt.AppendLimit {
		return reply{}, fault.New(fault.TooLarge, op, "the message is too large")
	}
	app, err := s.box.BeginAppend(ctx, c.Mailbox, c.Message.Size)
	if err != nil {
		return reply{}, err
	}
	defer app.Abort()
	for more := true; more; {
		m := c.Message
		switch {
		case m.Size == 0: // RFC 3502 §6.3.11: the client aborts
			return reply{}, fault.New(fault.Invalid, op, "a message of no bytes is not stored")
		case m.Size > s.srv.opt.AppendLimit:
			return reply{}, fault.New(fault.TooLarge, op, "the message is too large")
		case m.UTF8 && !s.enabled.utf8 && !s.enabled.rev2: // RFC 6855 §4
			return reply{}, fault.New(fault.Invalid, op, "UTF8 needs ENABLE UTF8=ACCEPT first")
		}
		w, err := app.Next(ctx, mailbox.AppendMessage{Flags: m.Flags, Received: m.Date, Size: m.Size})
		if err != nil {
			return reply{}, err
		}
		r, err := c.Accept()
		if err != nil {
			return reply{dead: err}, err
		}
		if dead, err := s.pour(w, r); err != nil {
			return reply{dead: dead}, err
		}
		if more, err = c.More(); err != nil {
			var syntax *imapwire.SyntaxError
			if errors.As(err, &syntax) {
				return reply{}, err
			}
			return reply{dead: err}, err
		}
	}
	res, err := app.Commit(ctx)
	if err != nil {
		return reply{}, err
	}
	return okCode(imapwire.CodeAppendUID(res.UIDValidity, imapwire.UIDSetOf(res.UIDs)), "Stored."), nil
}

// pour copies a message from the client to the engine through a pooled buffer.
// dead is set if it was the client's side that failed.
func (s *session) pour(w io.Writer, r io.Reader) (dead, err error) {
	buf := s.srv.pool.large.Get().(*[largeBuffer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer s.srv.pool.large.Put(buf)
	for {
		n, err := r.Read(buf[:])
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return nil, werr
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return err, err
		}
	}
}
