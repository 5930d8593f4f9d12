package imapserver

import (
	"context"
	"slices"

	"postern/wire/imapwire"
)

// enable is ENABLE (RFC 9051 §6.3.1). What is not known is passed over; what is
// on already is told again, as a client may have to see it (RFC 5161 §3.2).
// QRESYNC brings CONDSTORE with it (RFC 7162 §3.2.3).
func (s *session) enable(_ context.Context, c *imapwire.Enable) (reply, error) {
	var on []string
	set := func(flag *bool, name string) {
		*flag = true
		if !slices.Contains(on, name) {
			on = append(on, name)
		}
	}
	before := s.enabled.condstore
	for _, name := range c.Capabilities {
		switch name {
		case "CONDSTORE":
			set(&s.enabled.condstore, name)
		case "QRESYNC":
			set(&s.enabled.qresync, name)
			s.enabled.condstore = true
		case "UTF8=ACCEPT":
			set(&s.enabled.utf8, name)
		case "IMAP4REV2":
			set(&s.enabled.rev2, "IMAP4rev2")
		}
	}
	unicode := s.enabled.utf8 || s.enabled.rev2
	s.dec.SetUTF8(unicode)
	s.out.begin()
	s.out.B = imapwire.AppendEnabled(s.out.B, on)
	s.out.Enc.UTF8 = unicode
	if s.enabled.condstore && !before {
		s.tellModSeq()
	}
	return ok("Done."), nil
}

// enableCondStore is called by every command that implies CONDSTORE
// (RFC 7162 §3.1).
func (s *session) enableCondStore() {
	if !s.enabled.condstore {
		s.enabled.condstore = true
		s.tellModSeq()
	}
}

// tellModSeq sends HIGHESTMODSEQ, if a mailbox is selected, when CONDSTORE
// becomes active (RFC 7162 §3.1).
func (s *session) tellModSeq() {
	if s.view != nil {
		s.out.status("", imapwire.OK, imapwire.CodeHighestModSeq(s.view.Snapshot().HighestModSeq()), "CONDSTORE is active.")
	}
}
