package mailbox

import (
	"context"
	"io"

	"postern/mail"
	"postern/wire/mime"
)

// Want is what Fetch reads, as bits; 0 gives the ids only.
type Want uint8

// What Fetch reads.
const (
	WantSummary Want = 1 << iota // Envelope, BodyStructure, Body, Preview, References, Tree
	WantBody                     // Open will be called
)

// Reader reads the bytes of one message; ReadAt may be called at the same time
// by several.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Message is what Fetch reads of one message. It and its slices are valid
// until the callback returns.
type Message struct {
	UID    mail.UID
	Email  mail.EmailID
	Thread mail.ThreadID

	// Envelope and BodyStructure are as IMAP writes them, parentheses included.
	Envelope      []byte
	BodyStructure []byte
	Preview       string   // RFC 8970
	MessageID     string   // without angle brackets, "" for none
	References    []string // ancestors, oldest first, without angle brackets

	// Damaged says that the stored bytes of this message cannot be read and
	// why; then the fields above are empty where they are not known.
	Damaged error
}

// Body is BODYSTRUCTURE without its extension data, made at each call.
func (m *Message) Body() []byte { return nil }

// Tree is the part tree, parsed at each call (WantSummary).
func (m *Message) Tree() (*mime.Part, error) { return nil, unsupported("mailbox.Tree") }

// Size is the octets of the message.
func (m *Message) Size() int64 { return 0 }

// Open gives the message's bytes. The caller closes the reader before the
// callback returns.
func (m *Message) Open(ctx context.Context) (Reader, error) {
	return nil, unsupported("mailbox.Message.Open")
}

// Fetch reads messages, uids ascending, and calls fn for each with no lock or
// store snapshot held, so that fn may wait for a client. Messages that are
// gone are skipped; fn's first error ends it.
func (v *View) Fetch(ctx context.Context, uids []mail.UID, want Want, fn func(*Message) error) error {
	return unsupported("mailbox.Fetch")
}
