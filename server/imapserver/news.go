package imapserver

import (
	"postern/mailbox"
	"postern/wire/imapwire"
)

// how says in which way a message's changed flags are told.
type how uint8

const (
	tellFlags  how = iota // FETCH with FLAGS
	tellModSeq            // FETCH with MODSEQ alone: the client knows the flags
	tellNothing
)

// news moves the view to now and tells the client what changed: what went,
// what came, then flags (RFC 9051 §7.5). Without expunge nothing goes. gone
// says that the mailbox was deleted.
func (s *session) news(expunge bool) (gone bool) {
	return s.newsExcept(expunge, nil)
}

// newsExcept is news, with a say in how each message's flags are told.
func (s *session) newsExcept(expunge bool, say func(seq uint32, row mailbox.Row) how) (gone bool) {
	before := s.view.Snapshot().HighestModSeq()
	u := s.view.Sync(expunge)
	if u.Gone {
		return true
	}
	if !u.Empty() {
		s.tell(&u, s.view.Snapshot(), say)
	}
	switch {
	case expunge:
		s.held = false
	case !u.Empty() && s.view.Snapshot().HighestModSeq() == before:
		s.held = true
	}
	return false
}

// sayHeld tells a QRESYNC client, at the end of each command for as long as
// removals are held back, up to where it knows everything. The MODSEQs that it
// saw since are higher; if it went by them and its connection broke, it would
// never hear of the removals (RFC 7162 §6).
func (s *session) sayHeld() {
	if s.view != nil && s.held && s.enabled.qresync {
		s.out.status("", imapwire.OK, imapwire.CodeHighestModSeq(s.view.Snapshot().HighestModSeq()), "Removals will follow.")
	}
}

// tell sends an update.
func (s *session) tell(u *mailbox.Update, snap *mailbox.Snapshot, say func(uint32, mailbox.Row) how) {
	o := &s.out
	o.begin()
	if s.enabled.qresync {
		o.B = imapwire.AppendVanished(o.B, wireRanges(u.Vanished), false)
	} else {
		for _, seq := range u.Expunged {
			o.B = imapwire.AppendExpunge(o.B, seq)
			if len(o.B) >= flushAt && o.drain() != nil {
				return
			}
		}
	}
	if u.Exists {
		o.B = imapwire.AppendExists(o.B, uint32(snap.Len()))
	}
	if u.NewKeywords {
		o.B = imapwire.AppendFlags(o.B, snap.Keywords())
		o.status("", imapwire.OK, s.permanentFlags(snap), "Flags that can be changed.")
	}
	for _, seq := range u.Flags {
		row, way := snap.Row(seq), tellFlags
		if say != nil {
			way = say(seq, row)
		}
		s.sayFlags(snap, seq, row, way)
		if len(o.B) >= flushAt && o.drain() != nil {
			return
		}
	}
}

// sayFlags sends one message's flags unasked, always with its UID
// (RFC 7162 §3.2.4).
func (s *session) sayFlags(snap *mailbox.Snapshot, seq uint32, row mailbox.Row, way how) {
	if way == tellNothing || way == tellModSeq && !s.enabled.condstore {
		return
	}
	s.out.BeginUID(seq, row.UID)
	if way == tellFlags {
		s.out.FlagsIMAP(snap.FlagSet(row.Set).IMAP)
	}
	if s.enabled.condstore {
		s.out.ModSeq(row.ModSeq)
	}
	s.out.End()
}
