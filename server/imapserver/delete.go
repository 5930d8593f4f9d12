package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// doDelete is DELETE (RFC 9051 §6.3.5). The session's own selection ends first;
// other sessions that have the mailbox selected get BYE.
func (s *session) doDelete(ctx context.Context, c *imapwire.Delete) (reply, error) {
	own := s.view != nil && s.selects(ctx, c.Mailbox)
	if err := s.box.Delete(ctx, c.Mailbox); err != nil {
		return reply{}, err
	}
	if own {
		s.closeView()
		s.out.status("", imapwire.OK, imapwire.Closed, "The mailbox was deleted and is not selected any more.")
	}
	return ok("The mailbox is gone."), nil
}

// selects tells whether name is the selected mailbox, whatever its name was when
// it was selected.
func (s *session) selects(ctx context.Context, name string) bool {
	info, err := s.box.Status(ctx, name)
	return err == nil && info.ID == s.view.Info().ID
}
