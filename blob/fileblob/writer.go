package fileblob

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"

	"postern/blob"
	"postern/fault"
)

// writer takes one blob. The whole record is built in buf: its header is filled
// in when its place is known. A blob that grows beyond the limit goes on in a
// spool file.
type writer struct {
	s     *Store
	buf   []byte // the record so far, or with a spool what is not written to it yet
	spool *spool // nil while everything is in buf
	size  int64
	sums  []byte // the checksums of whole chunks
	crc   uint32 // of the chunk under way
	err   error  // sticky
	done  bool
}

// Create starts a blob.
func (s *Store) Create(ctx context.Context, size int64) (blob.Writer, error) {
	const op = "fileblob.Create"
	if err := s.begin(ctx, op); err != nil {
		return nil, err
	}
	defer s.leave()
	if size > maxBlobSize {
		return nil, fault.New(fault.TooLarge, op, "a blob of %d octets; the most is %d", size, int64(maxBlobSize))
	}
	if err := s.writable(op, size); err != nil {
		return nil, err
	}
	w := &writer{s: s}
	want := int64(bufferSizes[0])
	if size >= 0 {
		want = min(recordLen(size), maxBuffered)
	}
	w.buf = s.buffers.get(int(want))[:recHeader]
	return w, nil
}

// Write adds bytes.
func (w *writer) Write(p []byte) (int, error) {
	const op = "fileblob.Write"
	if w.done {
		return 0, fault.New(fault.Invalid, op, "a write after Commit or Abort")
	}
	if w.err != nil {
		return 0, w.err
	}
	if err := w.s.enter(op); err != nil {
		return 0, err
	}
	defer w.s.leave()
	if w.size+int64(len(p)) > maxBlobSize {
		w.err = fault.New(fault.TooLarge, op, "a blob of more than %d octets", int64(maxBlobSize))
		return 0, w.err
	}
	w.sum(p)
	if w.spool == nil && w.size > w.s.opt.SoloSize {
		w.spool, w.err = w.s.newSpool()
	}
	if w.err == nil {
		w.err = w.keep(p)
	}
	if w.err != nil {
		w.s.noteWrite(w.err)
		w.err = ioFault(op, w.err)
		return 0, w.err
	}
	return len(p), nil
}

// sum counts p and adds it to the chunks' checksums.
func (w *writer) sum(p []byte) {
	for len(p) > 0 {
		n := min(int64(len(p)), chunkSize-w.size%chunkSize)
		w.crc = crc32.Update(w.crc, crcTable, p[:n])
		w.size += n
		p = p[n:]
		if w.size%chunkSize == 0 {
			w.sums = binary.LittleEndian.AppendUint32(w.sums, w.crc)
			w.crc = 0
		}
	}
}

// keep puts p into the buffer, which grows up to the biggest size and goes to
// the spool when it is full.
func (w *writer) keep(p []byte) error {
	if w.spool != nil && len(w.buf) == 0 && len(p) >= maxBuffered/2 {
		return w.spool.write(p)
	}
	for len(p) > 0 {
		if len(w.buf) == cap(w.buf) && w.spool != nil {
			if err := w.spool.write(w.buf); err != nil {
				return err
			}
			w.buf = w.buf[:0]
		}
		if len(w.buf)+len(p) > cap(w.buf) {
			w.grow(len(w.buf) + len(p))
		}
		n := min(len(p), cap(w.buf)-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
	}
	return nil
}

func (w *writer) grow(n int) {
	if b := w.s.buffers.get(n); cap(b) > cap(w.buf) {
		b = append(b, w.buf...)
		w.s.buffers.put(w.buf)
		w.buf = b
	}
}

// tail ends the blob: the table of checksums and the padding. It gives the
// checksum for the header.
func (w *writer) tail() (tail []byte, sum uint32) {
	if w.size%chunkSize != 0 {
		w.sums = binary.LittleEndian.AppendUint32(w.sums, w.crc)
	}
	pad := recordLen(w.size) - recHeader - w.size - tableLen(w.size)
	switch chunks(w.size) {
	case 0:
	case 1:
		sum = binary.LittleEndian.Uint32(w.sums)
	default:
		sum = crc32.Checksum(w.sums, crcTable)
		tail = w.sums
	}
	return append(tail, make([]byte, pad)...), sum
}

// Commit makes the blob durable.
func (w *writer) Commit(ctx context.Context) (blob.Ref, error) {
	const op = "fileblob.Commit"
	if w.done {
		return "", fault.New(fault.Invalid, op, "a second Commit, or one after Abort")
	}
	defer w.Abort()
	if w.err != nil {
		return "", fault.In(op, w.err)
	}
	if err := w.s.begin(ctx, op); err != nil {
		return "", err
	}
	defer w.s.leave()
	if err := w.s.readOnly(op); err != nil {
		return "", err
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	r := record{created: w.s.opt.Now().UnixNano()}
	r.size, r.rand = w.size, binary.LittleEndian.Uint64(id[:])
	var tail []byte
	tail, r.sum = w.tail()
	if w.spool != nil {
		if err := w.s.commitSolo(w.spool, &r, w.buf, tail); err != nil {
			return "", ioFault(op, err)
		}
		w.spool = nil
		return blob.Ref(r.String()), nil
	}
	if err := w.keep(tail); err != nil {
		return "", ioFault(op, err)
	}
	p := &pending{record: &r, buf: w.buf}
	w.s.appends.do(p)
	if p.err != nil {
		return "", ioFault(op, p.err)
	}
	return blob.Ref(r.String()), nil
}

// Abort forgets the blob.
func (w *writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	w.s.buffers.put(w.buf)
	w.buf = nil
	if w.spool != nil {
		w.spool.remove()
		w.spool = nil
	}
}
