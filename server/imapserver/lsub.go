package imapserver

import (
	"context"
	"strings"

	"postern/wire/imapwire"
)

// lsub is LSUB (RFC 3501 §6.3.9). A name that is not subscribed but stands
// above a subscribed one that % cannot reach is told with \Noselect.
func (s *session) lsub(ctx context.Context, c *imapwire.LSub) (reply, error) {
	all, err := s.box.List(ctx)
	if err != nil {
		return reply{}, err
	}
	s.out.begin()
	pattern := c.Reference + c.Pattern
	told := make(map[string]bool)
	tell := func(name string, attrs imapwire.ListAttrs) {
		if !told[name] {
			told[name] = true
			s.out.B = s.out.Enc.AppendList(s.out.B, &imapwire.ListData{LSub: true, Attrs: attrs, Delim: delim, Mailbox: name})
		}
	}
	for i := range all {
		if all[i].Subscribed && imapwire.MatchList(pattern, all[i].Name, delim) {
			tell(all[i].Name, 0)
		}
	}
	for i := range all {
		if !all[i].Subscribed || imapwire.MatchList(pattern, all[i].Name, delim) {
			continue
		}
		name := all[i].Name
		for {
			cut := strings.LastIndexByte(name, delim)
			if cut < 0 {
				break
			}
			if name = name[:cut]; imapwire.MatchList(pattern, name, delim) {
				tell(name, imapwire.AttrNoSelect)
			}
		}
	}
	return ok("Those are the subscriptions."), nil
}
