package imapserver

import (
	"context"

	"postern/fault"
	"postern/wire/imapwire"
)

// subscribe is SUBSCRIBE (RFC 9051 §6.3.7).
func (s *session) subscribe(ctx context.Context, c *imapwire.Subscribe) (reply, error) {
	if err := s.box.Subscribe(ctx, c.Mailbox); err != nil {
		return reply{}, err
	}
	return ok("Subscribed."), nil
}

// unsubscribe is UNSUBSCRIBE (RFC 9051 §6.3.8). A name that is not subscribed is
// no error: mail programs unsubscribe what they delete, without looking.
func (s *session) unsubscribe(ctx context.Context, c *imapwire.Unsubscribe) (reply, error) {
	if err := s.box.Unsubscribe(ctx, c.Mailbox); err != nil && !fault.Is(err, fault.NotFound) {
		return reply{}, err
	}
	return ok("Not subscribed any more."), nil
}
