package fileblob

import (
	"errors"
	"fmt"

	"postern/blob/blobfs"
)

// pending is a small record that waits for a round of appends.
type pending struct {
	*record
	buf []byte // the whole record; its header is filled in by the round
	err error
}

// coalesce is the most that is copied together to write it at once.
const coalesce = 128 << 10

// appendAll is one round of group commit: the records go to the active segment,
// or to several if it fills up, with one sync for each segment.
func (s *Store) appendAll(items []*pending) {
	for len(items) > 0 {
		n, err := s.appendSome(items)
		for _, p := range items[:n] {
			p.err = err
		}
		items = items[n:]
	}
}

// appendSome writes as many records as the active segment takes, and says how
// many the result is for.
func (s *Store) appendSome(items []*pending) (int, error) {
	const op = "fileblob.append"
	if err := s.readOnly(op); err != nil {
		return len(items), err
	}
	fresh, err := s.makeActive(int64(len(items[0].buf)))
	if err != nil {
		return len(items), err
	}
	seg := s.active
	base := seg.end.Load()
	end, n := base, 0
	for n < len(items) && (n == 0 || end+int64(len(items[n].buf)) <= s.opt.SegmentSize) {
		p := items[n]
		p.location, p.batch = location{seg.id, end}, base
		p.encode(p.buf)
		end += int64(len(p.buf))
		n++
	}
	if err := s.writeRun(items[:n], base); err != nil {
		s.noteWrite(err)
		if terr := s.undo(base, fresh); terr != nil {
			return n, s.fail(op, errors.Join(err, terr))
		}
		return n, err
	}
	if err := s.sync(op, s.file); err != nil {
		return n, err
	}
	if fresh {
		if err := s.fs.SyncDir(s.dir); err != nil {
			return n, s.fail(op, err)
		}
	}
	seg.mu.Lock()
	seg.live += n
	seg.mu.Unlock()
	seg.end.Store(end)
	if fresh {
		s.register(seg)
	}
	return n, nil
}

// writeRun writes the records at off, small ones together.
func (s *Store) writeRun(items []*pending, off int64) error {
	buf := s.buffers.get(coalesce)
	defer func() { s.buffers.put(buf) }()
	flush := func() error {
		if len(buf) == 0 {
			return nil
		}
		err := writeAt(s.file, buf, off)
		off += int64(len(buf))
		buf = buf[:0]
		return err
	}
	for _, p := range items {
		if len(p.buf) > coalesce/4 || len(buf)+len(p.buf) > cap(buf) {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(p.buf) <= coalesce/4 {
			buf = append(buf, p.buf...)
			continue
		}
		if err := writeAt(s.file, p.buf, off); err != nil {
			return err
		}
		off += int64(len(p.buf))
	}
	return flush()
}

// undo takes a run back that could not be written whole.
func (s *Store) undo(base int64, fresh bool) error {
	if !fresh {
		return s.file.Truncate(base)
	}
	seg := s.active
	s.handles.put(s.file)
	s.active, s.file = nil, nil
	s.handles.drop(seg.name)
	return s.fs.Remove(seg.name)
}

// makeActive makes sure that there is an active segment with room for a record
// of n octets. A fresh one is registered, and its folder entry synced, with its
// first records.
func (s *Store) makeActive(n int64) (fresh bool, err error) {
	if s.active != nil {
		end := s.active.end.Load()
		if end+n <= s.opt.SegmentSize || end == segStart {
			return false, nil
		}
		if err := s.seal(); err != nil {
			return false, err
		}
	}
	seg := s.newSegment(false)
	f, err := s.fs.Create(seg.name)
	if err != nil {
		s.noteWrite(err)
		return false, err
	}
	h := s.handles.add(seg.name, f)
	head := segInfo{id: seg.id, created: s.opt.Now().UnixNano()}.encode()
	if err := writeAt(h, head, 0); err != nil {
		s.noteWrite(err)
		s.handles.put(h)
		s.handles.drop(seg.name)
		return false, errors.Join(err, s.fs.Remove(seg.name))
	}
	seg.end.Store(segStart)
	s.active, s.file = seg, h
	return true, nil
}

// seal ends the active segment, so that it need not be examined at the next
// start. If its header cannot be written, the segment stays active and the next
// commit tries again.
func (s *Store) seal() error {
	seg, f := s.active, s.file
	head := segInfo{id: seg.id, created: s.opt.Now().UnixNano(), sealed: seg.end.Load()}
	if err := sealHeader(f, head); err != nil {
		s.noteWrite(err)
		return err
	}
	if err := s.sync("fileblob.seal", f); err != nil {
		return err
	}
	seg.mu.Lock()
	seg.sealed = true
	seg.mu.Unlock()
	s.handles.put(f)
	s.active, s.file = nil, nil
	s.unlinkIfEmpty(seg)
	return nil
}

// sealHeader writes both copies of the header with the segment's length. Each is
// within a sector of its own; one of them is enough.
func sealHeader(f blobfs.File, h segInfo) error {
	head := h.encode()
	for _, at := range []int64{0, segCopyAt} {
		if err := writeAt(f, head[at:at+segHeader], at); err != nil {
			return err
		}
	}
	return nil
}

func writeAt(f blobfs.File, p []byte, off int64) error {
	n, err := f.WriteAt(p, off)
	if err := checkShort(n, len(p), err); err != nil {
		return fmt.Errorf("write at offset %d: %w", off, err)
	}
	return nil
}
