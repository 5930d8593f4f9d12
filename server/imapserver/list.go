package imapserver

import (
	"context"
	"slices"
	"strings"

	"postern/mailbox"
	"postern/wire/imapwire"
)

// list is LIST with the extensions of RFC 5258, 5819 and 6154 (RFC 9051
// §6.3.9).
func (s *session) list(ctx context.Context, c *imapwire.List) (reply, error) {
	if c.Select&imapwire.ListRecursiveMatch != 0 && c.Select&(imapwire.ListSubscribed|imapwire.ListSpecialUse) == 0 {
		return bad("RECURSIVEMATCH needs another selection option, such as SUBSCRIBED."), nil
	}
	s.out.begin()
	if !c.Extended && len(c.Patterns) == 1 && c.Patterns[0] == "" {
		// RFC 9051 §6.3.9: an empty pattern asks for the delimiter.
		s.out.B = s.out.Enc.AppendList(s.out.B, &imapwire.ListData{Attrs: imapwire.AttrNoSelect, Delim: delim})
		return ok("That is the delimiter."), nil
	}
	all, err := s.box.List(ctx)
	if err != nil {
		return reply{}, err
	}
	matched := matches(c, all)
	var children map[string]childMark
	if c.Select&imapwire.ListRecursiveMatch != 0 {
		children = markChildren(c, all, matched)
		all = withParents(all, children)
		matched = matches(c, all)
	}
	for i := range all {
		if !matched[i] {
			continue
		}
		info := &all[i]
		mark := children[info.Name]
		chosen := listed(c, info)
		if !chosen && mark != childHidden {
			continue
		}
		s.out.B = s.out.Enc.AppendList(s.out.B, &imapwire.ListData{
			Attrs: listAttrs(c, info), Delim: delim, Mailbox: info.Name, ChildSubscribed: mark != childNone,
		})
		if c.Status != 0 && info.Exists {
			s.statusData(info, c.Status)
		}
		if err := s.out.spill(); err != nil {
			return reply{}, err
		}
		s.out.begin()
	}
	return ok("Those are the mailboxes."), nil
}

// matches tells which names the patterns fit.
func matches(c *imapwire.List, all []mailbox.Info) []bool {
	matched := make([]bool, len(all))
	for i := range all {
		matched[i] = matchAny(c, all[i].Name)
	}
	return matched
}

func matchAny(c *imapwire.List, name string) bool {
	for _, p := range c.Patterns {
		if imapwire.MatchList(c.Reference+p, name, delim) {
			return true
		}
	}
	return false
}

// listed tells whether a name meets the selection options (RFC 5258 §3.1).
func listed(c *imapwire.List, info *mailbox.Info) bool {
	if c.Select&imapwire.ListSpecialUse != 0 && len(info.SpecialUse) == 0 {
		return false
	}
	if c.Select&imapwire.ListSubscribed != 0 {
		return info.Subscribed
	}
	return info.Exists || info.HasChildren
}

// childMark is what RECURSIVEMATCH knows of a name's descendants.
type childMark uint8

const (
	childNone   childMark = iota // none meets the selection
	childShown                   // those that do are listed themselves
	childHidden                  // at least one that does is not listed (RFC 5258 §3.5)
)

// markChildren finds for each name whether it has descendants that meet the
// selection.
func markChildren(c *imapwire.List, all []mailbox.Info, matched []bool) map[string]childMark {
	marks := make(map[string]childMark)
	for i := range all {
		if !listed(c, &all[i]) {
			continue
		}
		mark := childShown
		if !matched[i] {
			mark = childHidden
		}
		name := all[i].Name
		for {
			cut := strings.LastIndexByte(name, delim)
			if cut < 0 {
				break
			}
			name = name[:cut]
			marks[name] = max(marks[name], mark)
		}
	}
	return marks
}

// withParents adds the parents that are there only because a name below them
// is subscribed: RECURSIVEMATCH tells of these too (RFC 5258 §5, example 9).
func withParents(all []mailbox.Info, marks map[string]childMark) []mailbox.Info {
	known := make(map[string]bool, len(all))
	for i := range all {
		known[all[i].Name] = true
	}
	missing := make([]mailbox.Info, 0, len(marks))
	for name := range marks {
		if !known[name] {
			missing = append(missing, mailbox.Info{Name: name})
		}
	}
	slices.SortFunc(missing, func(a, b mailbox.Info) int { return strings.Compare(a.Name, b.Name) })
	return slices.Concat(all, missing)
}

// listAttrs are the attributes of a name. Children and special uses cost
// nothing and are always told (RFC 5258 §3.2, RFC 6154 §2).
func listAttrs(c *imapwire.List, info *mailbox.Info) imapwire.ListAttrs {
	attrs := imapwire.AttrHasNoChildren
	if info.HasChildren {
		attrs = imapwire.AttrHasChildren
	}
	if !info.Exists {
		attrs |= imapwire.AttrNonExistent | imapwire.AttrNoSelect
	}
	if info.Subscribed && (c.Select&imapwire.ListSubscribed != 0 || c.Return&imapwire.ReturnSubscribed != 0) {
		attrs |= imapwire.AttrSubscribed
	}
	for _, use := range info.SpecialUse {
		attrs |= specialUse(use)
	}
	return attrs
}

// specialUse is the attribute for a special use (RFC 6154 §2, RFC 8457).
func specialUse(name string) imapwire.ListAttrs {
	switch strings.ToLower(name) {
	case `\all`:
		return imapwire.AttrAll
	case `\archive`:
		return imapwire.AttrArchive
	case `\drafts`:
		return imapwire.AttrDrafts
	case `\flagged`:
		return imapwire.AttrFlagged
	case `\junk`:
		return imapwire.AttrJunk
	case `\sent`:
		return imapwire.AttrSent
	case `\trash`:
		return imapwire.AttrTrash
	case `\important`:
		return imapwire.AttrImportant
	}
	return 0
}
