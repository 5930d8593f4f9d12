package fileblob

import (
	"encoding/binary"

	"postern/blob/blobfs"
)

// gap is a range of a segment in which no record is found.
type gap struct {
	from, to int64
	head     record // what the octets at from say, if they ever were a header
}

// scan goes through the records of a segment from header to header. Where one
// is damaged it looks for the next sound record and calls lost for the range
// between.
func scan(f blobfs.File, seg *segment, end int64, found func(record) error, lost func(gap) error) error {
	var b [recHeader]byte
	for off := int64(segStart); off < end; {
		var r record
		ok := false
		if off+recHeader <= end {
			if _, err := f.ReadAt(b[:], off); err == nil {
				r, ok = decodeRecord(b[:], location{seg.id, off})
			}
		}
		if ok && r.end() <= end {
			if err := found(r); err != nil {
				return err
			}
			off = r.end()
			continue
		}
		next := end
		if !seg.solo { // a solo segment has one record: nothing is behind it
			next = resync(f, seg.id, off, end, r.size)
		}
		if err := lost(gap{from: off, to: next, head: r}); err != nil {
			return err
		}
		off = next
	}
	return nil
}

// resync finds the next record after a damaged header. size is what the header
// says, which is tried first.
func resync(f blobfs.File, id uint64, off, end, size int64) int64 {
	if size >= 0 && size <= maxBlobSize {
		next := off + recordLen(size)
		if next == end {
			return end
		}
		if _, ok := headerAt(f, id, next, end); ok {
			return next
		}
	}
	var window [4096]byte
	for at := off + align; at < end; at += int64(len(window)) {
		b := window[:min(int64(len(window)), end-at)]
		if _, err := f.ReadAt(b, at); err != nil {
			continue
		}
		for i := 0; i+4 <= len(b); i += align {
			if binary.LittleEndian.Uint32(b[i:]) != recMagic {
				continue
			}
			// A message may contain what looks like a record of its own making.
			// It can hide nothing but itself, because its bytes must be whole.
			r, ok := headerAt(f, id, at+int64(i), end)
			if ok && r.state == stateLive && bodySound(f, &r) {
				return at + int64(i)
			}
		}
	}
	return end
}

func headerAt(f blobfs.File, id uint64, off, end int64) (record, bool) {
	var b [recHeader]byte
	if off+recHeader > end {
		return record{}, false
	}
	if _, err := f.ReadAt(b[:], off); err != nil {
		return record{}, false
	}
	r, ok := decodeRecord(b[:], location{id, off})
	return r, ok && r.end() <= end
}

// verifyBody reads a whole record: its chunks, table and padding.
func verifyBody(f blobfs.File, seg *segment, r *record) error {
	table, err := readTable(f, seg, r)
	if err != nil {
		return err
	}
	var b [chunkSize]byte
	for i := range chunks(r.size) {
		chunk := b[:min(chunkSize, r.size-i*chunkSize)]
		if _, err := readWhole(f, seg, r, table, chunk, i); err != nil {
			return err
		}
	}
	at := r.dataAt() + r.size + tableLen(r.size)
	pad := b[:r.end()-at]
	if len(pad) == 0 {
		return nil
	}
	if _, err := f.ReadAt(pad, at); err != nil {
		return readFault("fileblob.verify", seg, at, err)
	}
	if !allZero(pad) {
		return damaged("fileblob.verify", seg, at, "the padding of blob %q is not zero", r.address)
	}
	return nil
}

func bodySound(f blobfs.File, r *record) bool { return verifyBody(f, &segment{}, r) == nil }
