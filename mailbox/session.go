package mailbox

import (
	"context"
	"sync"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// Session is one holder's access to an account. Its methods may be called at
// the same time.
type Session struct {
	acct *account
	g    grant.Grant

	mu     sync.Mutex // guards what follows
	views  map[*View]struct{}
	closed bool
}

// Open opens the account that the grant is for; the first time it makes the
// default mailboxes. The session does not release the grant; once the grant is
// revoked its methods answer Closed.
func (e *Engine) Open(ctx context.Context, g grant.Grant) (*Session, error) {
	if g == nil {
		return nil, fault.New(fault.Denied, "mailbox.Open", "a grant is needed")
	}
	a, err := e.enter(g.Account())
	if err != nil {
		return nil, err
	}
	s := &Session{acct: a, g: g, views: map[*View]struct{}{}}
	if err = s.allow("mailbox.Open", 0); err == nil {
		err = a.prepare(ctx)
	}
	if err != nil {
		e.leave(a)
		return nil, err
	}
	return s, nil
}

// Close ends the session and its views. It may be called again.
func (s *Session) Close() {
	s.mu.Lock()
	closed, views := s.closed, s.views
	s.closed, s.views = true, nil
	s.mu.Unlock()
	for v := range views {
		v.detach()
	}
	if !closed {
		s.acct.e.leave(s.acct)
	}
}

// Account is the account that is open.
func (s *Session) Account() mail.AccountID { return s.acct.id }

// allow refuses what the grant does not carry, and everything once the session
// has ended.
func (s *Session) allow(op string, rights grant.Rights) error {
	select {
	case <-s.g.Done():
		return fault.New(fault.Closed, op, "the grant has been revoked")
	default:
	}
	if s.acct.e.ended.Load() {
		return fault.New(fault.Closed, op, "the mailbox engine is closed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fault.New(fault.Closed, op, "the session is closed")
	}
	if s.g.Rights()&rights != rights {
		return fault.New(fault.Denied, op, "the grant does not allow this")
	}
	return nil
}

// clean is allow and then cleanName.
func (s *Session) clean(op string, rights grant.Rights, name string) (string, error) {
	if err := s.allow(op, rights); err != nil {
		return "", err
	}
	name, err := s.acct.e.opts.Limits.cleanName(name)
	return name, fault.In(op, err)
}

// Quota is the account's use and limits.
func (s *Session) Quota(ctx context.Context) (Quota, error) {
	const op = "mailbox.Quota"
	if err := s.allow(op, grant.Read); err != nil {
		return Quota{}, err
	}
	var c store.Counters
	err := s.acct.view(ctx, func(r store.MailReader) (err error) {
		c, err = r.Counters()
		return err
	})
	return Quota{Bytes: c.Bytes, BytesLimit: c.QuotaBytes, Messages: c.Messages, MessagesLimit: c.QuotaCount}, fault.In(op, err)
}

// SetQuota sets the limits of q; the Admin right is needed.
func (s *Session) SetQuota(ctx context.Context, q Quota) error {
	const op = "mailbox.SetQuota"
	if err := s.allow(op, grant.Admin); err != nil {
		return err
	}
	if q.BytesLimit < 0 || q.MessagesLimit < 0 {
		return fault.New(fault.Invalid, op, "a quota cannot be negative")
	}
	return s.acct.update(ctx, op, func(w *work) error {
		w.counters.QuotaBytes, w.counters.QuotaCount = q.BytesLimit, q.MessagesLimit
		w.changed = true
		return nil
	})
}

// canceled is the error of a context that ended.
func canceled(ctx context.Context, op string) error {
	return fault.Wrap(fault.Canceled, op, context.Cause(ctx))
}
