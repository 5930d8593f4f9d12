package mailbox

import (
	"bytes"
	"context"
	"io"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/wire/mime"
)

// Want is what Fetch reads, as bits; 0 gives the ids only.
type Want uint8

// What Fetch reads.
const (
	WantSummary Want = 1 << iota // Envelope, BodyStructure, Body, Preview, MessageID, References, Tree, Size
	WantBody                     // Open will be called for all or most
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
	Preview       string // RFC 8970
	MessageID     string // without angle brackets, "" for none

	// Damaged says that the stored bytes of this message cannot be read and
	// why; then the fields above are empty where they are not known.
	Damaged error

	acct    *account
	summary summary
	opened  bool // content and ref are known
	content []byte
	ref     blob.Ref
}

// Body is BODYSTRUCTURE without its extension data, made at each call.
func (m *Message) Body() []byte { return appendBody(nil, m.BodyStructure) }

// References lists the ancestors' message ids, oldest first, without angle
// brackets (WantSummary).
func (m *Message) References() []string { return m.summary.refs() }

// Traits are facts about the message's bytes (WantSummary).
func (m *Message) Traits() mime.Traits { return m.summary.traits }

// Tree is the part tree, parsed at each call (WantSummary).
func (m *Message) Tree() (*mime.Part, error) {
	if m.Damaged != nil {
		return nil, m.Damaged
	}
	return mime.DecodeTree(m.summary.tree)
}

// Size is the octets of the message (WantSummary).
func (m *Message) Size() int64 { return m.summary.size }

// Open gives the message's bytes; Damaged if they cannot be read, Expunged if
// they are gone. The caller closes the reader before the callback returns.
func (m *Message) Open(ctx context.Context) (Reader, error) {
	if !m.opened {
		if err := m.locate(ctx); err != nil {
			return nil, err
		}
	}
	return m.acct.open(ctx, m.Email, m.content, m.ref)
}

// locate finds out where the bytes are.
func (m *Message) locate(ctx context.Context) error {
	return m.acct.view(ctx, func(r store.MailReader) error {
		body, ref, err := whereabouts(r, m.Email)
		if err == nil {
			m.opened, m.content, m.ref = true, bytes.Clone(body), ref
		}
		return err
	})
}

// whereabouts is a message's bytes, valid as long as r, or else its blob.
func whereabouts(r store.MailReader, id mail.EmailID) ([]byte, blob.Ref, error) {
	const op = "mailbox.Open"
	row, err := r.Email(id)
	if err != nil {
		return nil, "", gone(op, id, err)
	}
	if row.Blob != "" {
		return nil, blob.Ref(row.Blob), nil
	}
	body, err := r.Body(id)
	if err != nil {
		return nil, "", gone(op, id, err)
	}
	if int64(len(body)) != row.Size {
		return nil, "", fault.New(fault.Damaged, op, "message %s has %d octets in the store, not %d", id, len(body), row.Size)
	}
	return body, "", nil
}

// gone says Expunged for what is not found.
func gone(op string, id mail.EmailID, err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Expunged, op, "message %s is gone", id)
	}
	return fault.New(fault.KindOf(err), op, "message %s: %w", id, err)
}

func (a *account) open(ctx context.Context, id mail.EmailID, content []byte, ref blob.Ref) (Reader, error) {
	if ref == "" {
		return inlineReader{bytes.NewReader(content)}, nil
	}
	r, err := a.e.opts.Blobs.Open(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		// Who took longer than the grace may find it deleted with its message.
		if err := a.view(ctx, func(r store.MailReader) error { _, _, err := whereabouts(r, id); return err }); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Damaged, "mailbox.Open", "message %s: its blob %s is missing", id, ref)
	}
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "mailbox.Open", "message %s: %w", id, err)
	}
	return r, nil
}

type inlineReader struct{ *bytes.Reader }

func (inlineReader) Close() error { return nil }
