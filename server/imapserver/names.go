package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// create is CREATE (RFC 9051 §6.3.4) with the special uses of RFC 6154 §3. The
// MAILBOXID is told (RFC 8474 §4.1).
func (s *session) create(ctx context.Context, c *imapwire.Create) (reply, error) {
	info, err := s.box.Create(ctx, c.Mailbox, c.Use)
	if err != nil {
		r := s.refuse(err)
		if len(c.Use) > 0 && r.code == imapwire.Cannot {
			r.code = imapwire.UseAttr
		}
		return r, nil
	}
	return okCode(imapwire.CodeMailboxID(info.ID), "The mailbox is there now."), nil
}

// doDelete is DELETE (RFC 9051 §6.3.5). The session's own selection ends first;
// other sessions that have the mailbox selected get BYE.
func (s *session) doDelete(ctx context.Context, c *imapwire.Delete) (reply, error) {
	own := s.view != nil && s.view.Info().Name == c.Mailbox
	if err := s.box.Delete(ctx, c.Mailbox); err != nil {
		return reply{}, err
	}
	if own {
		s.closeView()
		s.out.status("", imapwire.OK, imapwire.Closed, "The mailbox was deleted and is not selected any more.")
	}
	return ok("The mailbox is gone."), nil
}

// rename is RENAME (RFC 9051 §6.3.6).
func (s *session) rename(ctx context.Context, c *imapwire.Rename) (reply, error) {
	if err := s.box.Rename(ctx, c.From, c.To); err != nil {
		return reply{}, err
	}
	return ok("The mailbox has its new name."), nil
}

// subscribe is SUBSCRIBE (RFC 9051 §6.3.7).
func (s *session) subscribe(ctx context.Context, c *imapwire.Subscribe) (reply, error) {
	if err := s.box.Subscribe(ctx, c.Mailbox); err != nil {
		return reply{}, err
	}
	return ok("Subscribed."), nil
}

// unsubscribe is UNSUBSCRIBE (RFC 9051 §6.3.8).
func (s *session) unsubscribe(ctx context.Context, c *imapwire.Unsubscribe) (reply, error) {
	if err := s.box.Unsubscribe(ctx, c.Mailbox); err != nil {
		return reply{}, err
	}
	return ok("Not subscribed any more."), nil
}
