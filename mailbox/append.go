package mailbox

import (
	"context"
	"io"
	"time"

	"postern/mail"
)

// Append is the delivery of one or more messages into one mailbox, all or
// nothing. One goroutine uses it. It must end with Commit or Abort.
type Append struct{}

// AppendMessage is what is known of a message before its bytes.
type AppendMessage struct {
	Flags    mail.Flags
	Received time.Time // INTERNALDATE; zero is now
	Size     int64     // exact octets
}

// AppendResult is what Commit made.
type AppendResult struct {
	Mailbox     mail.MailboxID
	UIDValidity mail.UIDValidity
	UIDs        []mail.UID // in the order of Next; ascending
	Emails      []mail.EmailID
	ModSeq      mail.ModSeq
}

// BeginAppend starts a delivery. size is that of the first message, or 0 if it
// is not known yet. It refuses before any byte is taken: NotFound, Denied,
// OverQuota, TooLarge, Full, ReadOnly.
func (s *Session) BeginAppend(ctx context.Context, name string, size int64) (*Append, error) {
	return nil, unsupported("mailbox.BeginAppend")
}

// Next begins the next message and gives the writer for its bytes: exactly
// Size of them, before the next call of Next or Commit. Quota and limits are
// checked with all messages so far.
func (a *Append) Next(ctx context.Context, m AppendMessage) (io.Writer, error) {
	return nil, unsupported("mailbox.Append.Next")
}

// Commit stores all messages. When it returns nil they are durable. After an
// error nothing is stored.
func (a *Append) Commit(ctx context.Context) (AppendResult, error) {
	return AppendResult{}, unsupported("mailbox.Append.Commit")
}

// Abort gives up; after Commit or Abort it does nothing.
func (a *Append) Abort() {}
