package imapserver

import (
	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// searchProgram turns a client's search keys into the engine's query, and
// notes what the answer depends on.
type searchProgram struct {
	s        *session
	seq      bool // message numbers are in it
	modSeq   bool // MODSEQ is in it
	wrongSeq bool // a message number is beyond the mailbox
}

func nothing() *mailbox.Query { return not(everything()) }

func everything() *mailbox.Query { return &mailbox.Query{Op: mailbox.QueryAll} }

func not(q *mailbox.Query) *mailbox.Query {
	return &mailbox.Query{Op: mailbox.QueryNot, Subs: []*mailbox.Query{q}}
}

func flag(f mail.SystemFlags) *mailbox.Query {
	return &mailbox.Query{Op: mailbox.QueryFlags, Flags: mail.Flags{System: f}}
}

func keyword(k string) *mailbox.Query {
	return &mailbox.Query{Op: mailbox.QueryFlags, Flags: mail.Flags{Keywords: []string{k}}}
}

// query is one key.
func (p *searchProgram) query(k *imapwire.SearchKey) *mailbox.Query {
	switch k.Op { //nolint:exhaustive // the rest is in flagKey and valueKey
	case imapwire.OpAnd, imapwire.OpOr, imapwire.OpNot:
		op := map[imapwire.SearchOp]mailbox.QueryOp{
			imapwire.OpAnd: mailbox.QueryAnd, imapwire.OpOr: mailbox.QueryOr, imapwire.OpNot: mailbox.QueryNot,
		}[k.Op]
		q := &mailbox.Query{Op: op, Subs: make([]*mailbox.Query, len(k.Keys))}
		for i := range k.Keys {
			q.Subs[i] = p.query(&k.Keys[i])
		}
		return q
	case imapwire.OpSeq:
		p.seq = p.seq || !k.Set.Saved()
		runs, fine := p.s.spans(k.Set, false)
		p.wrongSeq = p.wrongSeq || !fine
		return p.ofRuns(runs)
	case imapwire.OpUID:
		runs, _ := p.s.spans(k.Set, true)
		return p.ofRuns(runs)
	}
	if q := flagKey(k); q != nil {
		return q
	}
	return p.valueKey(k)
}

// ofRuns is a query for the messages of runs of the snapshot.
func (p *searchProgram) ofRuns(runs []span) *mailbox.Query {
	snap := p.s.view.Snapshot()
	q := &mailbox.Query{Op: mailbox.QueryUID, UIDs: make([]mailbox.UIDRange, 0, len(runs))}
	for _, r := range runs {
		q.UIDs = append(q.UIDs, mailbox.UIDRange{First: snap.Row(r.first).UID, Last: snap.Row(r.last).UID})
	}
	return q
}

// flagKey is a key about flags, else nil. No message is ever recent.
func flagKey(k *imapwire.SearchKey) *mailbox.Query {
	switch k.Op { //nolint:exhaustive // only those about flags
	case imapwire.OpAll, imapwire.OpOld, imapwire.OpSaveDateSupported:
		return everything()
	case imapwire.OpNew, imapwire.OpRecent:
		return nothing()
	case imapwire.OpAnswered:
		return flag(mail.FlagAnswered)
	case imapwire.OpUnanswered:
		return not(flag(mail.FlagAnswered))
	case imapwire.OpDeleted:
		return flag(mail.FlagDeleted)
	case imapwire.OpUndeleted:
		return not(flag(mail.FlagDeleted))
	case imapwire.OpDraft:
		return flag(mail.FlagDraft)
	case imapwire.OpUndraft:
		return not(flag(mail.FlagDraft))
	case imapwire.OpFlagged:
		return flag(mail.FlagFlagged)
	case imapwire.OpUnflagged:
		return not(flag(mail.FlagFlagged))
	case imapwire.OpSeen:
		return flag(mail.FlagSeen)
	case imapwire.OpUnseen:
		return not(flag(mail.FlagSeen))
	case imapwire.OpKeyword:
		return keyword(k.Text)
	case imapwire.OpUnkeyword:
		return not(keyword(k.Text))
	}
	return nil
}

// valueOps are the keys whose fields the engine has in the same places.
var valueOps = map[imapwire.SearchOp]mailbox.QueryOp{ //nolint:gochecknoglobals // a constant table
	imapwire.OpBcc: mailbox.QueryBcc, imapwire.OpBody: mailbox.QueryBody, imapwire.OpCc: mailbox.QueryCc,
	imapwire.OpFrom: mailbox.QueryFrom, imapwire.OpSubject: mailbox.QuerySubject, imapwire.OpText: mailbox.QueryText,
	imapwire.OpTo: mailbox.QueryTo, imapwire.OpHeader: mailbox.QueryHeader,
	imapwire.OpBefore: mailbox.QueryBefore, imapwire.OpOn: mailbox.QueryOn, imapwire.OpSince: mailbox.QuerySince,
	imapwire.OpSentBefore: mailbox.QuerySentBefore, imapwire.OpSentOn: mailbox.QuerySentOn,
	imapwire.OpSentSince: mailbox.QuerySentSince, imapwire.OpSavedBefore: mailbox.QuerySavedBefore,
	imapwire.OpSavedOn: mailbox.QuerySavedOn, imapwire.OpSavedSince: mailbox.QuerySavedSince,
	imapwire.OpLarger: mailbox.QueryLarger, imapwire.OpSmaller: mailbox.QuerySmaller,
	imapwire.OpOlder: mailbox.QueryOlder, imapwire.OpYounger: mailbox.QueryYounger,
	imapwire.OpModSeq: mailbox.QueryModSeq,
}

// valueKey is a key that compares a value.
func (p *searchProgram) valueKey(k *imapwire.SearchKey) *mailbox.Query {
	p.modSeq = p.modSeq || k.Op == imapwire.OpModSeq
	if op, known := valueOps[k.Op]; known {
		q := &mailbox.Query{Op: op, Text: k.Text, Date: k.Date, N: k.N}
		if k.Op == imapwire.OpHeader {
			q.Field = k.Field
		}
		return q
	}
	switch k.Op { //nolint:exhaustive // what is left
	case imapwire.OpEmailID:
		if id, err := mail.ParseEmailID(k.Text); err == nil {
			return &mailbox.Query{Op: mailbox.QueryEmailID, Email: id}
		}
	case imapwire.OpThreadID:
		if id, err := mail.ParseThreadID(k.Text); err == nil {
			return &mailbox.Query{Op: mailbox.QueryThreadID, Thread: id}
		}
	}
	return nothing()
}
