package imapserver

import (
	"context"

	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// doSelect is SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3) with the parameters
// of RFC 7162.
func (s *session) doSelect(ctx context.Context, c *imapwire.Select) (reply, error) {
	if c.QResync != nil && !s.enabled.qresync {
		return bad("QRESYNC needs ENABLE QRESYNC first."), nil
	}
	if s.view != nil {
		// RFC 9051 §6.3.2: the old mailbox is deselected even if the new one
		// cannot be selected.
		s.closeView()
		s.out.status("", imapwire.OK, imapwire.Closed, "The other mailbox is closed.")
	}
	view, err := s.box.Select(ctx, c.Mailbox, c.ReadOnly)
	if err != nil {
		return reply{}, err
	}
	s.view, s.state = view, selected
	snap := view.Snapshot()
	if c.CondStore || c.QResync != nil {
		s.enabled.condstore = true
	}
	s.describe(c.Mailbox, snap)
	if c.QResync != nil {
		if err := s.resync(ctx, c.QResync); err != nil {
			s.closeView()
			return reply{}, err
		}
	}
	r := okCode(imapwire.ReadWrite, "The mailbox is selected.")
	if view.ReadOnly() {
		r = okCode(imapwire.ReadOnly, "The mailbox is selected, for reading only.")
	}
	// What came since the snapshot is told by the next command.
	r.quiet = true
	return r, nil
}

// describe sends what a selection tells of the mailbox.
func (s *session) describe(name string, snap *mailbox.Snapshot) {
	s.out.begin()
	info := s.view.Info()
	o := &s.out
	o.B = imapwire.AppendFlags(o.B, snap.Keywords())
	o.B = imapwire.AppendExists(o.B, uint32(snap.Len()))
	if !s.enabled.rev2 {
		o.B = imapwire.AppendRecent(o.B, 0)
		if seq := firstUnseen(snap, info); seq != 0 {
			o.status("", imapwire.OK, imapwire.CodeUnseen(seq), "The first unseen message.")
		}
	}
	o.status("", imapwire.OK, s.permanentFlags(snap), "Flags that can be changed.")
	o.status("", imapwire.OK, imapwire.CodeUIDValidity(info.UIDValidity), "UIDs are valid.")
	o.status("", imapwire.OK, imapwire.CodeUIDNext(snap.UIDNext()), "The next UID.")
	o.status("", imapwire.OK, imapwire.CodeHighestModSeq(snap.HighestModSeq()), "The highest mod-sequence.")
	o.status("", imapwire.OK, imapwire.CodeMailboxID(info.ID), "The mailbox's own id.")
	if s.enabled.rev2 {
		// Whether it has children would cost a reading of all names, and nobody
		// asked (RFC 9051 §6.3.2).
		var attrs imapwire.ListAttrs
		for _, use := range info.SpecialUse {
			attrs |= specialUse(use)
		}
		o.B = o.Enc.AppendList(o.B, &imapwire.ListData{Attrs: attrs, Delim: delim, Mailbox: name})
	}
}

func (s *session) permanentFlags(snap *mailbox.Snapshot) imapwire.Code {
	if s.view.ReadOnly() {
		return imapwire.CodeNoPermanentFlags()
	}
	return imapwire.CodePermanentFlags(snap.Keywords(), true)
}

// firstUnseen is the sequence number that rev1's UNSEEN names, 0 for none. A
// mailbox without unseen messages, the usual one, is not walked.
func firstUnseen(snap *mailbox.Snapshot, info mailbox.Info) uint32 {
	if info.Unseen == 0 {
		return 0
	}
	for seq, row := range snap.Rows(1, uint32(snap.Len())) {
		if snap.FlagSet(row.Set).System&mail.FlagSeen == 0 {
			return seq
		}
	}
	return 0
}

// resync answers the QRESYNC parameter (RFC 7162 §3.2.5): what vanished, then
// what changed, of the UIDs the client knows. The match data are not needed:
// the list of removed UIDs is complete for the life of a mailbox.
func (s *session) resync(ctx context.Context, q *imapwire.QResync) error {
	snap := s.view.Snapshot()
	if q.UIDValidity != s.view.Info().UIDValidity || snap.UIDNext() <= 1 {
		return nil
	}
	last := uint32(snap.UIDNext()) - 1
	known := q.KnownUIDs.Resolve(last)
	if q.KnownUIDs.Empty() {
		known = imapwire.SeqSetOf(imapwire.Range{First: 1, Last: last})
	}
	if err := s.sayVanished(ctx, known, q.ModSeq); err != nil {
		return err
	}
	s.out.widen()
	for _, sp := range spansOfUIDs(snap, known) {
		for seq, row := range snap.Rows(sp.first, sp.last) {
			if row.ModSeq <= q.ModSeq {
				continue
			}
			s.out.BeginUID(seq, row.UID)
			s.out.FlagsIMAP(snap.FlagSet(row.Set).IMAP)
			s.out.ModSeq(row.ModSeq)
			s.out.End()
			if len(s.out.B) >= flushAt {
				if err := s.out.drain(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sayVanished sends VANISHED (EARLIER) for the UIDs of within that were removed
// after since.
func (s *session) sayVanished(ctx context.Context, within imapwire.UIDSet, since mail.ModSeq) error {
	gone, err := s.view.Vanished(ctx, since)
	if err != nil {
		return err
	}
	s.out.begin()
	s.out.B = imapwire.AppendVanished(s.out.B, intersect(gone, within), true)
	return nil
}

// closeView ends the selection.
func (s *session) closeView() {
	if s.view == nil {
		return
	}
	s.view.Close()
	s.view, s.held, s.saved, s.state = nil, false, imapwire.UIDSet{}, signedIn
}
