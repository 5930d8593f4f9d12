package mailbox

import (
	"container/list"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/store"
)

// Options are what an Engine is made of. Store and Blobs are required and stay
// the caller's to close, after the Engine.
type Options struct {
	Store  store.Store
	Blobs  blob.Store
	Logger *slog.Logger     // nil discards
	Clock  func() time.Time // nil is time.Now

	InlineMax   int64         // messages up to this size live in the store; 0 is 32 KiB (docs/design/0003)
	IndexBudget int64         // octets for indexes of mailboxes; 0 is 256 MiB
	Grace       time.Duration // how long unused blobs are kept; 0 is 1 hour
	Limits      Limits
}

func (o *Options) defaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	orDefault(&o.InlineMax, 32<<10)
	orDefault(&o.IndexBudget, 256<<20)
	orDefault(&o.Grace, time.Hour)
	orDefault(&o.Limits.MessageBytes, 50<<20)
	orDefault(&o.Limits.Mailboxes, 10_000)
	orDefault(&o.Limits.Depth, 32)
	orDefault(&o.Limits.NameBytes, 1000)
	orDefault(&o.Limits.Keywords, 200)
}

func orDefault[T ~int | ~int64](p *T, v T) {
	if *p <= 0 {
		*p = v
	}
}

// Engine is the mailbox engine. All methods may be called at the same time.
type Engine struct {
	opts  Options
	tasks tasks
	bytes atomic.Int64 // weight of all indexes
	ended atomic.Bool  // Close was called; set under mu

	pending pendingBlobs
	buffers sync.Pool // of *[]byte, for small messages

	// mu guards what follows. It is taken before an account's mu.
	mu       sync.Mutex
	accounts map[mail.AccountID]*account
	idle     *list.List // of *index that nobody uses, the longest idle first
}

// New makes an engine and starts its background work, which Close ends.
func New(o Options) (*Engine, error) {
	if o.Store == nil || o.Blobs == nil {
		return nil, fault.New(fault.Invalid, "mailbox.New", "a store and a blob store are needed")
	}
	o.defaults()
	e := &Engine{opts: o, accounts: map[mail.AccountID]*account{}, idle: list.New()}
	e.pending.refs = map[blob.Ref]struct{}{}
	e.tasks.start()
	e.background(e.sweeper)
	return e, nil
}

// Close ends the background work and waits for it. Sessions get Closed.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.ended.Store(true)
	all := e.accounts
	e.accounts = map[mail.AccountID]*account{}
	e.mu.Unlock()
	e.tasks.end()
	for _, a := range all {
		a.unsubscribe()
	}
	return nil
}

// Limits are the limits in force, with their defaults.
func (e *Engine) Limits() Limits { return e.opts.Limits }

// background runs fn until Close, which ends ctx and waits for it.
func (e *Engine) background(fn func(ctx context.Context)) { e.tasks.run(fn) }

func (e *Engine) now() time.Time { return e.opts.Clock() }

// enter gives the shared state of an account, kept until leave.
func (e *Engine) enter(id mail.AccountID) (*account, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended.Load() {
		return nil, fault.New(fault.Closed, "mailbox.Open", "the mailbox engine is closed")
	}
	a := e.accounts[id]
	if a == nil {
		a = &account{e: e, id: id, indexes: map[mail.MailboxID]*index{}}
		e.accounts[id] = a
	}
	a.refs++
	return a, nil
}

// leave undoes enter.
func (e *Engine) leave(a *account) {
	e.mu.Lock()
	a.refs--
	drop := e.forget(a)
	e.mu.Unlock()
	if drop {
		a.unsubscribe()
	}
}

// forget drops an account that nobody uses. Its caller holds mu, and calls
// unsubscribe without it if the answer is true.
func (e *Engine) forget(a *account) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refs > 0 || len(a.indexes) > 0 || e.accounts[a.id] != a {
		return false
	}
	delete(e.accounts, a.id)
	return true
}

// trim drops the indexes that were idle longest while all weigh more than the
// budget.
func (e *Engine) trim() {
	for e.bytes.Load() > e.opts.IndexBudget {
		e.mu.Lock()
		front := e.idle.Front()
		if front == nil {
			e.mu.Unlock()
			return
		}
		x := e.idle.Remove(front).(*index)
		x.idle = nil
		a := x.acct
		a.drop(x)
		last := e.forget(a)
		e.mu.Unlock()
		if last {
			a.unsubscribe()
		}
	}
}
