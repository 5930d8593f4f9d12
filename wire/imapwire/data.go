package imapwire

import (
	"strconv"

	"postern/mail"
)

// ListAttrs are the mailbox attributes of RFC 9051 §7.3.1.
type ListAttrs uint32

// The attributes.
const (
	AttrNoInferiors ListAttrs = 1 << iota
	AttrNoSelect
	AttrMarked
	AttrUnmarked
	AttrHasChildren
	AttrHasNoChildren
	AttrNonExistent
	AttrSubscribed
	AttrRemote
	AttrAll
	AttrArchive
	AttrDrafts
	AttrFlagged
	AttrJunk
	AttrSent
	AttrTrash
	AttrImportant // RFC 8457
)

var listAttrNames = [...]string{ //nolint:gochecknoglobals // a constant table
	`\Noinferiors`, `\Noselect`, `\Marked`, `\Unmarked`, `\HasChildren`, `\HasNoChildren`, `\NonExistent`,
	`\Subscribed`, `\Remote`, `\All`, `\Archive`, `\Drafts`, `\Flagged`, `\Junk`, `\Sent`, `\Trash`, `\Important`,
}

// ListData is one LIST or LSUB response (RFC 9051 §7.3.1).
type ListData struct {
	LSub    bool // answer LSUB instead of LIST
	Attrs   ListAttrs
	Delim   byte // 0 is NIL
	Mailbox string
	// OldName is the name before a RENAME or before normalisation (RFC 9051
	// §6.3.9.7); "" is none.
	OldName string
	// ChildSubscribed appends ("CHILDINFO" ("SUBSCRIBED")) (RFC 5258 §4).
	ChildSubscribed bool
}

// AppendList appends a LIST or LSUB response.
func (e Encoder) AppendList(dst []byte, l *ListData) []byte {
	if l.LSub {
		dst = append(dst, "* LSUB ("...)
	} else {
		dst = append(dst, "* LIST ("...)
	}
	some := false
	for i, n := range listAttrNames {
		if l.Attrs&(1<<i) != 0 {
			if some {
				dst = append(dst, ' ')
			}
			dst = append(dst, n...)
			some = true
		}
	}
	dst = append(dst, ") "...)
	dst = appendDelim(dst, l.Delim)
	dst = append(dst, ' ')
	dst = e.AppendMailbox(dst, l.Mailbox)
	switch {
	case l.ChildSubscribed && l.OldName != "":
		dst = append(dst, ` ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (`...)
	case l.ChildSubscribed:
		dst = append(dst, ` ("CHILDINFO" ("SUBSCRIBED"))`...)
	case l.OldName != "":
		dst = append(dst, ` ("OLDNAME" (`...)
	}
	if l.OldName != "" {
		dst = e.AppendMailbox(dst, l.OldName)
		dst = append(dst, "))"...)
	}
	return append(dst, "\r\n"...)
}

// appendDelim appends a hierarchy delimiter, or NIL for 0 and what cannot be one.
func appendDelim(dst []byte, d byte) []byte {
	switch {
	case d == '"' || d == '\\':
		return append(dst, '"', '\\', d, '"')
	case d < ' ' || d >= 0x7f:
		return append(dst, "NIL"...)
	}
	return append(dst, '"', d, '"')
}

// StatusData is one STATUS response. Items says which fields are sent.
type StatusData struct {
	Mailbox        string
	Items          StatusItems
	Messages       uint32
	Recent         uint32
	UIDNext        mail.UID
	UIDValidity    mail.UIDValidity
	Unseen         uint32
	Deleted        uint32
	Size           int64
	HighestModSeq  mail.ModSeq
	MailboxID      mail.MailboxID
	AppendLimit    int64 // negative is NIL: no limit of its own
	DeletedStorage int64
}

// AppendStatusData appends a STATUS response (RFC 9051 §7.3.4).
func (e Encoder) AppendStatusData(dst []byte, s *StatusData) []byte {
	dst = append(dst, "* STATUS "...)
	dst = e.AppendMailbox(dst, s.Mailbox)
	sep := " ("
	item := func(bit StatusItems, name string, n uint64) {
		if s.Items&bit == 0 {
			return
		}
		dst = append(dst, sep...)
		dst = append(dst, name...)
		dst = append(dst, ' ')
		dst = strconv.AppendUint(dst, n, 10)
		sep = " "
	}
	item(StatusMessages, "MESSAGES", uint64(s.Messages))
	item(StatusRecent, "RECENT", uint64(s.Recent))
	item(StatusUIDNext, "UIDNEXT", uint64(s.UIDNext))
	item(StatusUIDValidity, "UIDVALIDITY", uint64(s.UIDValidity))
	item(StatusUnseen, "UNSEEN", uint64(s.Unseen))
	item(StatusDeleted, "DELETED", uint64(s.Deleted))
	item(StatusSize, "SIZE", nonNegative(s.Size))
	item(StatusHighestModSeq, "HIGHESTMODSEQ", uint64(s.HighestModSeq))
	item(StatusDeletedStorage, "DELETED-STORAGE", nonNegative(s.DeletedStorage))
	if s.AppendLimit >= 0 {
		item(StatusAppendLimit, "APPENDLIMIT", nonNegative(s.AppendLimit))
	} else if s.Items&StatusAppendLimit != 0 {
		dst = append(append(dst, sep...), "APPENDLIMIT NIL"...)
		sep = " "
	}
	if s.Items&StatusMailboxID != 0 {
		dst = append(append(dst, sep...), "MAILBOXID ("...)
		dst = append(dst, s.MailboxID.String()...)
		dst = append(dst, ')')
		sep = " "
	}
	if sep == " (" {
		dst = append(dst, sep...)
	}
	return append(dst, ")\r\n"...)
}

func nonNegative(n int64) uint64 { return uint64(max(n, 0)) }

// AppendSearch appends "* SEARCH …" (RFC 3501 §7.2.5) with the numbers of a
// static set; modSeq, unless 0, as RFC 7162 §3.1.5 has it.
func AppendSearch(dst []byte, found SeqSet, modSeq mail.ModSeq) []byte {
	dst = append(dst, "* SEARCH"...)
	for n := range found.All() {
		dst = append(dst, ' ')
		dst = strconv.AppendUint(dst, uint64(n), 10)
	}
	if modSeq != 0 && !found.Empty() {
		dst = append(dst, " (MODSEQ "...)
		dst = strconv.AppendUint(dst, uint64(modSeq), 10)
		dst = append(dst, ')')
	}
	return append(dst, "\r\n"...)
}

// ESearchData is one ESEARCH response (RFC 9051 §7.3.4).
type ESearchData struct {
	Tag    string
	UID    bool
	Return SearchReturn // which of MIN, MAX, ALL and COUNT to send
	Found  SeqSet       // static
	Count  uint64
	Min    uint32 // 0: not sent
	Max    uint32 // 0: not sent
	ModSeq mail.ModSeq
}

// AppendESearch appends an ESEARCH response. MIN, MAX and ALL are left out
// when nothing was found, as RFC 4731 §3.1 asks; COUNT 0 is sent.
func AppendESearch(dst []byte, s *ESearchData) []byte {
	dst = append(dst, "* ESEARCH"...)
	if ValidTag(s.Tag) {
		dst = append(dst, ` (TAG "`...)
		dst = append(dst, s.Tag...)
		dst = append(dst, `")`...)
	}
	if s.UID {
		dst = append(dst, " UID"...)
	}
	if s.Return&SearchMin != 0 && s.Min != 0 {
		dst = appendPair(dst, " MIN ", uint64(s.Min))
	}
	if s.Return&SearchMax != 0 && s.Max != 0 {
		dst = appendPair(dst, " MAX ", uint64(s.Max))
	}
	if s.Return&SearchCount != 0 {
		dst = appendPair(dst, " COUNT ", s.Count)
	}
	if s.Return&SearchAll != 0 && len(s.Found.ranges) > 0 {
		dst = append(dst, " ALL "...)
		dst = s.Found.AppendTo(dst)
	}
	if s.ModSeq != 0 {
		dst = appendPair(dst, " MODSEQ ", uint64(s.ModSeq))
	}
	return append(dst, "\r\n"...)
}

func appendPair(dst []byte, name string, n uint64) []byte {
	return strconv.AppendUint(append(dst, name...), n, 10)
}

// NamespaceItem is one namespace: its prefix and delimiter (0 is NIL).
type NamespaceItem struct {
	Prefix string
	Delim  byte
}

// AppendNamespace appends a NAMESPACE response (RFC 9051 §7.3.5); an empty
// list is NIL.
func (e Encoder) AppendNamespace(dst []byte, personal, others, shared []NamespaceItem) []byte {
	dst = append(dst, "* NAMESPACE"...)
	for _, ns := range [3][]NamespaceItem{personal, others, shared} {
		if len(ns) == 0 {
			dst = append(dst, " NIL"...)
			continue
		}
		dst = append(dst, " ("...)
		for _, n := range ns {
			dst = append(dst, '(')
			prefix := n.Prefix
			if !e.UTF8 && !plainMailbox(prefix) {
				prefix = EncodeUTF7(prefix)
			}
			dst = e.AppendString(dst, prefix)
			dst = append(dst, ' ')
			dst = appendDelim(dst, n.Delim)
			dst = append(dst, ')')
		}
		dst = append(dst, ')')
	}
	return append(dst, "\r\n"...)
}

// QuotaResource is one resource's use and limit (RFC 9208 §4.2.1).
type QuotaResource struct {
	Name         string // STORAGE (in KiB), MESSAGE, MAILBOX
	Usage, Limit uint64
}

// AppendQuota appends a QUOTA response.
func (e Encoder) AppendQuota(dst []byte, root string, rs []QuotaResource) []byte {
	dst = append(dst, "* QUOTA "...)
	dst = e.AppendString(dst, root)
	dst = append(dst, ' ', '(')
	some := false
	for _, r := range rs {
		if !validAtom(r.Name) {
			continue
		}
		if some {
			dst = append(dst, ' ')
		}
		some = true
		dst = append(dst, r.Name...)
		dst = appendPair(dst, " ", r.Usage)
		dst = appendPair(dst, " ", r.Limit)
	}
	return append(dst, ")\r\n"...)
}

// AppendQuotaRoot appends a QUOTAROOT response (RFC 9208 §4.2.2).
func (e Encoder) AppendQuotaRoot(dst []byte, mailbox string, roots []string) []byte {
	dst = append(dst, "* QUOTAROOT "...)
	dst = e.AppendMailbox(dst, mailbox)
	for _, r := range roots {
		dst = append(dst, ' ')
		dst = e.AppendString(dst, r)
	}
	return append(dst, "\r\n"...)
}
