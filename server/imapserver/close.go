package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// doClose is CLOSE (RFC 9051 §6.4.1): what is marked \Deleted goes, untold. No
// HIGHESTMODSEQ either (RFC 7162 §3.2.8).
func (s *session) doClose(ctx context.Context, _ *imapwire.Close) (reply, error) {
	if !s.view.ReadOnly() {
		if _, err := s.view.Expunge(ctx, nil); err != nil {
			return reply{}, err
		}
	}
	s.closeView()
	return ok("The mailbox is closed."), nil
}

// unselect is UNSELECT (RFC 9051 §6.4.2): CLOSE that removes nothing.
func (s *session) unselect(context.Context, *imapwire.Unselect) (reply, error) {
	s.closeView()
	return ok("The mailbox is not selected any more."), nil
}
