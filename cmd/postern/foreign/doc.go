// Package foreign reads what other mail systems leave behind: Maildir trees,
// mbox files, Dovecot passwd-files and LDIF. It is called by `postern import`,
// changes nothing that it reads, and goes on after a file that it cannot read,
// telling why.
//
// IMAP shows lines that end in CR LF (RFC 9051 §2.2), and other systems often
// store bare LF; so messages are handed over with bare LF turned into CR LF
// and are otherwise as they were.
package foreign

import (
	"bytes"
	"time"
)

// Message is one message found.
type Message struct {
	Mailbox  string   // UTF-8, levels divided by '/'
	Flags    []string // IMAP names
	Received time.Time
	Source   string // file, and line where there is one
	Raw      []byte
	Empty    bool // there is no message: the mailbox has none
}

// Trouble is a file or entry that could not be read.
type Trouble struct {
	Source string
	Err    error
}

// crlf turns bare LF into CR LF.
func crlf(b []byte) []byte {
	bare := bytes.Count(b, []byte("\n")) - bytes.Count(b, []byte("\r\n"))
	if bare == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+bare)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}
