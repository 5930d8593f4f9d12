package mailbox

import (
	"math/rand/v2"
	"slices"
	"testing"

	"postern/mail"
)

// TestSnapshotHistories edits snapshots at random beside a plain slice. Old
// ones must stay as they were, and diff must tell exactly what changed.
func TestSnapshotHistories(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 2))
		now := pair{snap: &Snapshot{}}
		next, modseq := mail.UID(1), mail.ModSeq(1)
		var kept []pair
		for range 120 {
			modseq++
			var removed []UIDRange
			var put []Row
			rows := slices.Clone(now.rows)
			grow := false
			switch rng.IntN(4) {
			case 0, 1: // new messages
				grow = true
				for range 1 + rng.IntN(1+rng.IntN(600)) {
					next += mail.UID(1 + rng.IntN(2))
					put = append(put, Row{UID: next, ModSeq: modseq})
				}
				rows = append(rows, put...)
			case 2: // flags
				for i := range rows {
					if rng.IntN(50) == 0 {
						rows[i].ModSeq = modseq
						put = append(put, rows[i])
					}
				}
			case 3: // removal, sometimes of a lot
				var uids []mail.UID
				share := 1 + rng.IntN(60)
				rows = slices.DeleteFunc(rows, func(r Row) bool {
					gone := rng.IntN(share) == 0
					if gone {
						uids = append(uids, r.UID)
					}
					return gone
				})
				removed = rangesOf(uids)
			}
			kept = append(kept, now)
			now = pair{now.snap.edit(removed, put, grow), rows}
			if rng.IntN(3) == 0 && len(kept) > 1 {
				// Somebody else adds to an old one, without growing in place.
				old := kept[rng.IntN(len(kept))]
				_ = old.snap.edit(nil, []Row{{UID: next + 1000}}, false)
			}
			checkDiff(t, kept[rng.IntN(len(kept))], now)
		}
		for _, k := range append(kept, now) {
			checkRows(t, k.snap, k.rows)
		}
	}
}

func checkRows(t *testing.T, s *Snapshot, rows []Row) {
	t.Helper()
	if s.Len() != len(rows) {
		t.Fatalf("%d rows, want %d", s.Len(), len(rows))
	}
	var got []Row
	for _, r := range s.Rows(1, 1<<31) {
		got = append(got, r)
	}
	if !slices.Equal(got, rows) {
		t.Fatal("rows differ")
	}
	for i, r := range rows {
		if s.Row(uint32(i+1)) != r {
			t.Fatalf("row %d differs", i+1)
		}
		if seq, ok := s.Find(r.UID); !ok || seq != uint32(i+1) {
			t.Fatalf("UID %d found at %d", r.UID, seq)
		}
	}
	if len(rows) > 0 && s.Seek(rows[len(rows)-1].UID+1) != uint32(len(rows)+1) {
		t.Fatal("seeking behind the end")
	}
	for i := range s.chunks {
		if n := len(s.chunks[i].rows); n == 0 || n > chunkRows {
			t.Fatalf("a chunk has %d rows", n)
		}
	}
}

// pair is a snapshot and what should be in it.
type pair struct {
	snap *Snapshot
	rows []Row
}

func checkDiff(t *testing.T, from, to pair) {
	t.Helper()
	d := diff(from.snap, to.snap)
	was, is := map[mail.UID]Row{}, map[mail.UID]Row{}
	for _, r := range from.rows {
		was[r.UID] = r
	}
	for _, r := range to.rows {
		is[r.UID] = r
	}
	var removed, added, changed []uint32
	for i, r := range from.rows {
		if _, ok := is[r.UID]; !ok {
			removed = append(removed, uint32(i+1))
		}
	}
	for i, r := range to.rows {
		if old, ok := was[r.UID]; !ok {
			added = append(added, uint32(i+1))
		} else if old != r {
			changed = append(changed, uint32(i+1))
		}
	}
	if !slices.Equal(d.removed, removed) || !slices.Equal(d.added, added) || !slices.Equal(d.changed, changed) {
		t.Fatalf("diff: %d removed, %d added, %d changed; want %d, %d, %d",
			len(d.removed), len(d.added), len(d.changed), len(removed), len(added), len(changed))
	}
}

// TestSnapshotSharing holds that a change costs what changed.
func TestSnapshotSharing(t *testing.T) {
	s := (&Snapshot{}).edit(nil, manyRows(100_000), true)
	one := s.edit(nil, []Row{{UID: 50_000, ModSeq: 9}}, false)
	shared := 0
	for i := range s.chunks {
		if s.chunks[i] == one.chunks[i] {
			shared++
		}
	}
	if shared != len(s.chunks)-1 {
		t.Errorf("%d of %d chunks are shared after one change", shared, len(s.chunks))
	}
	allocs := testing.AllocsPerRun(100, func() { s.edit(nil, []Row{{UID: 50_000, ModSeq: 9}}, false) })
	if allocs > 8 {
		t.Errorf("one change makes %v allocations", allocs)
	}
}

func manyRows(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{UID: mail.UID(i + 1), ModSeq: 1}
	}
	return rows
}

// TestFlagTableCompacts holds that flag sets nobody has any more are let go.
func TestFlagTableCompacts(t *testing.T) {
	x := &index{reading: reading{table: newFlagTable(), snap: (&Snapshot{}).edit(nil, manyRows(10), true)}}
	for i := range 5000 {
		row := x.snap.Row(1)
		row.Set = x.table.intern(mail.Flags{Keywords: []string{string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))}})
		x.snap = x.snap.edit(nil, []Row{row}, false)
		x.snap.use(x.table)
		x.compact()
	}
	if n := len(x.table.sets); n > 1100 {
		t.Errorf("the table has %d sets for 10 messages", n)
	}
	if f := x.snap.FlagSet(x.snap.Row(1).Set); string(f.IMAP) != "hkh" {
		t.Errorf("flags %q", f.IMAP)
	}
}
