package pebblestore

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"postern/fault"
	"postern/store"
)

// partition is the state of one partition that is in use right now.
type partition struct {
	key  store.Partition
	lock chan struct{} // holds one token while a writer holds the partition

	// Guarded by partitionTable.mu.
	users int     // writers that hold or wait, and commits in flight
	last  *commit // the commit that went into the log last; nil if it is durable

	// publish serialises the delivery of this account's changes.
	publish sync.Mutex

	mu    sync.Mutex
	queue []queuedChange // changes in commit order, not yet delivered; guarded by mu
}

type queuedChange struct {
	commit *commit
	change *store.Change
}

// partitionTable holds the partitions in use.
type partitionTable struct {
	mu sync.Mutex
	m  map[store.Partition]*partition // guarded by mu
}

func newPartitionTable() *partitionTable {
	return &partitionTable{m: make(map[store.Partition]*partition)}
}

// sortParts gives the partitions in locking order, each once.
func sortParts(parts []store.Partition) []store.Partition {
	if len(parts) == 1 {
		return parts
	}
	sorted := slices.Clone(parts)
	slices.SortFunc(sorted, func(a, b store.Partition) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Account, b.Account))
	})
	return slices.Compact(sorted)
}

// acquire locks the partitions, which are sorted. On an error none is locked.
func (t *partitionTable) acquire(ctx context.Context, keys []store.Partition) ([]*partition, error) {
	held := make([]*partition, 0, len(keys))
	for _, key := range keys {
		p := t.use(key)
		select {
		case p.lock <- struct{}{}:
		default:
			select {
			case p.lock <- struct{}{}:
			case <-ctx.Done():
				t.drop(p)
				t.unlock(held)
				t.release(held)
				return nil, fault.New(fault.Canceled, "store.Update", "waiting for %s: %w", partitionName(key), ctx.Err())
			}
		}
		held = append(held, p)
	}
	return held, nil
}

// unlock lets the next writers in; release must follow when the commit is done.
func (t *partitionTable) unlock(held []*partition) {
	for _, p := range held {
		<-p.lock
	}
}

func (t *partitionTable) use(key store.Partition) *partition {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.m[key]
	if p == nil {
		p = &partition{key: key, lock: make(chan struct{}, 1)}
		t.m[key] = p
	}
	p.users++
	return p
}

func (t *partitionTable) drop(p *partition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(t.m, p.key)
	}
}

func (t *partitionTable) release(held []*partition) {
	for _, p := range held {
		t.drop(p)
	}
}

// start makes c the last commit of the partitions. It comes before c goes into
// the log, so that whoever sees c's writes also sees c here.
func (t *partitionTable) start(held []*partition, c *commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range held {
		p.last = c
	}
}

// settle forgets c, which is durable.
func (t *partitionTable) settle(held []*partition, c *commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range held {
		if p.last == c {
			p.last = nil
		}
	}
}

// inFlight appends the last commits of the partitions that are not durable yet.
func (t *partitionTable) inFlight(list []*commit, keys []store.Partition) []*commit {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if p := t.m[key]; p != nil && p.last != nil {
			list = append(list, p.last)
		}
	}
	return list
}

// pending counts the partitions in use, for Stats.
func (t *partitionTable) pending() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.m)
}
