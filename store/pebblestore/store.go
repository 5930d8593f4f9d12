package pebblestore

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// Store is one open database. Open makes it.
type Store struct {
	dir         string
	opts        Options
	lock        *pebble.Lock
	db          *pebble.DB
	frozen      frozen
	guard       *guard
	pacer       *pacer
	log         *slog.Logger
	sparing     *sparing
	statistics  statistics
	partitions  *partitionTable
	subscribers subscribers
	uids        uidHints
	counters    counters
	background  sync.WaitGroup // goroutines that end when guard.closing is closed

	mu     sync.Mutex
	idle   sync.Cond // signalled when users falls to 0; on mu
	users  int       // calls under way; guarded by mu
	closed bool      // guarded by mu
}

var _ store.Store = (*Store)(nil)

type counters struct {
	commits, inFlight, views, background, damage atomic.Int64
}

func newStore(dir string, o Options, g *guard, lock *pebble.Lock) *Store {
	s := &Store{dir: dir, opts: o, lock: lock, log: o.Logger, guard: g, partitions: newPartitionTable()}
	s.pacer, s.sparing = newPacer(), newSparing(s.log)
	s.subscribers.m = make(map[mail.AccountID][]*subscriber)
	s.idle.L = &s.mu
	s.frozen.ready = make(chan struct{})
	g.onBreak = s.openFrozen
	return s
}

// enter counts a call that Close must wait for.
func (s *Store) enter(op string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fault.New(fault.Closed, op, "the store is closed")
	}
	s.users++
	return nil
}

func (s *Store) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 {
		s.idle.Broadcast()
	}
}

// writable is nil, or why no write is taken.
func (s *Store) writable(op string, reserve bool) error {
	if err := s.guard.failed(); err != nil {
		return fault.In(op, err)
	}
	return fault.In(op, s.guard.space.refuse(reserve))
}

// Health implements store.Store.
func (s *Store) Health() error { return s.writable("store.Health", false) }

// View implements store.Store. The snapshot is taken first; then it waits for
// what the partitions had in flight, so that everything in the snapshot that
// fn may read is durable.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error, parts ...store.Partition) error {
	const op = "store.View"
	if err := s.enter(op); err != nil {
		return err
	}
	defer s.leave()
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, op, err)
	}
	snap, err := s.snapshot(ctx, parts)
	if err != nil {
		return err
	}
	defer func() { _ = snap.Close() }()
	s.counters.views.Add(1)
	ses := &session{r: snap, parts: parts}
	defer ses.end()
	return fn(reader{ses})
}

// snapshot is a durable view of the partitions.
func (s *Store) snapshot(ctx context.Context, parts []store.Partition) (*pebble.Snapshot, error) {
	for {
		frozen := s.guard.frozen()
		db, err := s.durable(ctx)
		if err != nil {
			return nil, err
		}
		snap := db.NewSnapshot()
		if frozen {
			return snap, nil
		}
		var few [4]*commit
		err = s.waitFor(ctx, s.partitions.inFlight(few[:0], parts))
		// A commit that fails leaves the partition at once; so look again.
		if err == nil && !s.guard.frozen() {
			return snap, nil
		}
		_ = snap.Close()
		if !s.guard.frozen() {
			return nil, err
		}
	}
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return fault.New(fault.Closed, "store.Close", "the store is closed already")
	}
	s.closed = true
	for s.users > 0 {
		s.idle.Wait()
	}
	s.mu.Unlock()
	return s.close()
}
