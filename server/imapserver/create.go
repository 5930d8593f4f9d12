package imapserver

import (
	"context"

	"postern/fault"
	"postern/wire/imapwire"
)

// create is CREATE (RFC 9051 §6.3.4) with the special uses of RFC 6154 §3. The
// MAILBOXID is told (RFC 8474 §4.1).
func (s *session) create(ctx context.Context, c *imapwire.Create) (reply, error) {
	info, err := s.box.Create(ctx, c.Mailbox, c.Use)
	if err == nil {
		return okCode(imapwire.CodeMailboxID(info.ID), "The mailbox is there now."), nil
	}
	r := s.refuse(err)
	if len(c.Use) > 0 && (fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unsupported)) {
		r = no(imapwire.UseAttr, "The special use is unknown, or another mailbox has it.") // RFC 6154 §3
	}
	return r, nil
}
