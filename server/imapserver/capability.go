package imapserver

import (
	"context"
	"slices"
	"strconv"

	"postern/wire/imapwire"
)

// beforeSignIn is what is offered to everybody. LITERAL- (RFC 7888 §5) holds
// for what the decoder takes before sign-in.
var beforeSignIn = []string{"IMAP4rev1", "IMAP4rev2", "SASL-IR", "LITERAL-", "ID", "ENABLE"} //nolint:gochecknoglobals // a constant list

// afterSignIn is what is offered to those who signed in.
var afterSignIn = []string{ //nolint:gochecknoglobals // a constant list
	"IMAP4rev1", "IMAP4rev2", "LITERAL+", "ID", "ENABLE", "NAMESPACE", "IDLE", "UNSELECT", "UIDPLUS", "MOVE",
	"CHILDREN", "LIST-EXTENDED", "LIST-STATUS", "STATUS=SIZE", "SPECIAL-USE", "CREATE-SPECIAL-USE", "ESEARCH",
	"SEARCHRES", "CONDSTORE", "QRESYNC", "WITHIN", "BINARY", "MULTIAPPEND", "UTF8=ACCEPT", "OBJECTID", "SAVEDATE",
	"PREVIEW", "QUOTA", "QUOTASET", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE",
}

// capability is CAPABILITY (RFC 9051 §6.1.1).
func (s *session) capability(context.Context, *imapwire.Capability) (reply, error) {
	s.out.begin()
	s.out.B = imapwire.AppendCapability(s.out.B, s.capabilities())
	return ok("Those are the capabilities."), nil
}

// capabilities are what may be used in the session's state.
func (s *session) capabilities() []string {
	if s.state != notSignedIn {
		return append(slices.Clone(afterSignIn), "APPENDLIMIT="+strconv.FormatInt(s.srv.opt.AppendLimit, 10))
	}
	caps := slices.Clone(beforeSignIn)
	if s.conn.CanStartTLS() {
		caps = append(caps, "STARTTLS")
	}
	disabled := true
	for _, m := range s.mechanisms() {
		if m == "LOGIN" {
			disabled = false
			continue
		}
		if m == "PLAIN" {
			caps = append(caps, "AUTH=PLAIN")
		}
	}
	if disabled {
		caps = append(caps, "LOGINDISABLED")
	}
	return caps
}

// mechanisms are the ways to sign in on this connection as it is now.
func (s *session) mechanisms() []string {
	return s.srv.opt.Authority.Mechanisms("imap", s.conn.Listener(), s.conn.TLS() != nil)
}
