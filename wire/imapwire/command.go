package imapwire

import (
	"time"

	"postern/mail"
)

// Command is one parsed command: always a pointer to one of the structs of
// this package. Mailbox names in it are UTF-8 whatever the session's mode, in
// Unicode NFC, with any spelling of INBOX as "INBOX". Slices and strings
// belong to the receiver.
type Command interface {
	// Verb is the command's name as the RFCs write it, such as "UID FETCH".
	Verb() string
}

// Commands without arguments.
type (
	// Capability is CAPABILITY (RFC 9051 §6.1.1).
	Capability struct{}
	// Noop is NOOP (RFC 9051 §6.1.2).
	Noop struct{}
	// Logout is LOGOUT (RFC 9051 §6.1.3).
	Logout struct{}
	// StartTLS is STARTTLS (RFC 9051 §6.2.1). Obey it only if
	// Decoder.Buffered is 0, then call Decoder.Reset with the TLS connection.
	StartTLS struct{}
	// Namespace is NAMESPACE (RFC 9051 §6.3.10).
	Namespace struct{}
	// Idle is IDLE (RFC 9051 §6.3.13); Decoder.ReadDone reads what ends it.
	Idle struct{}
	// Check is CHECK (RFC 3501 §6.4.1).
	Check struct{}
	// Close is CLOSE (RFC 9051 §6.4.1).
	Close struct{}
	// Unselect is UNSELECT (RFC 9051 §6.4.2).
	Unselect struct{}
)

// Authenticate is AUTHENTICATE (RFC 9051 §6.2.2, RFC 4959). When no initial
// response was given, send a challenge and call Decoder.ReadSASL.
type Authenticate struct {
	Mechanism  string // upper case
	Initial    mail.Secret
	HasInitial bool // true and Initial empty for "="
}

// Login is LOGIN (RFC 9051 §6.2.3).
type Login struct {
	Name     string
	Password mail.Secret
}

// ID is ID (RFC 2971). Params is nil for NIL.
type ID struct{ Params []IDParam }

// IDParam is one field of an ID command or response. Nil means the value NIL.
type IDParam struct {
	Key, Value string
	Nil        bool
}

// Enable is ENABLE (RFC 9051 §6.3.1). Capabilities are in upper case.
type Enable struct{ Capabilities []string }

// Select is SELECT or, with ReadOnly, EXAMINE (RFC 9051 §6.3.2, §6.3.3).
type Select struct {
	Mailbox   string
	ReadOnly  bool
	CondStore bool // RFC 7162 §3.1.8
	QResync   *QResync
}

// QResync is the parameter of RFC 7162 §3.2.5.
type QResync struct {
	UIDValidity mail.UIDValidity
	ModSeq      mail.ModSeq
	KnownUIDs   UIDSet // empty when not given
	// SeqMatch and UIDMatch are the sequence match data: the n-th number of
	// the one has the n-th number of the other. Both are in ascending order
	// and of the same count, or both empty.
	SeqMatch SeqSet
	UIDMatch UIDSet
}

// Create is CREATE (RFC 9051 §6.3.4) with the special uses of RFC 6154 §3,
// such as `\Archive`.
type Create struct {
	Mailbox string
	Use     []string
}

// Commands with one or two mailbox names.
type (
	// Delete is DELETE (RFC 9051 §6.3.5).
	Delete struct{ Mailbox string }
	// Rename is RENAME (RFC 9051 §6.3.6).
	Rename struct{ From, To string }
	// Subscribe is SUBSCRIBE (RFC 9051 §6.3.7).
	Subscribe struct{ Mailbox string }
	// Unsubscribe is UNSUBSCRIBE (RFC 9051 §6.3.8).
	Unsubscribe struct{ Mailbox string }
	// GetQuotaRoot is GETQUOTAROOT (RFC 9208 §4.1.3).
	GetQuotaRoot struct{ Mailbox string }
)

// ListSelect are the selection options of LIST (RFC 5258 §3.1).
type ListSelect uint8

// The selection options.
const (
	ListSubscribed ListSelect = 1 << iota
	ListRemote
	ListRecursiveMatch
	ListSpecialUse // RFC 6154 §5.3
)

// ListReturn are the return options of LIST (RFC 5258 §3.2).
type ListReturn uint8

// The return options.
const (
	ReturnSubscribed ListReturn = 1 << iota
	ReturnChildren
	ReturnSpecialUse
)

// List is LIST (RFC 9051 §6.3.9). Patterns are UTF-8 with `%` and `*`; match
// them with MatchList against Reference + pattern.
type List struct {
	Reference string
	Patterns  []string
	Select    ListSelect
	Return    ListReturn
	Status    StatusItems // of RETURN (STATUS (…)), else 0
	Extended  bool        // any syntax of RFC 5258 was used
}

// LSub is LSUB (RFC 3501 §6.3.9).
type LSub struct{ Reference, Pattern string }

// StatusItems are data items of STATUS.
type StatusItems uint16

// The status items.
const (
	StatusMessages StatusItems = 1 << iota
	StatusRecent
	StatusUIDNext
	StatusUIDValidity
	StatusUnseen
	StatusDeleted        // RFC 9208 §4.1.4, RFC 9051
	StatusSize           // RFC 8438
	StatusHighestModSeq  // RFC 7162 §3.1.7
	StatusMailboxID      // RFC 8474 §4.3
	StatusAppendLimit    // RFC 7889 §5
	StatusDeletedStorage // RFC 9208 §5.1
)

// Status is STATUS (RFC 9051 §6.3.11).
type Status struct {
	Mailbox string
	Items   StatusItems
}

// Expunge is EXPUNGE or, with UID, UID EXPUNGE of Set (RFC 9051 §6.4.9).
type Expunge struct {
	UID bool
	Set UIDSet
}

// StoreOp says what STORE does with the flags.
type StoreOp uint8

// The ways to store flags.
const (
	StoreReplace StoreOp = iota
	StoreAdd
	StoreRemove
)

// Store is STORE or UID STORE (RFC 9051 §6.4.6).
type Store struct {
	UID     bool
	Set     SeqSet
	Op      StoreOp
	Silent  bool
	Flags   mail.Flags
	Unknown []string // backslash names that are no system flag, \Recent among them
	// UnchangedSince of RFC 7162 §3.1.3 counts only if Conditional.
	UnchangedSince mail.ModSeq
	Conditional    bool
}

// Copy is COPY or UID COPY or, with Move, MOVE or UID MOVE (RFC 9051 §6.4.7,
// §6.4.8).
type Copy struct {
	UID     bool
	Move    bool
	Set     SeqSet
	Mailbox string
}

// GetQuota is GETQUOTA (RFC 9208 §4.1.2).
type GetQuota struct{ Root string }

// SetQuota is SETQUOTA (RFC 9208 §4.1.5).
type SetQuota struct {
	Root   string
	Limits []QuotaLimit
}

// QuotaLimit is one resource limit, such as STORAGE (in KiB) or MESSAGE.
type QuotaLimit struct {
	Resource string // upper case
	Limit    uint64
}

// AppendMessage is one message of an APPEND, before its literal is read.
type AppendMessage struct {
	Flags   mail.Flags
	Unknown []string  // backslash names that are no system flag
	Date    time.Time // zero when not given
	Size    int64     // 0 aborts a MULTIAPPEND (RFC 3502 §6.3.11)
	Binary  bool      // literal8: may hold NUL (RFC 3516 §4.4)
	UTF8    bool      // UTF8 (~{n}) of RFC 6855 §4
	NonSync bool      // the client sends it without waiting
}

// Verb is the command's name.
func (*Capability) Verb() string { return "CAPABILITY" }

// Verb is the command's name.
func (*Noop) Verb() string { return "NOOP" }

// Verb is the command's name.
func (*Logout) Verb() string { return "LOGOUT" }

// Verb is the command's name.
func (*StartTLS) Verb() string { return "STARTTLS" }

// Verb is the command's name.
func (*Namespace) Verb() string { return "NAMESPACE" }

// Verb is the command's name.
func (*Idle) Verb() string { return "IDLE" }

// Verb is the command's name.
func (*Check) Verb() string { return "CHECK" }

// Verb is the command's name.
func (*Close) Verb() string { return "CLOSE" }

// Verb is the command's name.
func (*Unselect) Verb() string { return "UNSELECT" }

// Verb is the command's name.
func (*Authenticate) Verb() string { return "AUTHENTICATE" }

// Verb is the command's name.
func (*Login) Verb() string { return "LOGIN" }

// Verb is the command's name.
func (*ID) Verb() string { return "ID" }

// Verb is the command's name.
func (*Enable) Verb() string { return "ENABLE" }

// Verb is the command's name.
func (c *Select) Verb() string {
	if c.ReadOnly {
		return "EXAMINE"
	}
	return "SELECT"
}

// Verb is the command's name.
func (*Create) Verb() string { return "CREATE" }

// Verb is the command's name.
func (*Delete) Verb() string { return "DELETE" }

// Verb is the command's name.
func (*Rename) Verb() string { return "RENAME" }

// Verb is the command's name.
func (*Subscribe) Verb() string { return "SUBSCRIBE" }

// Verb is the command's name.
func (*Unsubscribe) Verb() string { return "UNSUBSCRIBE" }

// Verb is the command's name.
func (*List) Verb() string { return "LIST" }

// Verb is the command's name.
func (*LSub) Verb() string { return "LSUB" }

// Verb is the command's name.
func (*Status) Verb() string { return "STATUS" }

// Verb is the command's name.
func (*Append) Verb() string { return "APPEND" }

// Verb is the command's name.
func (c *Expunge) Verb() string { return uidVerb(c.UID, "UID EXPUNGE") }

// Verb is the command's name.
func (c *Search) Verb() string { return uidVerb(c.UID, "UID SEARCH") }

// Verb is the command's name.
func (c *Fetch) Verb() string { return uidVerb(c.UID, "UID FETCH") }

// Verb is the command's name.
func (c *Store) Verb() string { return uidVerb(c.UID, "UID STORE") }

// Verb is the command's name.
func (c *Copy) Verb() string {
	if c.Move {
		return uidVerb(c.UID, "UID MOVE")
	}
	return uidVerb(c.UID, "UID COPY")
}

// Verb is the command's name.
func (*GetQuota) Verb() string { return "GETQUOTA" }

// Verb is the command's name.
func (*GetQuotaRoot) Verb() string { return "GETQUOTAROOT" }

// Verb is the command's name.
func (*SetQuota) Verb() string { return "SETQUOTA" }

// uidVerb is the verb with or without its "UID ".
func uidVerb(uid bool, verb string) string {
	if uid {
		return verb
	}
	return verb[len("UID "):]
}
