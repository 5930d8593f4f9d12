package pebblestore

import (
	"cmp"
	"context"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
	"postern/store"
)

// commit is one batch on its way through the log.
type commit struct {
	batch   *pebble.Batch
	parts   []*partition
	changed []*partition  // those of parts that have a change queued
	done    chan struct{} // closed when err is set
	err     error
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error {
	return s.update(ctx, fn, parts, false)
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error {
	return s.update(ctx, fn, parts, true)
}

func (s *Store) update(ctx context.Context, fn func(store.Tx) error, parts []store.Partition, reserve bool) error {
	const op = "store.Update"
	if err := s.enter(op); err != nil {
		return err
	}
	defer s.leave()
	if err := s.writable(op, reserve); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, op, err)
	}
	keys := sortParts(parts)
	held, err := s.partitions.acquire(ctx, keys)
	if err != nil {
		return err
	}
	defer s.partitions.release(held)
	c, err := s.prepare(ctx, fn, keys, held, reserve)
	if err != nil || c == nil {
		// What fn saw may still be on its way to the disk; its answer stands on that.
		if werr := s.waitFor(ctx, s.partitions.inFlight(nil, keys)); werr != nil {
			return werr
		}
		return cmp.Or(s.guard.failed(), err)
	}
	return s.finish(c)
}

// prepare runs fn and puts its batch into the log; the partitions' locks are
// let go when it returns. There is no commit if nothing was written.
func (s *Store) prepare(ctx context.Context, fn func(store.Tx) error, keys []store.Partition, held []*partition, reserve bool) (*commit, error) {
	const op = "store.Update"
	defer s.partitions.unlock(held)
	batch := s.db.NewIndexedBatch()
	ses := &session{r: batch, parts: keys}
	tx := &transaction{s: ses, batch: batch, store: s, reserve: reserve}
	var c *commit
	defer func() {
		ses.end()
		if c == nil {
			_ = batch.Close()
		}
	}()
	if err := fn(tx); err != nil {
		return nil, err
	}
	for _, m := range tx.mails {
		if err := m.finish(); err != nil {
			return nil, err
		}
	}
	if batch.Empty() {
		return nil, nil //nolint:nilnil // nothing to commit
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Canceled, op, err)
	}
	// Another writer may have met a failed sync or a full disk since.
	if err := s.writable(op, reserve); err != nil {
		return nil, err
	}
	next := &commit{batch: batch, parts: held, done: make(chan struct{})}
	s.partitions.start(held, next)
	for _, m := range tx.mails {
		if change := m.change(); change != nil {
			p := partitionOf(held, m.part)
			p.enqueue(next, change)
			next.changed = append(next.changed, p)
		}
	}
	if err := s.db.ApplyNoSyncWait(batch, pebble.Sync); err != nil {
		s.guard.fail("the log", err)
		next.err = s.guard.failed()
		close(next.done)
		return nil, next.err
	}
	c = next
	s.counters.commits.Add(1)
	s.counters.inFlight.Add(1)
	return c, nil
}

func partitionOf(held []*partition, key store.Partition) *partition {
	for _, p := range held {
		if p.key == key {
			return p
		}
	}
	panic("pebblestore: a change of a partition that is not held")
}

// finish waits until the commit is durable and tells the subscribers. It does
// not end early: the commit has started.
func (s *Store) finish(c *commit) error {
	err := c.batch.SyncWait()
	s.counters.inFlight.Add(-1)
	if err == nil {
		err = s.guard.failed()
	}
	if err != nil && s.kept(c) {
		err = nil
	}
	if err != nil {
		c.err = err
		close(c.done)
		return err
	}
	s.partitions.settle(c.parts, c)
	close(c.done)
	for _, p := range c.changed {
		s.publishUpTo(p, c)
	}
	_ = c.batch.Close()
	return nil
}

// waitFor waits until the commits are durable.
func (s *Store) waitFor(ctx context.Context, commits []*commit) error {
	for _, c := range commits {
		select {
		case <-c.done:
		case <-ctx.Done():
			return fault.New(fault.Canceled, "store", "waiting for the disk: %w", ctx.Err())
		}
		if c.err != nil {
			return c.err
		}
	}
	return nil
}
