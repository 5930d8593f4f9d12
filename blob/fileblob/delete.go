package fileblob

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"postern/blob"
	"postern/blob/blobfs"
)

// deadBlob is a blob whose tombstone is written and whose room is still there.
type deadBlob struct {
	address
	durable bool // guarded by Store.mu: the tombstone is synced
	visible bool // guarded by Store.mu: a Hold keeps it readable
}

// deletion is one Delete that waits for its round.
type deletion struct {
	addrs []address
	err   error
}

// Delete lets blobs go: their tombstones are durable when it returns. It needs
// no room on the disk.
func (s *Store) Delete(ctx context.Context, refs ...blob.Ref) error {
	const op = "fileblob.Delete"
	if err := s.begin(ctx, op); err != nil {
		return err
	}
	defer s.leave()
	d := &deletion{}
	for _, ref := range refs {
		if a, ok := parseRef(string(ref)); ok && s.segment(a.seg) != nil {
			d.addrs = append(d.addrs, a)
		}
	}
	if len(d.addrs) == 0 {
		return nil
	}
	s.deletes.do(d)
	return ioFault(op, d.err)
}

// deleteAll is one round of tombstones: one sync for each segment.
func (s *Store) deleteAll(items []*deletion) {
	var all []address
	for _, d := range items {
		all = append(all, d.addrs...)
	}
	slices.SortFunc(all, func(a, b address) int {
		return cmp.Or(cmp.Compare(a.seg, b.seg), cmp.Compare(a.off, b.off))
	})
	failed := map[uint64]error{}
	for len(all) > 0 {
		id, n := all[0].seg, 1
		for n < len(all) && all[n].seg == id {
			n++
		}
		if seg := s.segment(id); seg != nil {
			failed[id] = s.deleteIn(seg, all[:n])
		}
		all = all[n:]
	}
	for _, d := range items {
		for _, a := range d.addrs {
			d.err = cmp.Or(d.err, failed[a.seg])
		}
	}
	s.kick()
}

// deleteIn writes and syncs the tombstones of one segment.
func (s *Store) deleteIn(seg *segment, addrs []address) error {
	const op = "fileblob.Delete"
	if err := s.readOnly(op); err != nil {
		return err
	}
	h, err := s.handles.get(seg.name)
	if err != nil {
		if s.segment(seg.id) == nil {
			return nil // unlinked: all its blobs were deleted
		}
		return err
	}
	defer s.handles.put(h)
	marked, bad := s.mark(seg, h, addrs)
	if len(marked) == 0 {
		return bad
	}
	if err := s.sync(op, h); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range marked {
		d.durable = true
	}
	return bad
}

// mark overwrites the states of the records that are there.
func (s *Store) mark(seg *segment, f *handle, addrs []address) ([]*deadBlob, error) {
	seg.mu.Lock()
	defer seg.mu.Unlock()
	if err := s.count(seg, f); err != nil {
		return nil, err
	}
	var marked []*deadBlob
	var bad error
	for _, a := range addrs { // what is wrong with one does not spare the others
		d, err := s.markOne(seg, f, a)
		if d != nil {
			marked = append(marked, d)
		}
		bad = cmp.Or(bad, err)
	}
	return marked, bad
}

func (s *Store) markOne(seg *segment, f *handle, a address) (*deadBlob, error) {
	end, err := seg.endOf(f)
	if err != nil {
		return nil, err
	}
	var b [recHeader]byte
	if a.end() > end {
		return nil, nil // unknown: nothing to do
	}
	if _, err := f.ReadAt(b[:], a.off); err != nil {
		return nil, readFault("fileblob.Delete", seg, a.off, err)
	}
	r, ok := decodeRecord(b[:], a.location)
	if !ok {
		return nil, s.buryDamaged(seg, f, a, b[:])
	}
	if r.address != a || r.state != stateLive && r.knownState() {
		return nil, nil // unknown or deleted already: nothing to do
	}
	s.mu.Lock()
	d := &deadBlob{address: a, visible: s.holds > 0 && r.state == stateLive}
	s.dying[a.location] = d
	s.mu.Unlock()
	if err := writeState(f, a.off, stateDead); err != nil {
		s.mu.Lock()
		delete(s.dying, a.location)
		s.mu.Unlock()
		return nil, s.fail("fileblob.Delete", err)
	}
	return d, nil
}

// buryDamaged deletes a blob whose header fails its checksum, if the Ref proves
// that the record begins here: its random bits are found, or the header is
// whole again with them. The header is written anew; where the record ends is
// known from the Ref alone, so its room is given back with the segment only.
func (s *Store) buryDamaged(seg *segment, f *handle, a address, b []byte) error {
	r, _ := decodeRecord(b, a.location)
	if r.rand != a.rand {
		fixed := slices.Clone(b)
		binary.LittleEndian.PutUint64(fixed[16:], a.rand)
		if _, ok := decodeRecord(fixed, a.location); !ok {
			return nil
		}
	}
	r = record{address: a, state: stateGone}
	var head [recHeader]byte
	r.encode(head[:])
	if err := writeAt(f, head[:], a.off); err != nil {
		return s.fail("fileblob.Delete", err)
	}
	if err := s.sync("fileblob.Delete", f); err != nil {
		return err
	}
	s.log.Warn("a blob with a damaged header was deleted", "file", seg.name, "offset", a.off)
	return nil
}

func writeState(f blobfs.File, off int64, state uint64) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], state)
	return writeAt(f, b[:], off+8)
}

// visible tells whether a Hold keeps a deleted blob readable.
func (s *Store) visible(at location) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dying[at]
	return d != nil && d.visible
}

// Hold keeps every blob readable until release is called.
func (s *Store) Hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds++
	released := false
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if released {
			return
		}
		released = true
		if s.holds--; s.holds > 0 {
			return
		}
		for _, d := range s.dying {
			d.visible = false
		}
		s.kick()
	}
}
