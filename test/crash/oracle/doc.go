// Package oracle knows what a mail server must still have after a crash. Its
// workers are IMAP clients that write what they are about to do, and then what
// they were told, to a journal outside the server's fault domain. After a
// crash [Oracle.Verify] reads everything back over IMAP and holds it against
// that: what was acknowledged is there exactly once and whole, what was not is
// there at most once and whole, several messages of one command came all or
// none, what was acknowledged as removed is gone, and no UID, UIDNEXT or
// HIGHESTMODSEQ fell back or meant something new.
//
// A worker has one command under way at a time, so a crash leaves at most one
// in doubt; Verify finds out what became of it, and the worker goes on from
// there.
package oracle
