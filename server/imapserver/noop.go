package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// noop is NOOP (RFC 9051 §6.1.2): the loop tells what is new.
func (s *session) noop(context.Context, *imapwire.Noop) (reply, error) {
	return ok("Nothing was done, as you asked."), nil
}

// check is CHECK (RFC 3501 §6.4.1). Every change is durable when it is
// answered, so there is nothing to do.
func (s *session) check(context.Context, *imapwire.Check) (reply, error) {
	return ok("All is safe on disk."), nil
}
