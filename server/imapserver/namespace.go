package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// delim divides the levels of mailbox names.
const delim = '/'

// namespace is NAMESPACE (RFC 9051 §6.3.10): one personal namespace.
func (s *session) namespace(context.Context, *imapwire.Namespace) (reply, error) {
	s.out.begin()
	s.out.B = s.out.Enc.AppendNamespace(s.out.B, []imapwire.NamespaceItem{{Delim: delim}}, nil, nil)
	return ok("That is the namespace."), nil
}
