package blobtest

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Crash gives what a machine finds after a power loss now: what was synced, and
// a share (0 to 1) of what was not, torn at sectors. The old file system gives
// ErrCrashed from then on.
func (m *MemFS) Crash(share float64, rng *rand.Rand) *MemFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.crashed = true
	next := NewMemFS()
	next.quota, next.noHoles = m.quota, m.noHoles
	survives := func() bool { return share >= 1 || rng.Float64() < share }
	found := map[*inode]*inode{}
	for _, name := range slices.Sorted(maps.Keys(m.dirs)) {
		d := m.dirs[name]
		if !d.synced && !survives() {
			continue
		}
		entries := d.durable
		for _, op := range d.ops { // a folder's journal survives up to some point
			if !survives() {
				break
			}
			entries = op
		}
		nd := &memDir{synced: true, cur: map[string]*inode{}}
		for _, base := range slices.Sorted(maps.Keys(entries)) {
			old := entries[base]
			if found[old] == nil {
				found[old] = next.revive(old, survives)
			}
			nd.cur[base] = found[old]
		}
		nd.durable = maps.Clone(nd.cur)
		next.dirs[name] = nd
	}
	return next
}

// revive is a file after the crash.
func (m *MemFS) revive(old *inode, survives func() bool) *inode {
	data := slices.Clone(old.durable)
	for _, op := range old.ops {
		switch op.kind {
		case OpWrite:
			for at := int64(0); at < op.size; {
				n := min(sector-(op.off+at)%sector, op.size-at)
				if survives() {
					data = writeInto(data, op.data[at:at+n], op.off+at)
				}
				at += n
			}
		default:
			if survives() {
				data = op.change(data)
			}
		}
	}
	ino := &inode{data: data, durable: slices.Clone(data)}
	for b := 0; b*blockSize < len(data); b++ { // a block of zeros counts as a hole
		block := data[b*blockSize : min((b+1)*blockSize, len(data))]
		held := slices.ContainsFunc(block, func(c byte) bool { return c != 0 })
		ino.blocks = append(ino.blocks, held)
		if held {
			m.used += blockSize
		}
	}
	return ino
}

// change does a truncation or a hole.
func (op *fileOp) change(data []byte) []byte {
	if op.kind == OpTruncate {
		if op.size <= int64(len(data)) {
			return data[:op.size]
		}
		return append(data, make([]byte, op.size-int64(len(data)))...)
	}
	if op.off < int64(len(data)) {
		clear(data[op.off:min(op.off+op.size, int64(len(data)))])
	}
	return data
}

func writeInto(data, p []byte, off int64) []byte {
	if end := off + int64(len(p)); end > int64(len(data)) {
		data = append(data, make([]byte, end-int64(len(data)))...)
	}
	copy(data[off:], p)
	return data
}
