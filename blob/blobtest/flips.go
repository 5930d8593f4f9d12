package blobtest

import (
	"bytes"
	"path"
	"strings"
	"testing"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/fault"
)

// testFlips flips one bit at a time anywhere in the files of a store. Wrong
// bytes are never served; a blob that cannot be read is named, with its file,
// by Open or ReadAt and by Verify; all others stay readable.
func (e Engine) testFlips(t *testing.T) {
	fs := NewMemFS()
	s := e.open(t, fs)
	want := map[blob.Ref][]byte{}
	for i, size := range []int{0, 5, 700, 1000, 40_000, 90_000, 300_000, 3000, 4000, 64, 128} {
		data := content(uint64(i), size)
		want[mustPut(t, s, data)] = data
	}
	shut(t, s)
	rng := newRand(5)
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	flips := count(400, 10_000)
	for range flips {
		name := path.Join(dir, names[rng.IntN(len(names))])
		size := int64(len(fs.Bytes(name)))
		if size == 0 {
			continue
		}
		bit := rng.Int64N(size * 8)
		if rng.IntN(3) == 0 { // headers more often than their share
			bit = rng.Int64N(min(size, 4096) * 8)
		}
		fs.Flip(name, bit)
		lost += e.flipped(t, fs, name, bit, want)
		fs.Flip(name, bit)
	}
	if lost == 0 {
		t.Fatal("no flip damaged anything")
	}
	t.Logf("%d flips, %d blobs unreadable and named, none wrong", flips, lost)
}

func (e Engine) flipped(t *testing.T, fs blobfs.FS, name string, bit int64, want map[blob.Ref][]byte) (lost int) {
	t.Helper()
	s := e.open(t, fs)
	defer shut(t, s)
	for ref, data := range want {
		b, err := get(t.Context(), s, ref)
		if !bytes.HasPrefix(data, b) || err == nil && len(b) < len(data) {
			t.Fatalf("bit %d of %s: wrong bytes served for %q", bit, name, ref)
		}
		if err == nil {
			continue
		}
		lost++
		if !fault.Is(err, fault.Damaged) || !strings.Contains(err.Error(), name) {
			t.Fatalf("bit %d of %s: blob %q: %v; want a damaged error that names the file", bit, name, ref, err)
		}
	}
	if lost > 1 {
		t.Fatalf("bit %d of %s damaged %d blobs", bit, name, lost)
	}
	reports := 0
	err := s.Verify(t.Context(), func(_ blob.Info, err error) {
		reports++
		if !fault.Is(err, fault.Damaged) || !strings.Contains(err.Error(), name) {
			t.Errorf("bit %d of %s: verify: %v", bit, name, err)
		}
	})
	if err != nil || reports == 0 {
		t.Fatalf("bit %d of %s: verify found %d places (%v)", bit, name, reports, err)
	}
	return lost
}
