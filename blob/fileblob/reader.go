package fileblob

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/fault"
)

// Open finds a blob: one read of its header.
func (s *Store) Open(ctx context.Context, ref blob.Ref) (blob.Reader, error) {
	const op = "fileblob.Open"
	if err := s.begin(ctx, op); err != nil {
		return nil, err
	}
	defer s.leave()
	a, ok := parseRef(string(ref))
	var seg *segment
	if ok {
		seg = s.segment(a.seg)
	}
	if seg == nil {
		return nil, fault.New(fault.NotFound, op, "no blob %q", ref)
	}
	s.pin(a.location)
	r, err := s.find(seg, a)
	if err != nil {
		s.unpin(a.location)
		return nil, fault.In(op, err)
	}
	return &reader{s: s, seg: seg, rec: r}, nil
}

// find reads the header that a names. The location must be pinned.
func (s *Store) find(seg *segment, a address) (record, error) {
	const op = "fileblob.find"
	h, err := s.handles.get(seg.name)
	if errors.Is(err, os.ErrNotExist) {
		if s.segment(seg.id) == nil { // unlinked since we looked
			return record{}, fault.New(fault.NotFound, op, "no blob %q", a)
		}
		return record{}, damaged(op, seg, a.off, "the file is missing")
	}
	if err != nil {
		return record{}, ioFault(op, err)
	}
	defer s.handles.put(h)
	var b [recHeader]byte
	if _, err := h.ReadAt(b[:], a.off); err != nil {
		return record{}, readFault(op, seg, a.off, err)
	}
	r, ok := decodeRecord(b[:], a.location)
	switch {
	case !ok:
		return r, damaged(op, seg, a.off, "the header of blob %q is damaged", a)
	case r.state == stateTorn:
		return r, damaged(op, seg, a.off, "blob %q was torn when the machine stopped", a)
	case r.address != a:
		return r, fault.New(fault.NotFound, op, "no blob %q", a)
	case r.state == stateLive, r.state == stateDead && s.visible(a.location):
		return r, nil
	case r.knownState():
		return r, fault.New(fault.NotFound, op, "blob %q is deleted", a)
	}
	return r, damaged(op, seg, a.off, "the state of blob %q is damaged", a)
}

// readFault tells damage (a sector that cannot be read, a file that is too
// short) from being out of handles or memory.
func readFault(op string, seg *segment, off int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(op, seg, off, "the file ends before it")
	}
	if errors.Is(err, os.ErrClosed) {
		return fault.Wrap(fault.Closed, op, err)
	}
	return damaged(op, seg, off, "it cannot be read: %v", err)
}

// pin keeps a record's room from being given back.
func (s *Store) pin(at location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pins[at]++
}

func (s *Store) unpin(at location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pins[at]--; s.pins[at] > 0 {
		return
	}
	delete(s.pins, at)
	if s.dying[at] != nil {
		s.kick()
	}
}

// reader reads one blob, whose record it pins.
type reader struct {
	s      *Store
	seg    *segment
	rec    record
	closed atomic.Bool

	mu    sync.Mutex
	table []byte // guarded by mu: the chunks' checksums, once read
}

// Size is the blob's length in octets.
func (r *reader) Size() int64 { return r.rec.size }

// Close lets the blob go.
func (r *reader) Close() error {
	if r.closed.CompareAndSwap(false, true) {
		r.s.unpin(r.rec.location)
	}
	return nil
}

// ReadAt reads and verifies every chunk that it touches.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	const op = "fileblob.ReadAt"
	switch {
	case r.closed.Load():
		return 0, fault.New(fault.Closed, op, "the reader is closed")
	case off < 0:
		return 0, fault.New(fault.Invalid, op, "offset %d is negative", off)
	case off >= r.rec.size:
		return 0, io.EOF
	}
	if err := r.s.enter(op); err != nil {
		return 0, err
	}
	defer r.s.leave()
	h, err := r.s.handles.get(r.seg.name)
	if err != nil {
		return 0, ioFault(op, err)
	}
	defer r.s.handles.put(h)
	table, err := r.sums(h)
	if err != nil {
		return 0, fault.In(op, err)
	}
	want := p[:min(int64(len(p)), r.rec.size-off)]
	n, err := r.s.readChunks(h, r.seg, &r.rec, table, want, off)
	if err != nil {
		clear(want[n:])
		return n, fault.In(op, err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// sums gives the table of checksums, which is read once.
func (r *reader) sums(f blobfs.File) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.table == nil {
		t, err := readTable(f, r.seg, &r.rec)
		if err != nil {
			return nil, err
		}
		r.table = t
	}
	return r.table, nil
}

// readTable reads the checksums of a record's chunks.
func readTable(f blobfs.File, seg *segment, r *record) ([]byte, error) {
	const op = "fileblob.readTable"
	n := tableLen(r.size)
	if n == 0 {
		return binary.LittleEndian.AppendUint32(nil, r.sum), nil
	}
	t := make([]byte, n)
	at := r.dataAt() + r.size
	if _, err := f.ReadAt(t, at); err != nil {
		return nil, readFault(op, seg, at, err)
	}
	if crc32.Checksum(t, crcTable) != r.sum {
		return nil, damaged(op, seg, at, "the checksums of blob %q are damaged", r.address)
	}
	return t, nil
}

// readChunks fills p from offset off of the blob. Whole chunks are read straight
// into p; the others by way of a buffer. What it returns is verified.
func (s *Store) readChunks(f blobfs.File, seg *segment, r *record, table, p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		first := at / chunkSize
		start := first * chunkSize
		length := min(chunkSize, r.size-start)
		rest := p[done:]
		if at != start || int64(len(rest)) < length {
			n, err := s.readPart(f, seg, r, table, rest, at)
			if err != nil {
				return done, err
			}
			done += n
			continue
		}
		run := int64(len(rest)) / chunkSize * chunkSize
		if start+int64(len(rest)) >= r.size {
			run = r.size - start
		}
		n, err := readWhole(f, seg, r, table, rest[:run], first)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// readWhole reads a run of whole chunks into p.
func readWhole(f blobfs.File, seg *segment, r *record, table, p []byte, first int64) (int, error) {
	start := first * chunkSize
	if _, err := f.ReadAt(p, r.dataAt()+start); err != nil {
		return 0, readFault("fileblob.read", seg, r.dataAt()+start, err)
	}
	done := 0
	for i := first; done < len(p); i++ {
		n := min(chunkSize, len(p)-done)
		if err := checkChunk(seg, r, table, i, p[done:done+n]); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// readPart reads a part of one chunk.
func (s *Store) readPart(f blobfs.File, seg *segment, r *record, table, p []byte, at int64) (int, error) {
	i := at / chunkSize
	start := i * chunkSize
	b := s.buffers.chunk()
	defer s.buffers.release(b)
	chunk := b[:min(chunkSize, r.size-start)]
	if _, err := f.ReadAt(chunk, r.dataAt()+start); err != nil {
		return 0, readFault("fileblob.read", seg, r.dataAt()+start, err)
	}
	if err := checkChunk(seg, r, table, i, chunk); err != nil {
		return 0, err
	}
	return copy(p, chunk[at-start:]), nil
}

func checkChunk(seg *segment, r *record, table []byte, i int64, chunk []byte) error {
	if crc32.Checksum(chunk, crcTable) == binary.LittleEndian.Uint32(table[i*crcSize:]) {
		return nil
	}
	return damaged("fileblob.read", seg, r.dataAt()+i*chunkSize, "octets %d to %d of blob %q fail their checksum",
		i*chunkSize, i*chunkSize+int64(len(chunk)), r.address)
}
