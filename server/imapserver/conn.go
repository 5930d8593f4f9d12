package imapserver

import (
	"context"
	"net"

	"postern/signin"
)

// Conn is an accepted connection as the listener hands it over. Closing it is
// the door's duty; Serve does so before it returns.
type Conn interface {
	net.Conn
	// ID is the correlation id that every log line about the connection has.
	ID() string
	// Listener is the name of the listener it came in by.
	Listener() string
	// TLS says how the connection is encrypted; nil while it is not.
	TLS() *signin.TLSFacts
	// CanStartTLS tells whether STARTTLS may be offered now.
	CanStartTLS() bool
	// StartTLS does the handshake and from then on reads and writes through
	// TLS. Bytes that were read before are none of its business: the door has
	// made sure that there are none left.
	StartTLS(ctx context.Context) error
	// HangUp is Close after the last words: the client gets them, whatever it
	// was sending. It may take a second. Close ends it.
	HangUp() error
	// SignedIn says that the client has signed in, so that the listener does
	// not count and time it with strangers any more.
	SignedIn()
}
