package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errNone = errors.New("there is none")

// keyName says in words what is stored under a key, for people who read a
// damage report. Names and addresses are left out.
func keyName(k []byte) string {
	if len(k) == 0 {
		return "the start"
	}
	switch k[0] {
	case spaceFormat:
		return "format version"
	case spaceMail:
		return mailKeyName(k)
	case spaceBody:
		if len(k) == 1+8+8 {
			return fmt.Sprintf("body of email e%x in account a%x", be64(k[9:]), be64(k[1:]))
		}
	case spaceAttempts, spaceAttemptsOf:
		return fmt.Sprintf("sign-in log, key %x", k)
	case spaceDirectory:
		return fmt.Sprintf("directory, key %x", k)
	case spaceSystem:
		return fmt.Sprintf("system room, key %x", k)
	}
	return fmt.Sprintf("key %x", k)
}

func mailKeyName(k []byte) string {
	if len(k) < mailPrefixLen {
		return fmt.Sprintf("key %x", k)
	}
	account, rest := be64(k[1:]), k[mailPrefixLen:]
	what := map[byte]string{
		kindCounters: "counters", kindMailbox: "mailbox", kindMailboxName: "mailbox name",
		kindSubscription: "subscription", kindMessage: "message", kindState: "state", kindEmail: "email",
		kindThread: "thread", kindRemoved: "removed list", kindChange: "change", kindGarbage: "garbage",
	}[k[9]]
	switch {
	case what == "":
		return fmt.Sprintf("account a%x, key %x", account, k)
	case (k[9] == kindMessage || k[9] == kindState) && len(rest) == 12:
		return fmt.Sprintf("account a%x, mailbox m%x, %s of UID %d", account, be64(rest), what, binary.BigEndian.Uint32(rest[8:]))
	case len(rest) == 8:
		return fmt.Sprintf("account a%x, %s %x", account, what, be64(rest))
	}
	return fmt.Sprintf("account a%x, %s, key %x", account, what, k)
}

func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }
