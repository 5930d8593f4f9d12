package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// rename is RENAME (RFC 9051 §6.3.6).
func (s *session) rename(ctx context.Context, c *imapwire.Rename) (reply, error) {
	if err := s.box.Rename(ctx, c.From, c.To); err != nil {
		return reply{}, err
	}
	return ok("The mailbox has its new name."), nil
}
