package pebblestore

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

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
	err := s.db.Checkpoint(dir, pebble.WithFlushedWAL())
	switch {
	case errors.Is(err, fs.ErrExist):
		return fault.New(fault.Exists, op, "the folder %s exists already; name a new one", dir)
	case errors.Is(err, syscall.ENOSPC):
		return fault.Wrap(fault.Full, op, err)
	}
	return fault.Wrap(fault.Unavailable, op, err)
}
