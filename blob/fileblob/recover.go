package fileblob

import (
	"errors"
	"io"

	"postern/blob/blobfs"
)

// recover looks at a shared segment when the store is opened. If it was not
// sealed, the machine stopped while it was in use: what follows its last whole
// record is cut off and it is sealed. keep is false if the file was removed.
//
// The last batch may be torn anywhere, because a crash keeps any part of what
// was not synced. Each record says where its batch began; below the last such
// offset everything was synced, so what is wrong there is damage and stays for
// Verify to name.
func (s *Store) recover(seg *segment) (keep bool, err error) {
	f, err := s.handles.get(seg.name)
	if err != nil {
		return false, err
	}
	defer s.handles.put(f)
	size, err := f.Size()
	if err != nil {
		return false, err
	}
	head := make([]byte, min(segStart, size))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	info, found, whole, err := decodeSegment(head)
	if err != nil {
		return false, err
	}
	if found && info.sealed > 0 {
		seg.end.Store(info.sealed)
		return true, nil
	}
	t, err := s.examine(seg, f, size)
	if err != nil {
		return false, err
	}
	if len(t.records) == 0 && len(t.torn) == 0 {
		s.log.Info("segment without a blob removed", "file", seg.name)
		s.handles.drop(seg.name)
		return false, s.fs.Remove(seg.name)
	}
	s.log.Info("segment recovered", "file", seg.name, "blobs", len(t.records), "torn", len(t.torn), "cut", size-t.end)
	info.id = seg.id
	if !whole { // both copies must be durable before one of them is sealed
		if err := writeAt(f, info.encode(), 0); err != nil {
			return false, err
		}
	}
	if err := t.mend(f, size); err != nil {
		return false, err
	}
	seg.end.Store(t.end)
	info.sealed = t.end
	if err := sealHeader(f, info); err != nil {
		return true, err
	}
	return true, f.Sync()
}

// tail is what recovery found.
type tail struct {
	records []record
	torn    []record // to be written: records that stand for torn ranges
	end     int64
}

// examine finds out what is whole, what is torn and where the segment ends.
func (s *Store) examine(seg *segment, f blobfs.File, size int64) (tail, error) {
	var t tail
	var gaps []gap
	var batch int64
	err := scan(f, seg, size, func(r record) error {
		batch = max(batch, r.batch)
		t.records = append(t.records, r)
		return nil
	}, func(g gap) error {
		gaps = append(gaps, g)
		return nil
	})
	if err != nil {
		return t, err
	}
	t.end = segStart
	for i := range t.records {
		r := &t.records[i]
		if r.off >= batch && r.state == stateLive && verifyBody(f, seg, r) != nil {
			torn := *r
			torn.state = stateTorn
			t.torn = append(t.torn, torn)
			continue
		}
		t.end = r.end()
	}
	for _, g := range gaps {
		if g.from >= batch && g.from < t.end {
			t.torn = append(t.torn, filler(seg.id, g))
		}
	}
	kept := t.torn[:0]
	for _, r := range t.torn {
		if r.off < t.end {
			kept = append(kept, r)
		}
	}
	t.torn = kept
	return t, nil
}

// filler is a torn record as long as a gap.
func filler(id uint64, g gap) record {
	r := record{state: stateTorn, batch: g.from}
	r.location = location{id, g.from}
	n := g.to - g.from
	r.size = n - recHeader - tableLen(n-recHeader)
	for recordLen(r.size+1) <= n {
		r.size++
	}
	return r
}

// mend writes the torn records and cuts the tail off.
func (t *tail) mend(f blobfs.File, size int64) error {
	for _, r := range t.torn {
		var b [recHeader]byte
		r.encode(b[:])
		if err := writeAt(f, b[:], r.off); err != nil {
			return err
		}
	}
	if t.end < size {
		if err := f.Truncate(t.end); err != nil {
			return err
		}
	}
	return f.Sync()
}
