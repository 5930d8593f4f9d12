package fileblob_test

import (
	"context"
	"sync/atomic"
	"syscall"
	"testing"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
	"postern/fault"
)

// hookFS calls hook before a file is written.
type hookFS struct {
	blobfs.FS
	hook *atomic.Pointer[func()]
}

func (h hookFS) Create(name string) (blobfs.File, error) {
	f, err := h.FS.Create(name)
	return hookFile{f, h.hook}, err
}

func (h hookFS) Open(name string) (blobfs.File, error) {
	f, err := h.FS.Open(name)
	return hookFile{f, h.hook}, err
}

type hookFile struct {
	blobfs.File
	hook *atomic.Pointer[func()]
}

func (f hookFile) WriteAt(p []byte, off int64) (int, error) {
	if fn := f.hook.Swap(nil); fn != nil {
		(*fn)()
	}
	return f.File.WriteAt(p, off)
}

// TestOneFailedSyncForAll: the system tells of a lost write once. If a Delete
// hears of it, a Commit into the same segment must not take its own sync, which
// then succeeds, for a promise.
func TestOneFailedSyncForAll(t *testing.T) {
	mem := blobtest.NewMemFS()
	fs := hookFS{mem, new(atomic.Pointer[func()])}
	s, err := fileblob.Open("/blobs", fileblob.Options{FS: fs, MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }() // it is read-only by then
	store := func() (blob.Ref, error) {
		w, err := s.Create(t.Context(), 5)
		if err != nil {
			return "", err
		}
		defer w.Abort()
		if _, err := w.Write([]byte("bytes")); err != nil {
			return "", err
		}
		return w.Commit(t.Context())
	}
	old, err := store()
	if err != nil {
		t.Fatal(err)
	}
	meanwhile := func() {
		failed := false
		mem.Inject(func(op blobtest.Op, _ string) error {
			if op == blobtest.OpSync && !failed {
				failed = true
				return syscall.EIO
			}
			return nil
		})
		if err := s.Delete(context.WithoutCancel(t.Context()), old); !fault.Is(err, fault.ReadOnly) {
			t.Errorf("Delete whose sync failed: %v, want read-only", err)
		}
	}
	fs.hook.Store(&meanwhile)
	if ref, err := store(); !fault.Is(err, fault.ReadOnly) {
		t.Errorf("Commit beside a failed sync gives %q, %v; want read-only", ref, err)
	}
}
