package imapserver

import (
	"context"

	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// expunge is EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9).
func (s *session) expunge(ctx context.Context, c *imapwire.Expunge) (reply, error) {
	if s.view.ReadOnly() {
		return readOnlyView(), nil
	}
	var only []mailbox.UIDRange
	if c.UID {
		if only = s.uidRanges(c.Set); len(only) == 0 {
			return ok("There is nothing to remove."), nil
		}
	}
	modSeq, err := s.view.Expunge(ctx, only)
	if err != nil {
		return reply{}, err
	}
	return s.removed(modSeq, "Removed."), nil
}

// removed tells what went and, to a QRESYNC session, up to where it is told
// everything (RFC 7162 §3.2.7).
func (s *session) removed(modSeq mail.ModSeq, text string) reply {
	if gone := s.news(true); gone {
		return reply{cond: imapwire.OK, text: text, end: endDeleted, bye: "The selected mailbox was deleted."}
	}
	if modSeq != 0 && s.enabled.qresync {
		r := okCode(imapwire.CodeHighestModSeq(s.view.Snapshot().HighestModSeq()), text)
		r.quiet = true // nothing may be told after the number was taken
		return r
	}
	return ok(text)
}

// uidRanges is a command's UID set, whether or not there are such messages.
func (s *session) uidRanges(set imapwire.UIDSet) []mailbox.UIDRange {
	if set.Saved() {
		set = s.saved
	} else {
		snap := s.view.Snapshot()
		largest := uint32(0)
		if n := snap.Len(); n > 0 {
			largest = uint32(snap.Row(uint32(n)).UID)
		}
		set = set.Resolve(largest)
	}
	out := make([]mailbox.UIDRange, 0, len(set.Ranges()))
	for _, r := range set.Ranges() {
		out = append(out, mailbox.UIDRange{First: mail.UID(r.First), Last: mail.UID(r.Last)})
	}
	return out
}

// readOnlyView is the answer to a change of a mailbox that EXAMINE selected.
func readOnlyView() reply { return no(imapwire.Cannot, "The mailbox is selected for reading only.") }
