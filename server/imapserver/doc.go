// Package imapserver is the IMAP4 door: IMAP4rev1 (RFC 3501), IMAP4rev2
// (RFC 9051) and the extensions that docs/imap.md lists. A listener hands it
// accepted connections; it reads commands with wire/imapwire, asks the
// authority for a verdict, opens mailboxes with the grant of an allowed
// attempt, and writes what the mailbox engine says.
//
// What it promises:
//
//   - Every command that was read gets exactly one tagged line, whatever its
//     handler does, or the connection ends with BYE. A panic is answered, logged
//     with its stack and ends that connection only.
//   - One goroutine and, while nothing happens, no buffer per connection. IDLE
//     costs neither a goroutine nor a buffer. Commands run on goroutines that
//     end with them, so that the one that waits keeps its first small stack.
//   - A session tells its client about a removed message only where RFC 9051
//     §7.5.1 allows it, and everything else before the next tagged line.
//   - No secret and no byte of a message reaches a log.
//
// Each command has its file; commands.go is the table of them, replies.go the
// one table from fault kinds to IMAP's words.
package imapserver
