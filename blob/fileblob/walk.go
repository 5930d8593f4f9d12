package fileblob

import (
	"context"
	"time"

	"postern/blob"
	"postern/fault"
)

func (r *record) info() blob.Info {
	return blob.Info{Ref: blob.Ref(r.String()), Size: r.size, Created: time.Unix(0, r.created)}
}

// listed tells whether Open finds the record, or would but for damage.
func (s *Store) listed(r *record) bool {
	switch r.state {
	case stateGone, stateTorn:
		return false
	case stateDead:
		return s.visible(r.location)
	}
	return true
}

// Walk lists the blobs, segment by segment.
func (s *Store) Walk(ctx context.Context, fn func(blob.Info) error) error {
	const op = "fileblob.Walk"
	if err := s.begin(ctx, op); err != nil {
		return err
	}
	defer s.leave()
	for _, seg := range s.snapshot() {
		err := s.eachRecord(ctx, op, seg, func(_ *handle, r record) error {
			if !s.listed(&r) {
				return nil
			}
			return fn(r.info())
		}, func(*handle, gap) error { return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// eachRecord scans a segment unless it is gone by now.
func (s *Store) eachRecord(ctx context.Context, op string, seg *segment,
	found func(*handle, record) error, lost func(*handle, gap) error,
) error {
	h, err := s.handles.get(seg.name)
	if err != nil {
		if s.segment(seg.id) == nil {
			return nil
		}
		return readFault(op, seg, 0, err)
	}
	defer s.handles.put(h)
	end, err := seg.endOf(h)
	if err != nil {
		return ioFault(op, err)
	}
	return scan(h, seg, end, func(r record) error {
		if err := s.goOn(ctx, op); err != nil {
			return err
		}
		return found(h, r)
	}, func(g gap) error { return lost(h, g) })
}

// goOn ends long work when its caller or the store is gone.
func (s *Store) goOn(ctx context.Context, op string) error {
	select {
	case <-s.stopping:
		return fault.New(fault.Closed, op, "the blob store is closed")
	default:
	}
	return fault.Wrap(fault.Canceled, op, ctx.Err())
}

// Verify reads everything. What is wrong with a segment and not with one of its
// blobs is reported with an Info that has no Ref.
func (s *Store) Verify(ctx context.Context, report func(blob.Info, error)) error {
	const op = "fileblob.Verify"
	if err := s.begin(ctx, op); err != nil {
		return err
	}
	defer s.leave()
	for _, seg := range s.snapshot() {
		if err := s.verifySegment(ctx, seg, report); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) verifySegment(ctx context.Context, seg *segment, report func(blob.Info, error)) error {
	const op = "fileblob.Verify"
	first := true
	headed := func(h *handle) {
		if !first {
			return
		}
		first = false
		b := make([]byte, segStart)
		if _, err := h.ReadAt(b, 0); err != nil {
			report(blob.Info{}, readFault(op, seg, 0, err))
			return
		}
		info, found, whole, err := decodeSegment(b)
		if err != nil || !found || !whole || info.id != seg.id {
			report(blob.Info{}, damaged(op, seg, 0, "the segment's header is damaged"))
		}
	}
	err := s.eachRecord(ctx, op, seg, func(h *handle, r record) error {
		headed(h)
		if err := s.verifyRecord(h, seg, r); err != nil {
			report(r.info(), err)
		}
		return nil
	}, func(h *handle, g gap) error {
		headed(h)
		report(g.head.info(), damaged(op, seg, g.from, "no sound header in the %d octets here", g.to-g.from))
		return nil
	})
	if fault.Is(err, fault.Damaged) {
		report(blob.Info{}, err)
		return nil
	}
	return err
}

// verifyRecord reads a record, pinned, if it is still there.
func (s *Store) verifyRecord(h *handle, seg *segment, r record) error {
	s.pin(r.location)
	defer s.unpin(r.location)
	now, ok := headerAt(h, seg.id, r.off, r.end())
	if !ok {
		return damaged("fileblob.Verify", seg, r.off, "the header of blob %q is damaged", r.address)
	}
	if !s.listed(&now) {
		return nil
	}
	if !now.knownState() {
		return damaged("fileblob.Verify", seg, r.off, "the state of blob %q is damaged", r.address)
	}
	return verifyBody(h, seg, &now)
}
