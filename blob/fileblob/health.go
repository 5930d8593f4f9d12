package fileblob

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"postern/fault"
)

// Health is nil, ReadOnly after a failed fsync, or Full.
func (s *Store) Health() error {
	const op = "fileblob.Health"
	if err := s.enter(op); err != nil {
		return err
	}
	defer s.leave()
	return s.writable(op, 0)
}

// fail refuses writes until the next start: after a failed fsync nobody knows
// which pages the system threw away. It returns the ReadOnly error.
func (s *Store) fail(op string, cause error) error {
	err := fault.New(fault.ReadOnly, op, "writes are refused until the next start, because a sync did not succeed: %w", cause)
	if s.broken.CompareAndSwap(nil, &err) {
		s.log.Error("blob store is read-only until the next start", "dir", s.dir, "error", cause)
	}
	return err
}

// sync makes a segment durable. The system tells of a lost write once: of two
// who sync one file, one hears of it and the other that all is well. So they take
// turns, and the second finds that writes are refused.
func (s *Store) sync(op string, h *handle) error {
	h.syncing.Lock()
	defer h.syncing.Unlock()
	if err := s.readOnly(op); err != nil {
		return err
	}
	if err := h.Sync(); err != nil {
		return s.fail(op, err)
	}
	return nil
}

// readOnly is the error that every write gets after fail, or nil.
func (s *Store) readOnly(op string) error {
	if p := s.broken.Load(); p != nil {
		return fault.Wrap(fault.ReadOnly, op, *p)
	}
	return nil
}

// checkEvery is how long a look at the free room is good for.
const checkEvery = time.Second

// writable is nil if a blob of size octets may be begun. A full disk is looked
// at afresh each time, so that the store heals as soon as there is room.
func (s *Store) writable(op string, size int64) error {
	if err := s.readOnly(op); err != nil {
		return err
	}
	now := s.opt.Now()
	s.mu.Lock()
	fresh := !s.full && size < s.opt.MinFree/4 && now.Sub(s.checked) < checkEvery && !now.Before(s.checked)
	s.mu.Unlock()
	if fresh {
		return nil
	}
	room, err := s.fs.Free(s.dir)
	if err != nil {
		return ioFault(op, err)
	}
	full := room < s.opt.MinFree+max(size, 0) || room == 0
	s.mu.Lock()
	s.checked = now
	s.full = full && size <= s.opt.MinFree // a giant that does not fit refuses itself only
	s.mu.Unlock()
	if full {
		return fault.New(fault.Full, op, "%s has room for %d octets; %d must stay free and %d are wanted",
			s.dir, room, s.opt.MinFree, max(size, 0))
	}
	return nil
}

// noteWrite remembers that a write met a full disk.
func (s *Store) noteWrite(err error) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		s.mu.Lock()
		s.full = true
		s.mu.Unlock()
	}
}

// checkShort is the error of a write that wrote n of want octets.
func checkShort(n, want int, err error) error {
	if err == nil && n < want {
		return fmt.Errorf("wrote %d of %d octets", n, want)
	}
	return err
}
