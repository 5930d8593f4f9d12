package pebblestore

import (
	"encoding/binary"
	"slices"
	"sync"

	"postern/mail"
	"postern/store"
)

// subscribers are those who hear changes, by account.
type subscribers struct {
	mu sync.RWMutex
	m  map[mail.AccountID][]*subscriber // slices are replaced, not changed; guarded by mu
}

type subscriber struct {
	mu       sync.Mutex          // held while fn runs
	fn       func(*store.Change) // guarded by mu
	canceled bool                // guarded by mu
}

// Subscribe implements store.Store.
func (s *Store) Subscribe(account mail.AccountID, fn func(*store.Change)) (cancel func()) {
	sub := &subscriber{fn: fn}
	t := &s.subscribers
	t.mu.Lock()
	t.m[account] = append(slices.Clone(t.m[account]), sub)
	t.mu.Unlock()
	return sync.OnceFunc(func() {
		t.mu.Lock()
		rest := slices.DeleteFunc(slices.Clone(t.m[account]), func(x *subscriber) bool { return x == sub })
		t.m[account] = rest
		if len(rest) == 0 {
			delete(t.m, account)
		}
		t.mu.Unlock()
		sub.mu.Lock()
		sub.canceled = true
		sub.mu.Unlock()
	})
}

func (t *subscribers) deliver(c *store.Change) {
	t.mu.RLock()
	list := t.m[c.Account]
	t.mu.RUnlock()
	for _, sub := range list {
		sub.mu.Lock()
		if !sub.canceled {
			sub.fn(c)
		}
		sub.mu.Unlock()
	}
}

// enqueue puts a change in its account's queue; the partition's lock is held,
// so the queue is in commit order.
func (p *partition) enqueue(c *commit, change *store.Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, queuedChange{c, change})
}

// publishUpTo delivers every queued change up to that of c, which is durable.
// The changes before it are durable too, as one log holds them in this order.
// When it returns, the change of c has been delivered, by whomever.
func (s *Store) publishUpTo(p *partition, c *commit) {
	p.publish.Lock()
	defer p.publish.Unlock()
	p.mu.Lock()
	n := 1 + slices.IndexFunc(p.queue, func(q queuedChange) bool { return q.commit == c })
	ready := p.queue[:n:n]
	p.queue = p.queue[n:]
	p.mu.Unlock()
	for _, q := range ready {
		s.subscribers.deliver(q.change)
	}
}

// changeKey is where the change log has the change of c in this partition; nil
// if the change has been told.
func (p *partition) changeKey(c *commit) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.queue, func(q queuedChange) bool { return q.commit == c })
	if i < 0 {
		return nil
	}
	change := p.queue[i].change
	return binary.BigEndian.AppendUint64(appendMailKey(nil, change.Account, kindChange), uint64(change.ModSeq))
}
