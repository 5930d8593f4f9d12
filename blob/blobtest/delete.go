package blobtest

import (
	"runtime"
	"testing"
	"time"

	"postern/blob"
	"postern/fault"
)

func mustDelete(t testing.TB, s blob.Store, refs ...blob.Ref) {
	t.Helper()
	if err := s.Delete(t.Context(), refs...); err != nil {
		t.Fatalf("delete: %v", err)
	}
}

func mustMiss(t testing.TB, s blob.Store, ref blob.Ref) {
	t.Helper()
	_, err := s.Open(t.Context(), ref)
	wantKind(t, "open a deleted blob", err, fault.NotFound)
}

func (e Engine) testDelete(t *testing.T) {
	fs := NewMemFS()
	s := e.open(t, fs)
	var all []blob.Ref
	var data [][]byte
	for i, size := range sizes() {
		for range 3 {
			data = append(data, content(uint64(i), size))
			all = append(all, mustPut(t, s, data[len(data)-1]))
		}
	}
	open, err := s.Open(t.Context(), all[len(all)-2])
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(all); i += 3 { // the one in the middle of each three
		mustDelete(t, s, all[i], all[i], "no such")
		mustDelete(t, s, all[i])
	}
	for range 2 {
		for i, ref := range all {
			if i%3 == 1 {
				mustMiss(t, s, ref)
			} else {
				mustHave(t, s, ref, data[i])
			}
		}
		if got := refs(t, s); len(got) != len(all)/3*2 {
			t.Fatalf("walk lists %d blobs, want %d", len(got), len(all)/3*2)
		}
		sound(t, s)
		if open != nil { // who was reading goes on
			b := make([]byte, open.Size())
			if _, err := open.ReadAt(b, 0); err != nil || string(b) != string(data[len(all)-2]) {
				t.Fatalf("the open reader of a deleted blob: %v", err)
			}
			_ = open.Close()
			open = nil
		}
		shut(t, s)
		s = e.open(t, fs)
	}
	shut(t, s)
}

func (e Engine) testHold(t *testing.T) {
	s, fs := e.fresh(t)
	var all []blob.Ref
	for i, size := range sizes() {
		all = append(all, mustPut(t, s, content(uint64(i), size)))
	}
	first, second := s.Hold(), s.Hold()
	mustDelete(t, s, all...)
	first()
	first() // a second call does nothing
	for i, size := range sizes() {
		mustHave(t, s, all[i], content(uint64(i), size))
	}
	if got := refs(t, s); len(got) != len(all) {
		t.Fatalf("walk lists %d held blobs, want %d", len(got), len(all))
	}
	sound(t, s)
	held := fs.Used()
	second()
	for _, ref := range all {
		mustMiss(t, s, ref)
	}
	await(t, "the held room", func() bool { return fs.Used() < held/2 })
	sound(t, s)
}

// await spins until ok; reclaiming happens in the background.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not after 20 s", what)
		}
		runtime.Gosched()
	}
}

// testRoom writes and deletes many times the room that there is.
func (e Engine) testRoom(t *testing.T) {
	for _, holes := range []bool{true, false} {
		fs := NewMemFS()
		if !holes {
			fs.NoHoles()
		}
		s := e.open(t, fs)
		var old []blob.Ref
		var peak int64
		for i := range uint64(40) {
			var refs []blob.Ref
			for _, size := range []int{700, 5000, 70_000, 300_000} {
				refs = append(refs, mustPut(t, s, content(i, size)))
			}
			mustDelete(t, s, old...)
			old = refs
			await(t, "room of deleted blobs", func() bool { return fs.Used() < 3<<20 })
			peak = max(peak, fs.Used())
		}
		for j, size := range []int{700, 5000, 70_000, 300_000} {
			mustHave(t, s, old[j], content(39, size))
		}
		sound(t, s)
		t.Logf("holes %v: %d octets used at most for %d alive", holes, peak, 2*375_700)
		shut(t, s)
	}
}

// testDeletedForEver: a ref to what is deleted is NotFound, whatever is written
// where it was, also after new starts.
func (e Engine) testDeletedForEver(t *testing.T) {
	fs := NewMemFS()
	var old []blob.Ref
	for round := range uint64(12) {
		s := e.open(t, fs)
		for _, ref := range old {
			mustMiss(t, s, ref)
		}
		var now []blob.Ref
		for i := range round + 1 {
			now = append(now, mustPut(t, s, content(i, int(i*round)*97)))
		}
		mustDelete(t, s, now...)
		old = append(old, now...)
		for _, ref := range old {
			mustMiss(t, s, ref)
		}
		shut(t, s)
		s = e.open(t, fs) // and everything is given back
		last := mustPut(t, s, content(round, 300_000))
		mustDelete(t, s, last)
		old = append(old, last)
		await(t, "room of deleted blobs", func() bool { return fs.Used() <= 4*blockSize })
		shut(t, s)
	}
}
