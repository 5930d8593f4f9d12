package fileblob

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Sizes of the format, version 1. docs/formats/fileblob.md describes them.
const (
	formatVersion = 1

	align        = 64   // records start at multiples of it, so no header spans two sectors
	recHeader    = 64   // octets of a record's header
	segHeader    = 64   // octets of one copy of a segment's header
	segCopyAt    = 512  // where the second copy is: another sector
	segStart     = 1024 // where the first record is
	chunkSize    = 32 << 10
	crcSize      = 4
	maxBlobSize  = 1 << 40
	segMagic     = 0x31424c424e545350 // "PSTNBLB1"
	recMagic     = 0x42525350         // "PSRB"
	stateLive    = uint64(0)
	stateDead    = 0x9d5c_e1a7_40b3_6f28 // deleted, the room not yet given back
	stateGone    = 0x2ea8_73d4_c65f_91b0 // deleted, the room given back
	stateTorn    = 0xc419_0b6e_d872_35fa // never committed: found torn after a crash
	sealedMarker = 0x5ea1_ed5e_a1ed_0001
)

var crcTable = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // a constant table

// location names a record for good: segments are never reused.
type location struct {
	seg uint64
	off int64
}

// address is what a Ref says.
type address struct {
	location
	size int64
	rand uint64
}

func (a address) String() string {
	b := make([]byte, 0, 64)
	b = strconv.AppendUint(b, a.seg, 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, a.off, 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, a.size, 16)
	b = append(b, '-')
	return fmt.Sprintf("%s%016x", b, a.rand)
}

// parseRef reads what address.String wrote and nothing else: a blob has one
// name only.
func parseRef(ref string) (a address, ok bool) {
	f := strings.Split(ref, "-")
	if len(ref) > 64 || len(f) != 4 {
		return a, false
	}
	var err [4]error
	a.seg, err[0] = strconv.ParseUint(f[0], 16, 64)
	a.off, err[1] = strconv.ParseInt(f[1], 16, 64)
	a.size, err[2] = strconv.ParseInt(f[2], 16, 64)
	a.rand, err[3] = strconv.ParseUint(f[3], 16, 64)
	for _, e := range err {
		if e != nil {
			return address{}, false
		}
	}
	good := a.off >= segStart && a.off%align == 0 && a.off < maxBlobSize && a.size >= 0 && a.size <= maxBlobSize
	return a, good && a.String() == ref
}

// record is a record's header.
type record struct {
	address
	state   uint64
	created int64 // Unix nanoseconds
	batch   int64 // everything below this offset was durable when it was written
	sum     uint32
}

// encode writes the header into b, of recHeader octets. The checksum covers the
// record's place too, so that a header found elsewhere is no header.
func (r *record) encode(b []byte) {
	le := binary.LittleEndian
	le.PutUint32(b[0:], recMagic)
	le.PutUint64(b[8:], r.state)
	le.PutUint64(b[16:], r.rand)
	le.PutUint64(b[24:], uint64(r.size))
	le.PutUint64(b[32:], uint64(r.created))
	le.PutUint64(b[40:], uint64(r.batch))
	le.PutUint32(b[48:], r.sum)
	clear(b[52:recHeader])
	le.PutUint32(b[4:], headerSum(b, r.location))
}

// headerSum leaves out the checksum itself and the state, which Delete
// overwrites.
func headerSum(b []byte, at location) uint32 {
	var place [16]byte
	binary.LittleEndian.PutUint64(place[0:], at.seg)
	binary.LittleEndian.PutUint64(place[8:], uint64(at.off))
	c := crc32.Update(0, crcTable, place[:])
	c = crc32.Update(c, crcTable, b[0:4])
	return crc32.Update(c, crcTable, b[16:recHeader])
}

// decodeRecord reads the header at a place. It gives what the bytes say also
// when ok is false.
func decodeRecord(b []byte, at location) (r record, ok bool) {
	le := binary.LittleEndian
	r = record{
		address: address{
			location: at,
			rand:     le.Uint64(b[16:]),
			size:     int64(le.Uint64(b[24:])),
		},
		state:   le.Uint64(b[8:]),
		created: int64(le.Uint64(b[32:])),
		batch:   int64(le.Uint64(b[40:])),
		sum:     le.Uint32(b[48:]),
	}
	ok = le.Uint32(b[0:]) == recMagic && le.Uint32(b[4:]) == headerSum(b, at) &&
		r.size >= 0 && r.size <= maxBlobSize && r.batch >= 0 && r.batch <= at.off
	return r, ok
}

// knownState tells whether the state is one that Postern writes.
func (r *record) knownState() bool {
	switch r.state {
	case stateLive, stateDead, stateGone, stateTorn:
		return true
	}
	return false
}

// dataAt is the offset of the blob's first octet in its segment.
func (a address) dataAt() int64 { return a.off + recHeader }

// end is the offset after the record.
func (a address) end() int64 { return a.off + recordLen(a.size) }

func chunks(size int64) int64 { return (size + chunkSize - 1) / chunkSize }

// tableLen is the length of the table of chunk checksums. A blob of one chunk
// has its checksum in the header.
func tableLen(size int64) int64 {
	if n := chunks(size); n > 1 {
		return n * crcSize
	}
	return 0
}

// recordLen is the length of a whole record with its padding.
func recordLen(size int64) int64 {
	n := recHeader + size + tableLen(size)
	return (n + align - 1) / align * align
}

// segInfo is a segment's header.
type segInfo struct {
	id      uint64
	created int64
	sealed  int64 // its length when it was sealed, or 0
}

// encode gives the octets before the first record: two equal copies of the
// header, each of which is enough.
func (h segInfo) encode() []byte {
	b := make([]byte, segStart)
	h.encodeCopy(b)
	copy(b[segCopyAt:], b[:segHeader])
	return b
}

func (h segInfo) encodeCopy(b []byte) {
	le := binary.LittleEndian
	le.PutUint64(b[0:], segMagic)
	le.PutUint32(b[8:], formatVersion)
	le.PutUint64(b[16:], h.id)
	le.PutUint64(b[24:], uint64(h.created))
	if h.sealed > 0 {
		le.PutUint64(b[32:], sealedMarker)
		le.PutUint64(b[40:], uint64(h.sealed))
	}
	le.PutUint32(b[60:], crc32.Checksum(b[:60], crcTable))
}

// versionError tells that a sound header has a version from the future.
type versionError uint32

func (v versionError) Error() string {
	return fmt.Sprintf("format version %d, this program knows version %d", uint32(v), formatVersion)
}

// decodeSegment reads both copies. whole is false if one of them is damaged;
// found is false if both are.
func decodeSegment(b []byte) (h segInfo, found, whole bool, err error) {
	whole = len(b) >= segStart
	for _, at := range []int{0, segCopyAt} {
		if len(b) < at+segHeader {
			continue
		}
		c, ok, verr := decodeSegmentCopy(b[at : at+segHeader])
		switch {
		case verr != nil:
			return h, false, false, verr
		case !ok:
			whole = false
		case !found:
			h, found = c, true
		case c.sealed > h.sealed: // the other copy is from before sealing
			h = c
		}
	}
	if whole { // the rest of both sectors is zero
		whole = allZero(b[segHeader:segCopyAt]) && allZero(b[segCopyAt+segHeader:segStart])
	}
	return h, found, whole, nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func decodeSegmentCopy(b []byte) (h segInfo, ok bool, err error) {
	le := binary.LittleEndian
	if le.Uint64(b[0:]) != segMagic || le.Uint32(b[60:]) != crc32.Checksum(b[:60], crcTable) {
		return h, false, nil
	}
	if v := le.Uint32(b[8:]); v != formatVersion {
		return h, false, versionError(v)
	}
	h.id = le.Uint64(b[16:])
	h.created = int64(le.Uint64(b[24:]))
	if le.Uint64(b[32:]) == sealedMarker {
		h.sealed = int64(le.Uint64(b[40:]))
	}
	return h, true, nil
}

// Shared segments grow while they are in use; a solo segment holds one blob and
// gets its name when it is complete.
const (
	sharedSuffix = ".seg"
	soloSuffix   = ".one"
	spoolSuffix  = ".spool"
)

func segName(id uint64, solo bool) string {
	if solo {
		return fmt.Sprintf("%016x%s", id, soloSuffix)
	}
	return fmt.Sprintf("%016x%s", id, sharedSuffix)
}

func parseSegName(name string) (id uint64, solo, ok bool) {
	hex, shared := strings.CutSuffix(name, sharedSuffix)
	if !shared {
		if hex, solo = strings.CutSuffix(name, soloSuffix); !solo {
			return 0, false, false
		}
	}
	id, err := strconv.ParseUint(hex, 16, 64)
	return id, solo, err == nil && id > 0 && segName(id, solo) == name
}
