package pebblestore

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"postern/mail"
	"postern/store"
)

// Wipe keeps Garbage and, so that no number is handed out twice (law 5), what
// the counters have handed out.
func (m *mailTx) Wipe(now time.Time) error {
	const op = "store.Wipe"
	counters, err := m.Counters()
	if err != nil {
		return err
	}
	var blobs []string
	if err := m.Emails(func(row store.EmailRow) error {
		if row.Blob != "" {
			blobs = append(blobs, row.Blob)
		}
		return nil
	}); err != nil {
		return err
	}
	all := appendMailKey(nil, m.account, 0)[:mailPrefixLen-1]
	garbage := appendMailKey(nil, m.account, kindGarbage)
	for _, r := range [][2][]byte{{all, garbage}, {prefixEnd(garbage), prefixEnd(all)}} {
		if err := m.deleteRange(op, r[0], r[1]); err != nil {
			return err
		}
	}
	bodies := appendBodyKey(nil, m.account, 0)[:1+8]
	if err := m.deleteRange(op, bodies, prefixEnd(bodies)); err != nil {
		return err
	}
	for _, ref := range blobs {
		if err := m.PutGarbage(ref, now); err != nil {
			return err
		}
	}
	m.kept, m.unlogged, m.names = len(m.items), len(m.items) > 0, nil
	counters.Messages, counters.Bytes = 0, 0
	return m.PutCounters(counters)
}

func appendSeq(b []byte, seq mail.ModSeq) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(seq))
}

// mergeRanges joins two lists into one that ascends without overlap.
func mergeRanges(a, b []store.UIDRange) []store.UIDRange {
	if len(a) == 0 {
		return b
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y store.UIDRange) int { return cmp.Compare(x.First, y.First) })
	out := all[:1]
	for _, r := range all[1:] {
		last := &out[len(out)-1]
		if uint64(r.First) <= uint64(last.Last)+1 {
			last.Last = max(last.Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}
