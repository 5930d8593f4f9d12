package imapserver

import (
	"context"
	"strings"

	"postern/wire/imapwire"
)

// maxClientName bounds what is kept of a client's own name.
const maxClientName = 100

// id is ID (RFC 2971): the client's name goes to the attempt, if it comes before
// sign-in, and once into the session's logger, however often it changes.
func (s *session) id(_ context.Context, c *imapwire.ID) (reply, error) {
	if name := clientName(c.Params); name != "" && name != s.client {
		if s.state != notSignedIn && s.client == "" {
			s.log = s.log.With("app", name)
		}
		s.client = name
	}
	s.out.begin()
	params := []imapwire.IDParam{{Key: "name", Value: s.srv.opt.Name}}
	if s.srv.opt.Version != "" {
		params = append(params, imapwire.IDParam{Key: "version", Value: s.srv.opt.Version})
	}
	s.out.B = s.out.Enc.AppendID(s.out.B, params)
	return ok("Pleased to meet you."), nil
}

// clientName is "name version" of an ID command, one printable line.
func clientName(params []imapwire.IDParam) string {
	var name, version string
	for _, p := range params {
		switch strings.ToLower(p.Key) {
		case "name":
			name = p.Value
		case "version":
			version = p.Value
		}
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.TrimSpace(name+" "+version))
	if len(clean) > maxClientName {
		clean = strings.ToValidUTF8(clean[:maxClientName], "")
	}
	return clean
}
