package imapserver

import (
	"context"
	"errors"
	"slices"

	"postern/signin"
	"postern/wire/imapwire"
	"postern/wire/sasl"
)

// authenticate is AUTHENTICATE (RFC 9051 §6.2.2, RFC 4959) with PLAIN
// (RFC 4616). A mechanism that is not offered goes to the authority without a
// proof, so that it is logged and gets the authority's words; the client is not
// asked for a secret that would be of no use.
func (s *session) authenticate(ctx context.Context, c *imapwire.Authenticate) (reply, error) {
	defer c.Initial.Wipe()
	a := signin.Attempt{Mechanism: c.Mechanism, Proof: signin.MalformedProof{}}
	if c.Mechanism != "PLAIN" || !slices.Contains(s.mechanisms(), "PLAIN") {
		return s.attempt(ctx, a)
	}
	resp := c.Initial
	if !c.HasInitial {
		s.out.begin()
		s.out.B = imapwire.AppendChallenge(s.out.B, nil)
		var cancelled bool
		var err error
		resp, cancelled, err = s.dec.ReadSASL()
		defer resp.Wipe()
		var syntax *imapwire.SyntaxError
		switch {
		case errors.As(err, &syntax):
			if syntax.Close {
				return reply{cond: imapwire.BAD, text: syntax.Text, end: endRefused, bye: syntax.Text}, nil
			}
			return bad(syntax.Text), nil
		case err != nil:
			return reply{dead: err}, nil
		case cancelled:
			return bad("The sign-in was cancelled, as you asked."), nil
		}
	}
	if p, err := sasl.ParsePlain(resp.Reveal()); err == nil {
		defer p.Password.Wipe()
		a.Authorize, a.Name, a.Proof = p.AuthorizationID, p.Name, signin.Password{Secret: p.Password}
	}
	return s.attempt(ctx, a)
}
