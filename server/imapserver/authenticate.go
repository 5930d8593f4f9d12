package imapserver

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"postern/mail"
	"postern/signin"
	"postern/wire/imapwire"
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
	if authz, authc, secret, fine := splitPlain(resp); fine {
		a.Authorize, a.Name, a.Proof = authz, authc, signin.Password{Secret: secret}
	}
	return s.attempt(ctx, a)
}

// splitPlain takes a PLAIN message apart: authzid NUL authcid NUL password
// (RFC 4616 §2). The password shares the message's memory.
func splitPlain(msg mail.Secret) (authz, authc string, secret mail.Secret, fine bool) {
	parts := bytes.Split(msg.Reveal(), []byte{0})
	if len(parts) != 3 || len(parts[1]) == 0 || len(parts[2]) == 0 || !utf8.Valid(msg.Reveal()) {
		return "", "", mail.Secret{}, false
	}
	return string(parts[0]), string(parts[1]), mail.NewSecret(parts[2]), true
}
