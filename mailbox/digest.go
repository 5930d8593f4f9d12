package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// Digests tells the SHA-256 of each message of the mailbox as it is now, by
// ascending UID, without reading the messages. Those whose rows are damaged
// are left out.
func (v *View) Digests(ctx context.Context, fn func(mail.UID, [32]byte) error) error {
	const op = "mailbox.Digests"
	if err := v.s.allow(op, grant.Read); err != nil {
		return err
	}
	err := v.s.acct.view(ctx, func(r store.MailReader) error {
		return r.Messages(v.x.box, 1, maxUID, func(m store.MessageRow) error {
			if ctx.Err() != nil {
				return canceled(ctx, op)
			}
			e, err := r.Email(m.Email)
			if err != nil {
				return nil //nolint:nilerr // a damaged row is Check's to report
			}
			return fn(m.UID, e.SHA256)
		})
	})
	return fault.In(op, err)
}
