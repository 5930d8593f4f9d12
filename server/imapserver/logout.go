package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// logout is LOGOUT (RFC 9051 §6.1.3): BYE, and then the tagged line.
func (s *session) logout(context.Context, *imapwire.Logout) (reply, error) {
	return reply{
		cond: imapwire.OK, text: "Goodbye.", quiet: true,
		end: endLogout, bye: "Until next time.", byeFirst: true,
	}, nil
}
