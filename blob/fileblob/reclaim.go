package fileblob

import (
	"errors"

	"postern/blob/blobfs"
)

// kick wakes the reclaimer.
func (s *Store) kick() {
	select {
	case s.reclaim <- struct{}{}:
	default:
	}
}

// clean is the reclaimer's goroutine: it looks once at every segment for what an
// earlier run left, and gives room back whenever something was deleted.
func (s *Store) clean() {
	s.reclaimAll()
	for _, seg := range s.snapshot() {
		select {
		case <-s.stopping:
			return
		case <-s.reclaim:
			s.reclaimAll()
		default:
		}
		s.survey(seg)
	}
	for {
		s.reclaimAll()
		select {
		case <-s.stopping:
			return
		case <-s.reclaim:
		}
	}
}

// survey counts the records of a segment, which finds dead ones, and unlinks it
// if none is left.
func (s *Store) survey(seg *segment) {
	if s.segment(seg.id) == nil {
		return
	}
	h, err := s.handles.get(seg.name)
	if err != nil {
		s.log.Warn("segment cannot be opened", "file", seg.name, "error", err)
		return
	}
	defer s.handles.put(h)
	seg.mu.Lock()
	err = s.count(seg, h)
	seg.mu.Unlock()
	if err != nil {
		s.log.Warn("segment cannot be counted", "file", seg.name, "error", err)
		return
	}
	s.unlinkIfEmpty(seg)
}

// count finds out how many records of the segment are not given back yet. seg.mu
// must be held.
func (s *Store) count(seg *segment, f blobfs.File) error {
	if seg.counted {
		return nil
	}
	end, err := seg.endOf(f)
	if err != nil {
		return err
	}
	live := 0
	err = scan(f, seg, end, func(r record) error {
		switch r.state {
		case stateGone, stateTorn:
			return nil
		case stateDead:
			s.mu.Lock()
			if s.dying[r.location] == nil {
				s.dying[r.location] = &deadBlob{address: r.address, durable: true}
			}
			s.mu.Unlock()
		}
		live++
		return nil
	}, func(gap) error {
		live++
		return nil
	})
	if err != nil {
		return err
	}
	seg.live, seg.counted = live, true
	s.kick()
	return nil
}

// reclaimAll gives back what nobody reads or holds.
func (s *Store) reclaimAll() {
	for _, d := range s.reclaimable() {
		select {
		case <-s.stopping:
			return
		default:
		}
		if seg := s.segment(d.seg); seg != nil && s.broken.Load() == nil {
			if err := s.giveBack(seg, d); err != nil {
				s.log.Warn("room of a deleted blob not given back", "file", seg.name, "offset", d.off, "error", err)
			}
			s.unlinkIfEmpty(seg)
		}
	}
	s.mu.Lock()
	empty := s.empty
	s.empty = nil
	s.mu.Unlock()
	for _, seg := range empty { // which come back if they are the newest still
		s.unlinkIfEmpty(seg)
	}
}

// reclaimable takes the blobs that may go now. A Reader that comes later pins
// first and then finds the tombstone, so none of them can be read any more.
func (s *Store) reclaimable() []*deadBlob {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds > 0 {
		return nil
	}
	var ready []*deadBlob
	for at, d := range s.dying {
		if d.durable && s.pins[at] == 0 {
			ready = append(ready, d)
			delete(s.dying, at)
		}
	}
	return ready
}

// giveBack punches a record's room, all but its header, by which scans find the
// next record. If the machine stops in between, the next run does it again.
func (s *Store) giveBack(seg *segment, d *deadBlob) error {
	h, err := s.handles.get(seg.name)
	if err != nil {
		return err
	}
	defer s.handles.put(h)
	seg.mu.Lock()
	defer seg.mu.Unlock()
	if !s.noHoles.Load() {
		err := h.Punch(d.dataAt(), d.end()-d.dataAt())
		if errors.Is(err, errors.ErrUnsupported) {
			s.noHoles.Store(true)
		} else if err != nil {
			return err
		}
	}
	if err := writeState(h, d.off, stateGone); err != nil {
		return err
	}
	seg.live--
	return nil
}

// unlinkIfEmpty removes a sealed segment of which nothing is needed. The newest
// waits for a newer one, so that no number is given twice and a Ref to what is
// deleted never points into the middle of something else.
func (s *Store) unlinkIfEmpty(seg *segment) {
	seg.mu.Lock()
	defer seg.mu.Unlock()
	if !seg.sealed || !seg.counted || seg.live > 0 || s.broken.Load() != nil {
		return
	}
	if !s.forget(seg) {
		return
	}
	s.handles.drop(seg.name)
	if err := s.fs.Remove(seg.name); err != nil {
		s.log.Warn("empty segment not removed", "file", seg.name, "error", err)
	}
}

// forget takes a segment off the list, unless it is the newest.
func (s *Store) forget(seg *segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.segs[seg.id] == nil {
		return false
	}
	if seg.id == s.newest {
		s.empty = append(s.empty, seg)
		return false
	}
	delete(s.segs, seg.id)
	return true
}
