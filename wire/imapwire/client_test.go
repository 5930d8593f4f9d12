package imapwire

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// client writes commands as a client does, so that tests can go round.
type client struct{ utf8 bool }

// command appends "tag command" and CRLF; of an APPEND what stands before the
// first message.
func (c client) command(dst []byte, tag string, cmd Command) []byte {
	dst = append(append(append(dst, tag...), ' '), cmd.Verb()...)
	switch cmd := cmd.(type) {
	case *Authenticate:
		dst = append(append(dst, ' '), cmd.Mechanism...)
		if cmd.HasInitial && cmd.Initial.Empty() {
			dst = append(dst, " ="...)
		} else if cmd.HasInitial {
			dst = base64.StdEncoding.AppendEncode(append(dst, ' '), cmd.Initial.Reveal())
		}
	case *Login:
		dst = c.str(dst, cmd.Name)
		dst = c.str(dst, string(cmd.Password.Reveal()))
	case *ID:
		dst = c.id(dst, cmd)
	case *Enable:
		dst = append(append(dst, ' '), strings.Join(cmd.Capabilities, " ")...)
	case *Select:
		dst = c.selectCommand(dst, cmd)
	case *Create:
		dst = c.mailbox(dst, cmd.Mailbox)
		if len(cmd.Use) > 0 {
			dst = append(dst, " (USE ("+strings.Join(cmd.Use, " ")+"))"...)
		}
	case *Delete:
		dst = c.mailbox(dst, cmd.Mailbox)
	case *Rename:
		dst = c.mailbox(c.mailbox(dst, cmd.From), cmd.To)
	case *Subscribe:
		dst = c.mailbox(dst, cmd.Mailbox)
	case *Unsubscribe:
		dst = c.mailbox(dst, cmd.Mailbox)
	case *GetQuotaRoot:
		dst = c.mailbox(dst, cmd.Mailbox)
	case *List:
		dst = c.list(dst, cmd)
	case *LSub:
		dst = c.mailbox(c.mailbox(dst, cmd.Reference), cmd.Pattern)
	case *Status:
		dst = append(c.mailbox(dst, cmd.Mailbox), " ("+statusWords(cmd.Items)+")"...)
	case *Append:
		dst = c.appendCommand(dst, cmd)
	case *Expunge:
		if cmd.UID {
			dst = cmd.Set.AppendTo(append(dst, ' '))
		}
	case *Search:
		dst = c.search(dst, cmd)
	case *Fetch:
		dst = c.fetch(dst, cmd)
	case *Store:
		dst = c.store(dst, cmd)
	case *Copy:
		dst = c.mailbox(cmd.Set.AppendTo(append(dst, ' ')), cmd.Mailbox)
	case *GetQuota:
		dst = c.str(dst, cmd.Root)
	case *SetQuota:
		dst = append(c.str(dst, cmd.Root), " ("...)
		for i, l := range cmd.Limits {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = appendPair(append(dst, l.Resource...), " ", l.Limit)
		}
		dst = append(dst, ')')
	}
	return append(dst, "\r\n"...)
}

// str appends a space and a string, quoted or as a literal.
func (c client) str(dst []byte, s string) []byte {
	dst = append(dst, ' ')
	if quotable(s, true) && len(s)%3 != 2 {
		return appendQuoted(dst, s)
	}
	if len(s)%2 == 0 {
		return append(append(dst, "{"+strconv.Itoa(len(s))+"+}\r\n"...), s...)
	}
	return append(append(dst, "{"+strconv.Itoa(len(s))+"}\r\n"...), s...)
}

func (c client) mailbox(dst []byte, name string) []byte {
	if !c.utf8 {
		name = EncodeUTF7(name)
	}
	return c.str(dst, name)
}

func (c client) id(dst []byte, cmd *ID) []byte {
	if cmd.Params == nil {
		return append(dst, " NIL"...)
	}
	dst = append(dst, " ("...)
	for i, p := range cmd.Params {
		kv := c.str(nil, p.Key)
		if i == 0 {
			kv = kv[1:]
		}
		dst = append(dst, kv...)
		if p.Nil {
			dst = append(dst, " NIL"...)
		} else {
			dst = c.str(dst, p.Value)
		}
	}
	return append(dst, ')')
}

func (c client) selectCommand(dst []byte, cmd *Select) []byte {
	dst = c.mailbox(dst, cmd.Mailbox)
	var ps []string
	if cmd.CondStore {
		ps = append(ps, "CONDSTORE")
	}
	if q := cmd.QResync; q != nil {
		p := "QRESYNC (" + strconv.FormatUint(uint64(q.UIDValidity), 10) + " " + strconv.FormatUint(uint64(q.ModSeq), 10)
		if !q.KnownUIDs.Empty() {
			p += " " + q.KnownUIDs.String()
		}
		if !q.SeqMatch.Empty() {
			p += " (" + q.SeqMatch.String() + " " + q.UIDMatch.String() + ")"
		}
		ps = append(ps, p+")")
	}
	if len(ps) > 0 {
		dst = append(dst, " ("+strings.Join(ps, " ")+")"...)
	}
	return dst
}

// words joins the names whose bits are set.
func words(bits uint32, names ...string) string {
	var out []string
	for i, n := range names {
		if bits&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return strings.Join(out, " ")
}

func statusWords(items StatusItems) string {
	return words(uint32(items), "MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE",
		"HIGHESTMODSEQ", "MAILBOXID", "APPENDLIMIT", "DELETED-STORAGE")
}

func (c client) list(dst []byte, cmd *List) []byte {
	if cmd.Extended {
		dst = append(dst, " ("+words(uint32(cmd.Select), "SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE")+")"...)
	}
	dst = c.mailbox(dst, cmd.Reference)
	if len(cmd.Patterns) == 1 {
		dst = c.mailbox(dst, cmd.Patterns[0])
	} else {
		dst = append(dst, " ("...)
		for i, p := range cmd.Patterns {
			b := c.mailbox(nil, p)
			if i == 0 {
				b = b[1:]
			}
			dst = append(dst, b...)
		}
		dst = append(dst, ')')
	}
	if !cmd.Extended {
		return dst
	}
	opts := words(uint32(cmd.Return), "SUBSCRIBED", "CHILDREN", "SPECIAL-USE")
	if cmd.Status != 0 {
		opts = strings.TrimSpace(opts + " STATUS (" + statusWords(cmd.Status) + ")")
	}
	return append(dst, " RETURN ("+opts+")"...)
}

func (c client) appendCommand(dst []byte, cmd *Append) []byte {
	dst = append(c.mailbox(dst, cmd.Mailbox), ' ')
	m := cmd.Message
	if names := append(m.Flags.Names(), m.Unknown...); len(names) > 0 {
		dst = append(dst, "("+strings.Join(names, " ")+") "...)
	}
	if !m.Date.IsZero() {
		dst = append(AppendDateTime(dst, m.Date), ' ')
	}
	if m.UTF8 {
		dst = append(dst, "UTF8 ("...)
	}
	if m.Binary {
		dst = append(dst, '~')
	}
	dst = strconv.AppendInt(append(dst, '{'), m.Size, 10)
	if m.NonSync {
		dst = append(dst, '+')
	}
	return append(dst, '}')
}

func (c client) store(dst []byte, cmd *Store) []byte {
	dst = cmd.Set.AppendTo(append(dst, ' '))
	if cmd.Conditional {
		dst = append(appendPair(dst, " (UNCHANGEDSINCE ", uint64(cmd.UnchangedSince)), ')')
	}
	dst = append(dst, [...]string{" FLAGS", " +FLAGS", " -FLAGS"}[cmd.Op]...)
	if cmd.Silent {
		dst = append(dst, ".SILENT"...)
	}
	return append(dst, " ("+strings.Join(append(cmd.Flags.Names(), cmd.Unknown...), " ")+")"...)
}

func (c client) fetch(dst []byte, cmd *Fetch) []byte {
	dst = append(cmd.Set.AppendTo(append(dst, ' ')), " ("...)
	items := words(uint32(cmd.Items&^FetchPreviewLazy), "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY",
		"BODYSTRUCTURE", "MODSEQ", "EMAILID", "THREADID", "SAVEDATE", "PREVIEW")
	if cmd.Items&FetchPreviewLazy != 0 {
		items += " (LAZY)"
	}
	dst = append(dst, items...)
	for i := range cmd.Sections {
		if i > 0 || items != "" {
			dst = append(dst, ' ')
		}
		dst = c.section(dst, &cmd.Sections[i])
	}
	dst = append(dst, ')')
	if cmd.Changed {
		dst = appendPair(dst, " (CHANGEDSINCE ", uint64(cmd.ChangedSince))
		if cmd.Vanished {
			dst = append(dst, " VANISHED"...)
		}
		dst = append(dst, ')')
	}
	return dst
}

func (c client) section(dst []byte, s *FetchSection) []byte {
	switch s.Kind {
	case SectionRFC822, SectionRFC822Header, SectionRFC822Text:
		return AppendSectionName(dst, s)
	case SectionBody:
		dst = append(dst, "BODY"...)
	case SectionBinary:
		dst = append(dst, "BINARY"...)
	case SectionBinarySize:
		dst = append(dst, "BINARY.SIZE"...)
	}
	if s.Peek && s.Kind != SectionBinarySize {
		dst = append(dst, ".PEEK"...)
	}
	bare := *s
	bare.Fields = nil
	spec := string(appendSectionSpec([]byte{'['}, &bare))
	if s.Text == TextHeaderFields || s.Text == TextHeaderFieldsNot {
		spec = strings.TrimSuffix(spec, ")") + " ("
		for i, f := range s.Fields {
			b := c.str(nil, f)
			if i == 0 {
				b = b[1:]
			}
			spec += string(b)
		}
		spec += ")"
	}
	dst = append(append(dst, spec...), ']')
	if s.Partial {
		dst = append(dst, '<')
		dst = strconv.AppendUint(dst, s.Offset, 10)
		dst = append(appendPair(dst, ".", s.Length), '>')
	}
	return dst
}

func (c client) search(dst []byte, cmd *Search) []byte {
	if cmd.Extended {
		dst = append(dst, " RETURN ("+words(uint32(cmd.Return), "MIN", "MAX", "ALL", "COUNT", "SAVE")+")"...)
	}
	if cmd.Charset != "" {
		dst = append(dst, " CHARSET "+cmd.Charset...)
	}
	for _, k := range cmd.Key.Keys {
		dst = c.key(append(dst, ' '), &k)
	}
	return dst
}

// searchNames are the keys' names by SearchOp.
var searchNames = [...]string{
	"", "OR", "NOT", "ALL", "", "UID", "ANSWERED", "UNANSWERED", "DELETED", "UNDELETED", "DRAFT", "UNDRAFT", "FLAGGED",
	"UNFLAGGED", "SEEN", "UNSEEN", "NEW", "OLD", "RECENT", "KEYWORD", "UNKEYWORD", "BCC", "BODY", "CC", "FROM", "SUBJECT",
	"TEXT", "TO", "HEADER", "BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE", "SAVEDBEFORE", "SAVEDON",
	"SAVEDSINCE", "SAVEDATESUPPORTED", "LARGER", "SMALLER", "OLDER", "YOUNGER", "MODSEQ", "EMAILID", "THREADID",
}

func (c client) key(dst []byte, k *SearchKey) []byte {
	dst = append(dst, searchNames[k.Op]...)
	switch k.Op { //nolint:exhaustive // the others have no arguments
	case OpAnd:
		sep := byte('(')
		for i := range k.Keys {
			dst = c.key(append(dst, sep), &k.Keys[i])
			sep = ' '
		}
		return append(dst, ')')
	case OpSeq:
		return k.Set.AppendTo(dst)
	case OpUID:
		return k.Set.AppendTo(append(dst, ' '))
	case OpOr, OpNot:
		for i := range k.Keys {
			dst = c.key(append(dst, ' '), &k.Keys[i])
		}
		return dst
	case OpHeader:
		dst = c.str(dst, k.Field)
		return c.str(dst, k.Text)
	case OpKeyword, OpUnkeyword, OpEmailID, OpThreadID:
		return append(append(dst, ' '), k.Text...)
	case OpBcc, OpBody, OpCc, OpFrom, OpSubject, OpText, OpTo:
		return c.str(dst, k.Text)
	case OpLarger, OpSmaller, OpOlder, OpYounger:
		return appendPair(dst, " ", k.N)
	case OpModSeq:
		if k.Field != "" {
			dst = append(appendQuoted(append(dst, ' '), k.Field), " all"...)
		}
		return appendPair(dst, " ", k.N)
	case OpBefore, OpOn, OpSince, OpSentBefore, OpSentOn, OpSentSince, OpSavedBefore, OpSavedOn, OpSavedSince:
		// The first 11 bytes of a date-time are a date.
		return append(append(dst, ' '), strings.TrimSpace(string(AppendDateTime(nil, k.Date)[1:12]))...)
	}
	return dst
}
