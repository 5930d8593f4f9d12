package imapserver

import (
	"context"
	"math"

	"postern/mailbox"
	"postern/wire/imapwire"
)

// status is STATUS (RFC 9051 §6.3.11).
func (s *session) status(ctx context.Context, c *imapwire.Status) (reply, error) {
	info, err := s.box.Status(ctx, c.Mailbox)
	if err != nil {
		return reply{}, err
	}
	if c.Items&imapwire.StatusHighestModSeq != 0 {
		s.enableCondStore() // RFC 7162 §3.1
	}
	s.out.begin()
	s.statusData(&info, c.Items)
	return ok("That is the status."), nil
}

// statusData sends one STATUS response. RECENT is always 0: no message is ever
// recent (RFC 9051 appendix E).
func (s *session) statusData(info *mailbox.Info, items imapwire.StatusItems) {
	s.out.B = s.out.Enc.AppendStatusData(s.out.B, &imapwire.StatusData{
		Mailbox: info.Name, Items: items,
		Messages: count32(info.Messages), Unseen: count32(info.Unseen), Deleted: count32(info.Deleted),
		UIDNext: info.UIDNext, UIDValidity: info.UIDValidity, Size: info.Bytes, DeletedStorage: info.DeletedBytes,
		HighestModSeq: info.HighestModSeq, MailboxID: info.ID, AppendLimit: s.srv.opt.AppendLimit,
	})
}

// count32 is n as IMAP counts messages.
func count32(n int64) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }
