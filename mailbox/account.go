package mailbox

import (
	"context"
	"sync"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// account is what all sessions of an account share: the indexes of its open
// mailboxes, fed by the change log.
type account struct {
	e    *Engine
	id   mail.AccountID
	refs int // sessions; guarded by the engine's mu

	subscribing sync.Mutex // held while subscribing, before mu
	cancel      func()     // ends the subscription; guarded by subscribing
	left        bool       // the engine forgot this account; guarded by subscribing

	// mu guards what follows and everything in the indexes. It is held for
	// moments only: the committing goroutine waits for it.
	mu      sync.Mutex
	ready   bool // the default mailboxes are there
	known   known
	indexes map[mail.MailboxID]*index
}

func (a *account) part() store.Partition { return store.MailOf(a.id) }

func (a *account) view(ctx context.Context, fn func(store.MailReader) error) error {
	return a.e.opts.Store.View(ctx, func(r store.Reader) error { return fn(r.Mail(a.id)) }, a.part())
}

// subscribe makes sure that changes are heard; Closed if the last session was
// closed meanwhile.
func (a *account) subscribe(op string) error {
	a.subscribing.Lock()
	defer a.subscribing.Unlock()
	if a.left {
		return fault.New(fault.Closed, op, "the session is closed")
	}
	if a.cancel == nil {
		a.cancel = a.e.opts.Store.Subscribe(a.id, a.hear)
	}
	return nil
}

// unsubscribe is called once, when the engine has forgotten the account.
func (a *account) unsubscribe() {
	a.subscribing.Lock()
	defer a.subscribing.Unlock()
	a.left = true
	if a.cancel != nil {
		a.cancel()
		a.cancel = nil
	}
}

// hear takes a change over into the indexes and wakes who looks at them.
func (a *account) hear(c *store.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgetNames(c)
	for _, x := range a.indexes {
		x.hear(c)
	}
}

// drop forgets an index.
func (a *account) drop(x *index) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.indexes[x.box] == x {
		delete(a.indexes, x.box)
	}
	a.e.bytes.Add(-x.weight)
	x.weight = 0
	x.dropped = true
}

// acquire gives the index of a mailbox, read from the store if need be, for
// release.
func (a *account) acquire(ctx context.Context, box mail.MailboxID) (*index, error) {
	if err := a.subscribe("mailbox.Select"); err != nil {
		return nil, err
	}
	for {
		x, mine := a.claim(box)
		if x == nil {
			return nil, fault.New(fault.Closed, "mailbox.Select", "the session is closed")
		}
		if mine {
			x.load(ctx)
		}
		select {
		case <-x.ready:
		case <-ctx.Done():
			a.release(x)
			return nil, canceled(ctx, "mailbox.Select")
		}
		if x.err == nil {
			return x, nil
		}
		a.release(x)
		// Who read it may have been canceled, which is no reason for others.
		if mine || ctx.Err() != nil {
			return nil, x.err
		}
	}
}

// claim counts a user of an index; mine tells the one who must load it. There is
// none once the last session has ended.
func (a *account) claim(box mail.MailboxID) (x *index, mine bool) {
	a.e.mu.Lock()
	defer a.e.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refs == 0 {
		return nil, false
	}
	x = a.indexes[box]
	if x == nil {
		x, mine = newIndex(a, box), true
		a.indexes[box] = x
	}
	x.users++
	if x.idle != nil {
		a.e.idle.Remove(x.idle)
		x.idle = nil
	}
	return x, mine
}

// release undoes acquire.
func (a *account) release(x *index) {
	a.e.mu.Lock()
	x.users--
	if x.users == 0 {
		if x.useless() {
			a.drop(x)
		} else {
			x.idle = a.e.idle.PushBack(x)
		}
	}
	a.e.mu.Unlock()
	a.e.trim()
}
