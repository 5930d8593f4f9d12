package imapwire

import (
	"strconv"

	"postern/mail"
)

// Code is a response code: a SimpleCode or what one of the Code functions
// made. A nil Code is none.
type Code interface {
	appendCode(dst []byte, e Encoder) []byte
}

// SimpleCode is a response code without arguments.
type SimpleCode uint8

// The response codes of RFC 9051 §7.1, RFC 5530 and the extensions named.
const (
	Alert SimpleCode = iota
	AlreadyExists
	AuthenticationFailed
	AuthorizationFailed
	Cannot
	ClientBug
	Closed // RFC 7162 §3.2.11
	ContactAdmin
	Corruption
	Expired
	ExpungeIssued
	HasChildren
	InUse
	Limit
	NoModSeq // RFC 7162 §3.1.2.2
	NonExistent
	NoPerm
	NotSaved // RFC 5182 §2.1
	OverQuota
	Parse
	PrivacyRequired
	ReadOnly
	ReadWrite
	ServerBug
	TooBig // RFC 7888 §4
	TryCreate
	UIDNotSticky
	Unavailable
	UnknownCTE
	UseAttr // RFC 6154 §3
	simpleCodeCount
)

var simpleCodes = [simpleCodeCount]string{ //nolint:gochecknoglobals // a constant table
	"ALERT", "ALREADYEXISTS", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "CANNOT", "CLIENTBUG", "CLOSED",
	"CONTACTADMIN", "CORRUPTION", "EXPIRED", "EXPUNGEISSUED", "HASCHILDREN", "INUSE", "LIMIT", "NOMODSEQ",
	"NONEXISTENT", "NOPERM", "NOTSAVED", "OVERQUOTA", "PARSE", "PRIVACYREQUIRED", "READ-ONLY", "READ-WRITE",
	"SERVERBUG", "TOOBIG", "TRYCREATE", "UIDNOTSTICKY", "UNAVAILABLE", "UNKNOWN-CTE", "USEATTR",
}

// String is the code's name.
func (c SimpleCode) String() string {
	if c < simpleCodeCount {
		return simpleCodes[c]
	}
	return "SERVERBUG"
}

func (c SimpleCode) appendCode(dst []byte, _ Encoder) []byte { return append(dst, c.String()...) }

// numberCode is a code with one number.
type numberCode struct {
	name string
	n    uint64
}

func (c numberCode) appendCode(dst []byte, _ Encoder) []byte {
	dst = append(dst, c.name...)
	dst = append(dst, ' ')
	return strconv.AppendUint(dst, c.n, 10)
}

// CodeUIDNext is UIDNEXT n.
func CodeUIDNext(n mail.UID) Code { return numberCode{"UIDNEXT", uint64(n)} }

// CodeUIDValidity is UIDVALIDITY n.
func CodeUIDValidity(n mail.UIDValidity) Code { return numberCode{"UIDVALIDITY", uint64(n)} }

// CodeUnseen is UNSEEN n, the first unseen sequence number (RFC 3501 §7.1).
func CodeUnseen(seq uint32) Code { return numberCode{"UNSEEN", uint64(seq)} }

// CodeHighestModSeq is HIGHESTMODSEQ n (RFC 7162 §3.1.2.1).
func CodeHighestModSeq(n mail.ModSeq) Code { return numberCode{"HIGHESTMODSEQ", uint64(n)} }

// setCode is a code with a number and up to two sets.
type setCode struct {
	name     string
	n        uint64 // 0: none
	from, to SeqSet
}

func (c setCode) appendCode(dst []byte, _ Encoder) []byte {
	dst = append(dst, c.name...)
	if c.n != 0 {
		dst = append(dst, ' ')
		dst = strconv.AppendUint(dst, c.n, 10)
	}
	for _, s := range [2]SeqSet{c.from, c.to} {
		if !s.Empty() {
			dst = append(dst, ' ')
			dst = s.AppendTo(dst)
		}
	}
	return dst
}

// CodeModified is MODIFIED set (RFC 7162 §3.1.3); set must not be empty.
func CodeModified(set SeqSet) Code { return setCode{name: "MODIFIED", from: set} }

// CodeAppendUID is APPENDUID (RFC 4315 §3); uids must not be empty.
func CodeAppendUID(v mail.UIDValidity, uids UIDSet) Code {
	return setCode{name: "APPENDUID", n: uint64(v), from: uids}
}

// CodeCopyUID is COPYUID (RFC 4315 §3): the n-th number of from became the
// n-th of to. Neither may be empty.
func CodeCopyUID(v mail.UIDValidity, from, to UIDSet) Code {
	return setCode{name: "COPYUID", n: uint64(v), from: from, to: to}
}

// mailboxIDCode is MAILBOXID (id).
type mailboxIDCode mail.MailboxID

func (c mailboxIDCode) appendCode(dst []byte, _ Encoder) []byte {
	dst = append(dst, "MAILBOXID ("...)
	dst = append(dst, mail.MailboxID(c).String()...)
	return append(dst, ')')
}

// CodeMailboxID is MAILBOXID (RFC 8474 §4.1, §4.2).
func CodeMailboxID(id mail.MailboxID) Code { return mailboxIDCode(id) }

// flagsCode is PERMANENTFLAGS (…).
type flagsCode struct {
	keywords []string
	readOnly bool
	wildcard bool
}

func (c flagsCode) appendCode(dst []byte, _ Encoder) []byte {
	dst = append(dst, "PERMANENTFLAGS "...)
	if c.readOnly {
		return append(dst, '(', ')')
	}
	return appendAllFlags(dst, c.keywords, c.wildcard)
}

// CodePermanentFlags is PERMANENTFLAGS with all system flags and the keywords;
// wildcard adds `\*`: new keywords can be made.
func CodePermanentFlags(keywords []string, wildcard bool) Code {
	return flagsCode{keywords: keywords, wildcard: wildcard}
}

// CodeNoPermanentFlags is PERMANENTFLAGS (), for a read-only mailbox.
func CodeNoPermanentFlags() Code { return flagsCode{readOnly: true} }

// listCode is a code with atoms.
type listCode struct {
	name  string
	atoms []string
	paren bool
}

func (c listCode) appendCode(dst []byte, _ Encoder) []byte {
	dst = append(dst, c.name...)
	dst = append(dst, ' ')
	if c.paren {
		dst = append(dst, '(')
	}
	some := false
	for _, a := range c.atoms {
		if !validAtom(a) {
			continue
		}
		if some {
			dst = append(dst, ' ')
		}
		dst = append(dst, a...)
		some = true
	}
	if c.paren {
		dst = append(dst, ')')
	}
	return dst
}

// CodeCapability is CAPABILITY … .
func CodeCapability(caps []string) Code { return listCode{name: "CAPABILITY", atoms: caps} }

// CodeBadCharset is BADCHARSET (US-ASCII UTF-8).
func CodeBadCharset() Code {
	return listCode{name: "BADCHARSET", atoms: []string{"US-ASCII", "UTF-8"}, paren: true}
}
