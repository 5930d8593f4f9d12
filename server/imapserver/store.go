package imapserver

import (
	"context"

	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// store is STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
func (s *session) store(ctx context.Context, c *imapwire.Store) (reply, error) {
	if s.view.ReadOnly() {
		return readOnlyView(), nil
	}
	if c.Conditional {
		s.enableCondStore()
	}
	runs, fine := s.spans(c.Set, c.UID)
	if !fine {
		return noSuchSeq(), nil
	}
	before := s.view.Snapshot()
	uids := uidsOf(before, runs)
	if len(uids) == 0 {
		return ok("There is no such message."), nil
	}
	var unchanged *mail.ModSeq
	if c.Conditional {
		unchanged = &c.UnchangedSince
	}
	res, err := s.view.Store(ctx, uids, flagOp(c.Op), c.Flags, unchanged)
	if err != nil {
		return reply{}, err
	}
	if gone := s.newsExcept(false, func(seq uint32, row mailbox.Row) how {
		return s.flagsAfterStore(c, before, runs, seq, row)
	}); gone {
		return reply{cond: imapwire.NO, code: imapwire.NonExistent, text: "The mailbox was deleted.", end: endDeleted, bye: "The selected mailbox was deleted."}, nil
	}
	if !c.Silent {
		if err := s.sayStored(runs, &res); err != nil {
			return reply{}, err
		}
	}
	return s.storeReply(c, &res), nil
}

// flagsAfterStore decides how a message with changed flags is told after a
// STORE. What the STORE itself changed is either told for all of its messages
// (sayStored) or, with .SILENT, known to the client, unless somebody else had
// changed the message too.
func (s *session) flagsAfterStore(c *imapwire.Store, before *mailbox.Snapshot, runs []span, seq uint32, row mailbox.Row) how {
	if !inSpans(runs, seq) {
		return tellFlags
	}
	if !c.Silent {
		return tellNothing
	}
	expected := before.FlagSet(before.Row(seq).Set).Flags
	switch c.Op {
	case imapwire.StoreReplace:
		expected = c.Flags
	case imapwire.StoreAdd:
		expected = expected.Union(c.Flags)
	case imapwire.StoreRemove:
		expected = expected.Without(c.Flags)
	}
	if s.view.Snapshot().FlagSet(row.Set).Equal(expected) {
		return tellModSeq
	}
	return tellFlags
}

// sayStored sends the flags of all messages of the STORE that are still there.
func (s *session) sayStored(runs []span, res *mailbox.StoreResult) error {
	snap := s.view.Snapshot()
	missing := imapwire.UIDSetOf(res.Missing)
	s.out.widen()
	for _, r := range runs {
		for seq, row := range snap.Rows(r.first, r.last) {
			if len(res.Missing) > 0 && missing.Contains(uint32(row.UID)) {
				continue
			}
			s.sayFlags(snap, seq, row, tellFlags)
			if len(s.out.B) >= flushAt {
				if err := s.out.drain(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// storeReply names the messages that failed UNCHANGEDSINCE, or that are gone.
func (s *session) storeReply(c *imapwire.Store, res *mailbox.StoreResult) reply {
	r := ok("The flags are stored.")
	if len(res.Missing) > 0 && !c.UID {
		r = no(imapwire.ExpungeIssued, "Some of the messages no longer exist.")
	}
	if len(res.Modified) == 0 {
		return r
	}
	set := imapwire.UIDSetOf(res.Modified)
	if !c.UID {
		var seqs imapwire.SeqSet
		snap := s.view.Snapshot()
		for _, uid := range res.Modified {
			if seq, found := snap.Find(uid); found {
				seqs.Add(seq)
			}
		}
		set = seqs
	}
	if !set.Empty() {
		r.code, r.text = imapwire.CodeModified(set), "Some messages were changed by somebody else."
	}
	return r
}

func flagOp(op imapwire.StoreOp) mailbox.FlagOp {
	switch op {
	case imapwire.StoreReplace:
	case imapwire.StoreAdd:
		return mailbox.FlagsAdd
	case imapwire.StoreRemove:
		return mailbox.FlagsRemove
	}
	return mailbox.FlagsSet
}

// inSpans tells whether a sequence number is in ascending runs.
func inSpans(runs []span, seq uint32) bool {
	lo, hi := 0, len(runs)
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case seq < runs[mid].first:
			hi = mid
		case seq > runs[mid].last:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// noSuchSeq is the answer to a sequence number beyond the mailbox.
func noSuchSeq() reply { return bad("There are not that many messages in the mailbox.") }
