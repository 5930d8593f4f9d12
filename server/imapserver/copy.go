package imapserver

import (
	"context"

	"postern/fault"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// doCopy is COPY, MOVE and their UID forms (RFC 9051 §6.4.7, §6.4.8).
func (s *session) doCopy(ctx context.Context, c *imapwire.Copy) (reply, error) {
	if c.Move && s.view.ReadOnly() {
		return readOnlyView(), nil
	}
	runs, fine := s.spans(c.Set, c.UID)
	if !fine {
		return noSuchSeq(), nil
	}
	uids := uidsOf(s.view.Snapshot(), runs)
	if len(uids) == 0 {
		return ok("There is no such message."), nil
	}
	var res mailbox.CopyResult
	var err error
	if c.Move {
		res, err = s.view.Move(ctx, uids, c.Mailbox)
	} else {
		res, err = s.view.Copy(ctx, uids, c.Mailbox)
	}
	switch {
	case fault.Is(err, fault.NotFound):
		return tryCreate(), nil
	case err != nil:
		return reply{}, err
	case len(res.Src) == 0 && !c.UID:
		return no(imapwire.ExpungeIssued, "The messages no longer exist."), nil
	case len(res.Src) == 0:
		return ok("The messages no longer exist."), nil
	}
	code := imapwire.CodeCopyUID(res.UIDValidity, imapwire.UIDSetOf(res.Src), imapwire.UIDSetOf(res.Dst))
	if !c.Move {
		return okCode(code, "Copied."), nil
	}
	// RFC 6851 §4.3: COPYUID goes untagged before the EXPUNGE responses.
	s.out.status("", imapwire.OK, code, "Moved.")
	return s.removed(res.ModSeq, "Moved."), nil
}

// tryCreate is the answer when the destination does not exist (RFC 9051
// §6.3.12).
func tryCreate() reply {
	return no(imapwire.TryCreate, "There is no such mailbox; create it first.")
}
