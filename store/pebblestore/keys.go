package pebblestore

import (
	"encoding/binary"

	"postern/mail"
	"postern/store"
)

// The first byte of a key is its space. Bodies have a space of their own, so
// that scans of rows never pass over them and only they are kept out of the
// tables (see spanPolicy).
const (
	spaceFormat        = 'F'
	spaceAttemptsOf    = 'A' // account, id -> nothing
	spaceAttempts      = 'a' // id -> row
	spaceBody          = 'b' // account, email -> bytes
	spaceDirectory     = 'd'
	spaceMail          = 'm' // account, kind, …
	spaceSystem        = 's'
	kindAccount        = 'a' // id -> AccountRow
	kindAddress        = 'n' // address -> account id
	kindNextAccount    = 'i' // -> next account id
	kindCredential     = 'c' // account, id -> CredentialRow
	kindDevice         = 'v' // account, key -> time
	kindSetting        = 's' // name -> bytes
	kindRevision       = 'r' // number -> RevisionRow
	kindCounters       = 'c' // -> Counters
	kindMailbox        = 'x' // mailbox -> MailboxRow
	kindMailboxName    = 'n' // name -> mailbox
	kindSubscription   = 's' // name -> nothing
	kindMessage        = 'u' // mailbox, uid -> MessageRow
	kindState          = 'v' // mailbox, uid -> StateRow
	kindEmail          = 'e' // email -> EmailRow
	kindThread         = 't' // key -> thread
	kindRemoved        = 'r' // mailbox, modseq -> ranges
	kindChange         = 'l' // modseq -> Change
	kindGarbage        = 'g' // reference -> time
	mailPrefixLen      = 1 + 8 + 1
	attemptPrefixLen   = 1
	attemptIDLen       = 8 + 4
	attemptOfPrefixLen = 1 + 8
)

func formatKey() []byte { return []byte{spaceFormat} }

func appendMailKey(b []byte, account mail.AccountID, kind byte) []byte {
	b = append(b, spaceMail)
	b = binary.BigEndian.AppendUint64(b, uint64(account))
	return append(b, kind)
}

func appendUIDKey(b []byte, account mail.AccountID, kind byte, box mail.MailboxID, uid mail.UID) []byte {
	b = appendMailKey(b, account, kind)
	b = binary.BigEndian.AppendUint64(b, uint64(box))
	return binary.BigEndian.AppendUint32(b, uint32(uid))
}

func appendBodyKey(b []byte, account mail.AccountID, id mail.EmailID) []byte {
	b = append(b, spaceBody)
	b = binary.BigEndian.AppendUint64(b, uint64(account))
	return binary.BigEndian.AppendUint64(b, uint64(id))
}

// appendAttemptID orders times before 1970 first.
func appendAttemptID(b []byte, id store.AttemptID) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(id.Time)^(1<<63))
	return binary.BigEndian.AppendUint32(b, id.Seq)
}

// attemptIDOf reads the id at the end of a key; the caller knows its length.
func attemptIDOf(key []byte) store.AttemptID {
	k := key[len(key)-attemptIDLen:]
	return store.AttemptID{
		Time: int64(binary.BigEndian.Uint64(k) ^ (1 << 63)),
		Seq:  binary.BigEndian.Uint32(k[8:]),
	}
}

func appendAttemptKey(b []byte, id store.AttemptID) []byte {
	return appendAttemptID(append(b, spaceAttempts), id)
}

func appendAttemptOfKey(b []byte, account mail.AccountID, id store.AttemptID) []byte {
	b = append(b, spaceAttemptsOf)
	b = binary.BigEndian.AppendUint64(b, uint64(account))
	return appendAttemptID(b, id)
}

func appendDirectoryKey(b []byte, kind byte) []byte { return append(b, spaceDirectory, kind) }

func appendDirectoryID(b []byte, kind byte, account mail.AccountID) []byte {
	return binary.BigEndian.AppendUint64(appendDirectoryKey(b, kind), uint64(account))
}

func appendSystemKey(b []byte, kind byte) []byte { return append(b, spaceSystem, kind) }

// prefixEnd is the first key after all keys that begin with prefix, in memory
// of its own; nil if there is none.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
