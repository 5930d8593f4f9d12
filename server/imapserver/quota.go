package imapserver

import (
	"context"
	"math"

	"postern/mailbox"
	"postern/wire/imapwire"
)

// quotaRoot names the one quota root: the account (RFC 9208 §3.2 leaves its
// name to the server).
const quotaRoot = ""

// getQuota is GETQUOTA (RFC 9208 §4.1.2).
func (s *session) getQuota(ctx context.Context, c *imapwire.GetQuota) (reply, error) {
	if c.Root != quotaRoot {
		return no(imapwire.NonExistent, "There is no such quota root."), nil
	}
	return s.sayQuota(ctx, "That is the quota.")
}

// getQuotaRoot is GETQUOTAROOT (RFC 9208 §4.1.3).
func (s *session) getQuotaRoot(ctx context.Context, c *imapwire.GetQuotaRoot) (reply, error) {
	if _, err := s.box.Status(ctx, c.Mailbox); err != nil {
		return reply{}, err
	}
	s.out.begin()
	s.out.B = s.out.Enc.AppendQuotaRoot(s.out.B, c.Mailbox, []string{quotaRoot})
	return s.sayQuota(ctx, "That is the quota root.")
}

// setQuota is SETQUOTA (RFC 9208 §4.1.5). A resource that is not named loses
// its limit.
func (s *session) setQuota(ctx context.Context, c *imapwire.SetQuota) (reply, error) {
	if c.Root != quotaRoot {
		return no(imapwire.NonExistent, "There is no such quota root."), nil
	}
	var q mailbox.Quota
	for _, l := range c.Limits {
		switch l.Resource {
		case "STORAGE":
			q.BytesLimit = int64(min(l.Limit, math.MaxInt64>>10)) << 10
		case "MESSAGE":
			q.MessagesLimit = int64(min(l.Limit, math.MaxInt64))
		default:
			return no(imapwire.Cannot, "Only STORAGE and MESSAGE have limits here."), nil
		}
	}
	if err := s.box.SetQuota(ctx, q); err != nil {
		return reply{}, err
	}
	return s.sayQuota(ctx, "The quota is set.")
}

// sayQuota sends the QUOTA response: the resources that have a limit.
func (s *session) sayQuota(ctx context.Context, text string) (reply, error) {
	q, err := s.box.Quota(ctx)
	if err != nil {
		return reply{}, err
	}
	var rs []imapwire.QuotaResource
	add := func(name string, used, limit int64) {
		if limit > 0 {
			rs = append(rs, imapwire.QuotaResource{Name: name, Usage: uint64(max(used, 0)), Limit: uint64(limit)})
		}
	}
	add("STORAGE", (q.Bytes+1023)>>10, (q.BytesLimit+1023)>>10)
	add("MESSAGE", q.Messages, q.MessagesLimit)
	s.out.begin()
	s.out.B = s.out.Enc.AppendQuota(s.out.B, quotaRoot, rs)
	return ok(text), nil
}
