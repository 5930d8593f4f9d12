package store

import (
	"time"

	"postern/mail"
)

// MailReader reads one account's mail. Iterations go in ascending order and
// stop at the first error of fn, which they return.
type MailReader interface {
	// Counters are the account's counters; zero for an account without mail.
	Counters() (Counters, error)

	// Mailbox is one mailbox; NotFound if there is none.
	Mailbox(id mail.MailboxID) (MailboxRow, error)
	// MailboxByName finds a mailbox by its exact name; NotFound if none.
	MailboxByName(name string) (MailboxRow, error)
	// Mailboxes lists all mailboxes by id.
	Mailboxes(fn func(MailboxRow) error) error
	// Subscriptions lists the subscribed names, whether or not a mailbox of
	// that name exists, in byte order.
	Subscriptions(fn func(name string) error) error

	// Message is the immutable part of one message; NotFound if none.
	Message(box mail.MailboxID, uid mail.UID) (MessageRow, error)
	// Messages lists from ≤ UID ≤ to. The row's Summary is valid until fn
	// returns.
	Messages(box mail.MailboxID, from, to mail.UID, fn func(MessageRow) error) error
	// State is the changing part of one message; NotFound if none.
	State(box mail.MailboxID, uid mail.UID) (StateRow, error)
	// States lists from ≤ UID ≤ to.
	States(box mail.MailboxID, from, to mail.UID, fn func(StateRow) error) error

	// Email is the content shared by all copies of a message; NotFound if none.
	Email(id mail.EmailID) (EmailRow, error)
	// Emails lists all of the account's contents by id.
	Emails(fn func(EmailRow) error) error
	// Body is the message kept inline; NotFound if it is a blob or gone.
	Body(id mail.EmailID) ([]byte, error)
	// Bodies lists the messages kept inline with from ≤ id ≤ to. The bytes are
	// valid until fn returns.
	Bodies(from, to mail.EmailID, fn func(id mail.EmailID, body []byte) error) error
	// Thread is the thread that key (see MailTx.PutThread) belongs to;
	// NotFound if none.
	Thread(key ThreadKey) (mail.ThreadID, error)

	// Removed lists, by ModSeq > since, the UIDs removed from a mailbox.
	Removed(box mail.MailboxID, since mail.ModSeq, fn func(mail.ModSeq, []UIDRange) error) error
	// Changes lists the change log by ModSeq > since. States in it are nil.
	Changes(since mail.ModSeq, fn func(*Change) error) error
	// Garbage lists the blobs that no message uses any more, with the time
	// they were let go.
	Garbage(fn func(ref string, since time.Time) error) error
}

// MailTx writes one account's mail. It does what it is told: counters, rights
// and quota are the mailbox engine's. Deleting a mailbox, message or email that
// is not there is NotFound; deleting anything else that is not there is no
// error. Counters of a transaction that logs still have the last committed
// ModSeq until it commits.
type MailTx interface {
	MailReader

	// ModSeq is this transaction's position in the change log: the last
	// committed one plus 1, the same at every call. It is used up only if Log
	// is called.
	ModSeq() (mail.ModSeq, error)
	// Log adds one item to this transaction's change log entry and takes its
	// slices over. Removed items are also kept for Removed. Invalid if the UIDs
	// do not ascend without overlap.
	Log(ChangeItem) error

	// PutCounters stores the counters except ModSeq, which Log moves.
	PutCounters(Counters) error
	// PutMailbox creates, changes or renames a mailbox; Exists if another
	// mailbox has the name.
	PutMailbox(MailboxRow) error
	// DeleteMailbox removes the row, its name and its Removed list; its
	// messages must have been deleted before.
	DeleteMailbox(id mail.MailboxID) error
	PutSubscription(name string) error
	DeleteSubscription(name string) error

	// PutMessage stores a message's immutable part; Exists if the UID is taken.
	PutMessage(box mail.MailboxID, row MessageRow) error
	PutState(box mail.MailboxID, row StateRow) error
	// DeleteMessage removes message and state; NotFound if there is none.
	DeleteMessage(box mail.MailboxID, uid mail.UID) error

	PutEmail(EmailRow) error
	// DeleteEmail removes the row and, if inline, the body.
	DeleteEmail(id mail.EmailID) error
	// PutBody keeps a message's bytes inline. The slice is not kept.
	PutBody(id mail.EmailID, body []byte) error
	PutThread(key ThreadKey, id mail.ThreadID) error

	PutGarbage(ref string, since time.Time) error
	DeleteGarbage(ref string) error

	// Wipe removes everything the account has, except Garbage, to which the
	// blobs of its emails are added with the given time, and what Counters have
	// handed out (law 5); Messages and Bytes become 0. The change log begins
	// anew, with the entry of this transaction if it logs.
	Wipe(now time.Time) error
}

// Counters are what an account counts, and its quota. All of the Next values are the next to
// hand out; 0 stands for 1.
type Counters struct {
	ModSeq      mail.ModSeq // last committed; kept by the store
	NextMailbox mail.MailboxID
	NextEmail   mail.EmailID
	NextThread  mail.ThreadID
	UIDValidity mail.UIDValidity // last handed out
	Messages    int64            // in all mailboxes, copies counted each
	Bytes       int64            // their sizes
	QuotaBytes  int64            // limit on Bytes; 0 is none
	QuotaCount  int64            // limit on Messages; 0 is none
}

// MailboxRow is one mailbox.
type MailboxRow struct {
	ID            mail.MailboxID
	Name          string // UTF-8, levels divided by '/', "INBOX" in capitals
	UIDValidity   mail.UIDValidity
	UIDNext       mail.UID // the next to hand out, from 1
	HighestModSeq mail.ModSeq
	Created       mail.ModSeq
	SpecialUse    []string // such as `\Sent`
	Messages      int64
	Unseen        int64
	Deleted       int64 // messages with \Deleted
	Bytes         int64
	DeletedBytes  int64
}

// MessageRow is the part of a message in a mailbox that never changes.
type MessageRow struct {
	UID     mail.UID
	Email   mail.EmailID
	Thread  mail.ThreadID
	Summary []byte // made and read by the mailbox engine
}

// StateRow is the part of a message in a mailbox that changes, and what lists
// need at once.
type StateRow struct {
	UID      mail.UID
	ModSeq   mail.ModSeq // of its last change
	Flags    mail.Flags
	Size     int64     // octets of the message
	Received time.Time // INTERNALDATE, to the second, zone offset kept to the minute
	Saved    time.Time // SAVEDATE (RFC 8514), UTC, to the second
}

// EmailRow is a message's content, shared by its copies.
type EmailRow struct {
	ID     mail.EmailID
	Refs   uint32 // messages that use it
	Size   int64
	SHA256 [32]byte
	Blob   string // blob reference; empty if the body is inline
}

// ThreadKey is a keyed or plain hash of a message id.
type ThreadKey [16]byte

// UIDRange is First ≤ UID ≤ Last.
type UIDRange struct{ First, Last mail.UID }

// Change is one transaction's entry in an account's change log.
type Change struct {
	Account mail.AccountID
	ModSeq  mail.ModSeq
	Items   []ChangeItem
}

// ChangeItem says what happened in one mailbox.
type ChangeItem struct {
	Mailbox mail.MailboxID
	Kind    ChangeKind
	UIDs    []UIDRange // for the message kinds, ascending
	// States are the states of Added and Updated messages, ascending, for
	// subscribers on the node that committed; nil elsewhere and in the log. They
	// are shared: nobody may change them.
	States []StateRow
}

// ChangeKind is what happened.
type ChangeKind uint8

// The kinds of changes; their numbers are stored.
const (
	MessagesAdded ChangeKind = 1 + iota
	MessagesUpdated
	MessagesRemoved
	MailboxCreated
	MailboxUpdated // renamed, special use
	MailboxDeleted
	SubscriptionsChanged // Mailbox is 0
)
