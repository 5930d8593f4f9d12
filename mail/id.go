package mail

import (
	"fmt"
	"strconv"
)

// AccountID names one account for ever. It is never reused; 0 is no account.
type AccountID uint64

// MailboxID names one mailbox within its account for ever, also across
// renames. It is never reused; 0 is no mailbox.
type MailboxID uint64

// EmailID names the content of one message within its account. Copies and
// moves keep it (RFC 8474 §5.1). 0 is no message.
type EmailID uint64

// ThreadID names one conversation within its account (RFC 8474 §5.2).
type ThreadID uint64

// UID is a message's unique identifier in its mailbox (RFC 9051 §2.3.1.1),
// from 1 to 2^32-1; 0 is no message.
type UID uint32

// UIDValidity is the unique identifier validity value of a mailbox
// (RFC 9051 §2.3.1.1), never 0.
type UIDValidity uint32

// ModSeq is a modification sequence (RFC 7162 §3.1), at most 2^63-1. In
// Postern it is also the position in the account's change log: one transaction
// that changes an account takes one ModSeq. 0 is 'before everything'.
type ModSeq uint64

// Object identifiers as clients see them (RFC 8474 §4): a letter for the kind,
// then the number in hexadecimal. They are safe as file names and as JMAP ids.

// String is the ACCOUNTID as clients see it, such as "a1f".
func (id AccountID) String() string { return objectID('a', uint64(id)) }

// String is the MAILBOXID as clients see it, such as "m1f".
func (id MailboxID) String() string { return objectID('m', uint64(id)) }

// String is the EMAILID as clients see it, such as "e1f".
func (id EmailID) String() string { return objectID('e', uint64(id)) }

// String is the THREADID as clients see it, such as "t1f".
func (id ThreadID) String() string { return objectID('t', uint64(id)) }

func objectID(kind byte, n uint64) string {
	b := make([]byte, 1, 17)
	b[0] = kind
	return string(strconv.AppendUint(b, n, 16))
}

// ParseMailboxID reads what MailboxID.String wrote.
func ParseMailboxID(s string) (MailboxID, error) {
	n, err := parseObjectID('m', s)
	return MailboxID(n), err
}

// ParseEmailID reads what EmailID.String wrote.
func ParseEmailID(s string) (EmailID, error) {
	n, err := parseObjectID('e', s)
	return EmailID(n), err
}

// ParseThreadID reads what ThreadID.String wrote.
func ParseThreadID(s string) (ThreadID, error) {
	n, err := parseObjectID('t', s)
	return ThreadID(n), err
}

func parseObjectID(kind byte, s string) (uint64, error) {
	if len(s) < 2 || s[0] != kind {
		return 0, fmt.Errorf("object id %q: want %q and a hexadecimal number", s, string(kind))
	}
	n, err := strconv.ParseUint(s[1:], 16, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("object id %q: want %q and a hexadecimal number", s, string(kind))
	}
	return n, nil
}
