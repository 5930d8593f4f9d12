package fileblob_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"postern/blob"
)

// used is the room that the files of a folder take.
func used(t *testing.T, dir string) int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, e := range entries {
		st, err := e.Info()
		if err != nil {
			continue // removed meanwhile
		}
		n += st.Sys().(*syscall.Stat_t).Blocks * 512
	}
	return n
}

// TestHoles: on Linux the room of deleted blobs comes back from the middle of a
// segment that is in use.
func TestHoles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	s := openIn(t, dir)
	var gone []blob.Ref
	kept := map[blob.Ref][]byte{}
	for i := range 60 {
		data := random(100_000)
		ref, err := write(t.Context(), s, data)
		if err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			kept[ref] = data
		} else {
			gone = append(gone, ref)
		}
	}
	before := used(t, dir)
	if err := s.Delete(t.Context(), gone...); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); used(t, dir) > before/5; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d octets of %d are still taken", used(t, dir), before)
		}
	}
	for ref, data := range kept {
		if string(read(t, s, ref)) != string(data) {
			t.Errorf("%q differs", ref)
		}
	}
}
