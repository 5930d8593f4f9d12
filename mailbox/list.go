package mailbox

import (
	"context"
	"slices"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// List lists every mailbox, every name that is only a superior of one, and
// every subscribed name without a mailbox, sorted level by level, INBOX first.
func (s *Session) List(ctx context.Context) ([]Info, error) {
	const op = "mailbox.List"
	if err := s.allow(op, grant.Read); err != nil {
		return nil, err
	}
	names := map[string]*Info{}
	name := func(n string) *Info {
		i := names[n]
		if i == nil {
			i = &Info{Name: n}
			names[n] = i
		}
		return i
	}
	err := s.acct.view(ctx, func(r store.MailReader) error {
		err := r.Mailboxes(func(row store.MailboxRow) error {
			*name(row.Name) = infoOf(&row)
			return nil
		})
		if err != nil {
			return err
		}
		return r.Subscriptions(func(sub string) error {
			name(sub).Subscribed = true
			return nil
		})
	})
	if err != nil {
		return nil, fault.In(op, err)
	}
	existing := make([]string, 0, len(names))
	for n, i := range names {
		if i.Exists {
			existing = append(existing, n)
		}
	}
	for _, n := range existing {
		for _, sup := range superiors(n) {
			name(sup).HasChildren = true
		}
	}
	out := make([]Info, 0, len(names))
	for _, i := range names {
		out = append(out, *i)
	}
	slices.SortFunc(out, func(a, b Info) int { return compareNames(a.Name, b.Name) })
	return out, nil
}

// Status is one mailbox; NotFound if there is none.
func (s *Session) Status(ctx context.Context, name string) (Info, error) {
	const op = "mailbox.Status"
	name, err := s.clean(op, grant.Read, name)
	if err != nil {
		return Info{}, err
	}
	var info Info
	err = s.acct.view(ctx, func(r store.MailReader) error {
		row, err := r.MailboxByName(name)
		info = infoOf(&row)
		return err
	})
	return info, fault.In(op, missing(err, name))
}

func infoOf(r *store.MailboxRow) Info {
	return Info{
		ID: r.ID, Name: r.Name, UIDValidity: r.UIDValidity, UIDNext: max(r.UIDNext, 1),
		HighestModSeq: max(r.HighestModSeq, r.Created, mail.ModSeq(1)),
		Messages:      r.Messages, Unseen: r.Unseen, Deleted: r.Deleted, Bytes: r.Bytes, DeletedBytes: r.DeletedBytes,
		SpecialUse: slices.Clone(r.SpecialUse), Exists: true,
	}
}
