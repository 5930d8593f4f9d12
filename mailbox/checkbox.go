package mailbox

import (
	"postern/mail"
	"postern/store"
)

// mailbox checks one mailbox's rows: messages and states go in pairs.
func (c *checker) mailbox(r store.MailReader, row *store.MailboxRow) error {
	states := map[mail.UID]store.StateRow{}
	var count workBox
	last := mail.UID(0)
	err := r.States(row.ID, 1, maxUID, func(s store.StateRow) error {
		s.Flags.Keywords = nil
		states[s.UID] = s
		last = s.UID
		c.state(row, &s)
		return c.ctxErr()
	})
	if err != nil {
		return c.damaged(row, err)
	}
	err = r.Messages(row.ID, 1, maxUID, func(m store.MessageRow) error {
		s, ok := states[m.UID]
		if !ok {
			c.add(row, m.UID, LawState, "the message has no state")
		} else {
			delete(states, m.UID)
			count.count(&s, 1)
		}
		last = max(last, m.UID)
		c.message(row, &m, &s, ok)
		return c.ctxErr()
	})
	if err != nil {
		return c.damaged(row, err)
	}
	for uid := range states {
		c.add(row, uid, LawState, "the state has no message")
	}
	c.messages += count.row.Messages
	c.bytes += count.row.Bytes
	if last >= max(row.UIDNext, 1) {
		c.add(row, 0, LawUIDNext, "UIDNEXT is %d, but there is UID %d", row.UIDNext, last)
	}
	if row.HighestModSeq > c.counters.ModSeq || row.Created > c.counters.ModSeq {
		c.add(row, 0, LawModSeq, "HIGHESTMODSEQ is %d, the account's is %d", row.HighestModSeq, c.counters.ModSeq)
	}
	if n := &count.row; !sameCounts(n, row) {
		c.add(row, 0, LawCounters, "the mailbox counts %d messages, %d unseen, %d deleted, %d octets, %d of deleted ones; there are %d, %d, %d, %d, %d",
			row.Messages, row.Unseen, row.Deleted, row.Bytes, row.DeletedBytes,
			n.Messages, n.Unseen, n.Deleted, n.Bytes, n.DeletedBytes)
	}
	return c.vanished(r, row)
}

func sameCounts(a, b *store.MailboxRow) bool {
	return a.Messages == b.Messages && a.Unseen == b.Unseen && a.Deleted == b.Deleted &&
		a.Bytes == b.Bytes && a.DeletedBytes == b.DeletedBytes
}

func (c *checker) state(row *store.MailboxRow, s *store.StateRow) {
	if s.ModSeq == 0 || s.ModSeq > row.HighestModSeq {
		c.add(row, s.UID, LawModSeq, "MODSEQ is %d, the mailbox's highest is %d", s.ModSeq, row.HighestModSeq)
	}
}

func (c *checker) message(row *store.MailboxRow, m *store.MessageRow, s *store.StateRow, paired bool) {
	c.uses[m.Email]++
	size, ok := c.sizes[m.Email]
	switch {
	case !ok:
		c.add(row, m.UID, LawContent, "content %s is missing", m.Email)
	case paired && size != s.Size:
		c.add(row, m.UID, LawContent, "the message has %d octets, its state says %d", size, s.Size)
	}
	if m.Thread == 0 || m.Thread >= max(c.counters.NextThread, 1) {
		c.add(row, m.UID, LawIDs, "thread %s was never handed out", m.Thread)
	}
}

// vanished checks that what was removed did not stay, or come again.
func (c *checker) vanished(r store.MailReader, row *store.MailboxRow) error {
	var ranges []UIDRange
	err := r.Removed(row.ID, 0, func(at mail.ModSeq, uids []UIDRange) error {
		if at > c.counters.ModSeq {
			c.add(row, 0, LawModSeq, "messages were removed at %d, after the account's %d", at, c.counters.ModSeq)
		}
		ranges = append(ranges, uids...)
		return nil
	})
	if err != nil {
		return c.damaged(row, err)
	}
	for _, g := range mergeRanges(ranges) {
		if g.Last >= max(row.UIDNext, 1) {
			c.add(row, g.Last, LawVanished, "a UID above UIDNEXT is listed as removed")
		}
		err := r.States(row.ID, g.First, g.Last, func(s store.StateRow) error {
			c.add(row, s.UID, LawVanished, "the message is there but listed as removed")
			return nil
		})
		if err := c.damaged(row, err); err != nil {
			return err
		}
	}
	return nil
}
