package mailbox

import (
	"context"
	"log/slog"
	"time"

	"postern/blob"
	"postern/fault"
	"postern/signin/grant"
	"postern/store"
)

// Options are what an Engine is made of. Store and Blobs are required and stay
// the caller's to close, after the Engine.
type Options struct {
	Store  store.Store
	Blobs  blob.Store
	Logger *slog.Logger     // nil discards
	Clock  func() time.Time // nil is time.Now

	InlineMax   int64         // messages up to this size live in the store; 0 is 64 KiB
	IndexBudget int64         // octets for indexes of mailboxes; 0 is 256 MiB
	Grace       time.Duration // how long unused blobs are kept; 0 is 1 hour
	Limits      Limits
}

// Engine is the mailbox engine. All methods may be called at the same time.
type Engine struct{ opts Options }

// New makes an engine and starts its background work, which Close ends.
func New(o Options) (*Engine, error) { return &Engine{opts: o}, nil }

// Close ends the background work and waits for it. Sessions get Closed.
func (e *Engine) Close() error { return nil }

// Limits are the limits in force, with their defaults.
func (e *Engine) Limits() Limits { return e.opts.Limits }

// Open opens the account that the grant is for; the first time it makes the
// default mailboxes. The session does not release the grant.
func (e *Engine) Open(ctx context.Context, g grant.Grant) (*Session, error) {
	return nil, unsupported("mailbox.Open")
}

func unsupported(op string) error { return fault.New(fault.Unsupported, op, "being written") }
