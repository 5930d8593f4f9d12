package imapserver

import (
	"context"

	"postern/signin"
	"postern/wire/imapwire"
)

// login is LOGIN (RFC 9051 §6.2.3).
func (s *session) login(ctx context.Context, c *imapwire.Login) (reply, error) {
	defer c.Password.Wipe()
	return s.attempt(ctx, signin.Attempt{
		Mechanism: "LOGIN", Name: c.Name, Proof: signin.Password{Secret: c.Password},
	})
}
