package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/fault"
)

// Engine is what the suite tests.
type Engine struct {
	// Open opens the store in the folder dir on fs, and makes it if it is not
	// there. Its segments, if it has any, should be small, so that histories
	// cross their borders.
	Open func(fs blobfs.FS, dir string) (blob.Store, error)
}

// dir is where the suite keeps the store.
const dir = "/blobs"

// Run checks every law.
func Run(t *testing.T, e Engine) {
	t.Helper()
	t.Run("RoundTrip", e.testRoundTrip)
	t.Run("ReadAt", e.testReadAt)
	t.Run("Refs", e.testRefs)
	t.Run("Writer", e.testWriter)
	t.Run("Context", e.testContext)
	t.Run("Closed", e.testClosed)
	t.Run("Locked", e.testLocked)
	t.Run("Delete", e.testDelete)
	t.Run("DeletedForEver", e.testDeletedForEver)
	t.Run("Hold", e.testHold)
	t.Run("Copy", e.testCopy)
	t.Run("Room", e.testRoom)
	t.Run("History", e.testHistory)
	t.Run("Crash", e.testCrash)
	t.Run("Flips", e.testFlips)
	t.Run("FlipAfterCrash", e.testFlipAfterCrash)
	t.Run("SyncError", e.testSyncError)
	t.Run("FolderSyncError", e.testFolderSyncError)
	t.Run("Full", e.testFull)
	t.Run("WriteError", e.testWriteError)
	t.Run("Concurrent", e.testConcurrent)
	t.Run("CopyLive", e.testCopyLive)
}

// Long tells whether the long counts are asked for.
func Long() bool { return os.Getenv("POSTERN_LONG") == "1" }

// count is the short or the long count.
func count(short, long int) int {
	if Long() {
		return long
	}
	return short
}

// sizes are those at which something changes.
func sizes() []int {
	const chunk, small = 32 << 10, 256 << 10
	return []int{
		0, 1, 63, 64, 65, 511, 4095, 4096, chunk - 1, chunk, chunk + 1, 2 * chunk, 3*chunk + 17,
		small - 1, small, small + 1, small + chunk, 1<<20 + 7,
	}
}

// content makes bytes that tell their blob.
func content(seed uint64, size int) []byte {
	b := make([]byte, size)
	rng := rand.NewPCG(seed, uint64(size))
	for i := 0; i < size; i += 8 {
		v := rng.Uint64()
		for j := i; j < min(i+8, size); j++ {
			b[j] = byte(v)
			v >>= 8
		}
	}
	return b
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 17)) }

func (e Engine) open(t testing.TB, fs blobfs.FS) blob.Store {
	t.Helper()
	s, err := e.Open(fs, dir)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

// fresh is a new store that is closed when the test ends.
func (e Engine) fresh(t testing.TB) (blob.Store, *MemFS) {
	t.Helper()
	fs := NewMemFS()
	s := e.open(t, fs)
	t.Cleanup(func() { shut(t, s) })
	return s, fs
}

func shut(t testing.TB, s blob.Store) {
	t.Helper()
	if err := s.Close(); err != nil && !fault.Is(err, fault.Closed) && !errors.Is(err, ErrCrashed) {
		t.Errorf("close: %v", err)
	}
}

// put writes a blob in pieces.
func put(ctx context.Context, s blob.Store, data []byte, hint int64, piece int) (blob.Ref, error) {
	w, err := s.Create(ctx, hint)
	if err != nil {
		return "", err
	}
	defer w.Abort()
	for rest := data; len(rest) > 0; {
		n := min(piece, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			return "", err
		}
		rest = rest[n:]
	}
	return w.Commit(ctx)
}

func mustPut(t testing.TB, s blob.Store, data []byte) blob.Ref {
	t.Helper()
	ref, err := put(t.Context(), s, data, int64(len(data)), 1<<20)
	if err != nil {
		t.Fatalf("put %d octets: %v", len(data), err)
	}
	return ref
}

// get reads a blob whole.
func get(ctx context.Context, s blob.Store, ref blob.Ref) ([]byte, error) {
	r, err := s.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	b := make([]byte, r.Size())
	if n, err := r.ReadAt(b, 0); n < len(b) {
		return b[:n], err
	}
	return b, nil
}

// check reads a blob and compares.
func check(ctx context.Context, s blob.Store, ref blob.Ref, want []byte) error {
	b, err := get(ctx, s, ref)
	if err != nil {
		return fmt.Errorf("blob %q of %d octets: %w", ref, len(want), err)
	}
	if !bytes.Equal(b, want) {
		return fmt.Errorf("blob %q: other bytes than the %d written", ref, len(want))
	}
	return nil
}

func mustHave(t testing.TB, s blob.Store, ref blob.Ref, want []byte) {
	t.Helper()
	if err := check(t.Context(), s, ref, want); err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, what string, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Fatalf("%s: got %v, want the kind %v", what, err, k)
	}
}

// refs walks the store.
func refs(t testing.TB, s blob.Store) map[blob.Ref]int64 {
	t.Helper()
	all := map[blob.Ref]int64{}
	err := s.Walk(t.Context(), func(i blob.Info) error {
		if _, ok := all[i.Ref]; ok {
			t.Errorf("walk lists %q twice", i.Ref)
		}
		all[i.Ref] = i.Size
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return all
}

// sound fails if Verify finds anything.
func sound(t testing.TB, s blob.Store) {
	t.Helper()
	err := s.Verify(t.Context(), func(i blob.Info, err error) { t.Errorf("verify: %q: %v", i.Ref, err) })
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
}

func (e Engine) testRoundTrip(t *testing.T) {
	fs := NewMemFS()
	s := e.open(t, fs)
	want := map[blob.Ref][]byte{}
	for i, size := range sizes() {
		data := content(uint64(i), size)
		for _, hint := range []int64{-1, int64(size), 0, int64(2*size) + 100} {
			for _, piece := range []int{1 << 21, 5000} {
				ref, err := put(t.Context(), s, data, hint, piece)
				if err != nil {
					t.Fatalf("put %d octets, hint %d, pieces of %d: %v", size, hint, piece, err)
				}
				want[ref] = data
			}
		}
	}
	for range 2 {
		got := refs(t, s)
		if len(got) != len(want) {
			t.Fatalf("walk lists %d blobs, want %d", len(got), len(want))
		}
		for ref, data := range want {
			if got[ref] != int64(len(data)) {
				t.Fatalf("walk gives %q %d octets, want %d", ref, got[ref], len(data))
			}
			mustHave(t, s, ref, data)
		}
		sound(t, s)
		shut(t, s)
		s = e.open(t, fs)
	}
	shut(t, s)
}

func (e Engine) testReadAt(t *testing.T) {
	s, _ := e.fresh(t)
	rng := newRand(1)
	for i, size := range sizes() {
		data := content(uint64(i), size)
		r, err := s.Open(t.Context(), mustPut(t, s, data))
		if err != nil {
			t.Fatal(err)
		}
		if r.Size() != int64(size) {
			t.Fatalf("size %d, want %d", r.Size(), size)
		}
		for range 200 {
			off := rng.IntN(size + 2)
			p := make([]byte, rng.IntN(size+10))
			n, err := r.ReadAt(p, int64(off))
			want := data[min(off, size):min(off+len(p), size)]
			if !bytes.Equal(p[:n], want) {
				t.Fatalf("read %d at %d of %d: %d octets, want %d, or other bytes", len(p), off, size, n, len(want))
			}
			if (n < len(p) || off >= size) != errors.Is(err, io.EOF) {
				t.Fatalf("read %d at %d of %d: error %v", len(p), off, size, err)
			}
		}
		if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
			t.Fatal("a negative offset is read")
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = r.ReadAt(make([]byte, 1), 0)
		wantKind(t, "read after Close", err, fault.Closed)
	}
}

func (e Engine) testRefs(t *testing.T) {
	s, _ := e.fresh(t)
	ref := mustPut(t, s, []byte("one"))
	mustPut(t, s, []byte("two"))
	if len(ref) == 0 || len(ref) > 64 {
		t.Fatalf("ref %q has %d octets", ref, len(ref))
	}
	for _, c := range ref {
		if c <= ' ' || c > '~' {
			t.Fatalf("ref %q is not printable", ref)
		}
	}
	wrong := []blob.Ref{"", "x", "../../etc/passwd", ref + "0", " " + ref, blob.Ref(strings.Repeat("f", 64)), blob.Ref(strings.ToUpper(string(ref))) + "A"}
	for i := range ref { // every other ref is another's, or nobody's
		for _, c := range []byte("0f-g") {
			b := []byte(ref)
			if b[i] != c {
				b[i] = c
				wrong = append(wrong, blob.Ref(b))
			}
		}
	}
	for _, w := range wrong {
		if r, err := s.Open(t.Context(), w); err == nil {
			t.Fatalf("%q opens as a blob of %d octets", w, r.Size())
		} else if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Damaged) {
			t.Fatalf("%q: %v", w, err)
		}
		if err := s.Delete(t.Context(), w); err != nil {
			t.Fatalf("delete %q: %v", w, err)
		}
	}
	_, err := s.Open(t.Context(), "")
	wantKind(t, "the empty ref", err, fault.NotFound)
	mustHave(t, s, ref, []byte("one"))
	sound(t, s)
}

func (e Engine) testWriter(t *testing.T) {
	s, _ := e.fresh(t)
	for _, size := range []int{10, 1 << 20} {
		w, err := s.Create(t.Context(), -1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content(1, size)); err != nil {
			t.Fatal(err)
		}
		w.Abort()
		if _, err := w.Write([]byte("x")); err == nil {
			t.Fatal("a write after Abort")
		}
		if _, err := w.Commit(t.Context()); err == nil {
			t.Fatal("a Commit after Abort")
		}
		w.Abort()
	}
	if got := refs(t, s); len(got) != 0 {
		t.Fatalf("aborted blobs stay: %v", got)
	}
	w, err := s.Create(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	p := []byte("abc")
	if n, err := w.Write(p); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	copy(p, "xyz") // the writer must not keep p
	ref, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err := w.Commit(t.Context()); err == nil {
		t.Fatal("a second Commit")
	}
	mustHave(t, s, ref, []byte("abc"))
}
