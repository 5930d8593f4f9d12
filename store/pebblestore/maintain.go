package pebblestore

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
)

// Checkpoint implements store.Store.
func (s *Store) Checkpoint(ctx context.Context, dir string) error {
	const op = "store.Checkpoint"
	if err := s.enter(op); err != nil {
		return err
	}
	defer s.leave()
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, op, err)
	}
	if err := s.guard.failed(); err != nil {
		return fault.In(op, err)
	}
	return fault.Wrap(fault.Unavailable, op, s.db.Checkpoint(dir, pebble.WithFlushedWAL()))
}
