package mailbox

import (
	"postern/mail"
	"postern/store"
)

// UIDRange is First ≤ UID ≤ Last.
type UIDRange = store.UIDRange

// Limits bound what an account may hold. A zero field means its default.
type Limits struct {
	MessageBytes int64 // octets of one message; default 50 MiB
	Mailboxes    int   // mailboxes of one account; default 10,000
	Depth        int   // levels of a name; default 32
	NameBytes    int   // octets of a name; default 1,000
	Keywords     int   // different keywords of one mailbox, and of one message; default 200
}

// Info is a mailbox as lists show it. A name without a mailbox, listed since
// it is subscribed or has children, has Exists false and no numbers.
type Info struct {
	ID            mail.MailboxID
	Name          string // UTF-8, levels divided by '/'
	UIDValidity   mail.UIDValidity
	UIDNext       mail.UID
	HighestModSeq mail.ModSeq // never 0 for a mailbox that exists
	Messages      int64
	Unseen        int64
	Deleted       int64 // messages with \Deleted
	Bytes         int64
	DeletedBytes  int64 // octets of the messages with \Deleted
	SpecialUse    []string
	Exists        bool
	Subscribed    bool
	HasChildren   bool
}

// Quota is what an account uses and may use. A limit of 0 is none.
type Quota struct {
	Bytes, BytesLimit       int64
	Messages, MessagesLimit int64
}
