package fileblob_test

import (
	"math/rand/v2"
	"testing"

	"postern/blob"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
)

// TestHeaderCopyLost: a crash may lose one copy of a new segment's header, and
// another one may stop the recovery. Afterwards the segment is whole.
func TestHeaderCopyLost(t *testing.T) {
	sound, refs := segment(t, false)
	for _, lost := range []int{0, 512} {
		for crash := 1; crash <= 8; crash++ {
			for seed := range uint64(20) {
				file := append([]byte(nil), sound...)
				clear(file[lost : lost+512])
				fs := blobtest.NewMemFS()
				place(t, fs, file)
				fs.CrashAfter(crash)
				if s, err := fileblob.Open("/blobs", fileblob.Options{FS: fs, MinFree: -1}); err == nil {
					_ = s.Close()
				}
				fs = fs.Crash(0.5, rand.New(rand.NewPCG(seed, 1)))
				s, err := fileblob.Open("/blobs", fileblob.Options{FS: fs, MinFree: -1})
				if err != nil {
					t.Fatal(err)
				}
				for ref, data := range refs {
					if string(read(t, s, ref)) != string(data) {
						t.Errorf("%q differs", ref)
					}
				}
				err = s.Verify(t.Context(), func(i blob.Info, err error) {
					t.Errorf("copy at %d lost, crash at %d: %q: %v", lost, crash, i.Ref, err)
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// place writes a durable segment file.
func place(t *testing.T, fs *blobtest.MemFS, file []byte) {
	t.Helper()
	if err := fs.Mkdir("/blobs"); err != nil {
		t.Fatal(err)
	}
	w, err := fs.Create("/blobs/0000000000000001.seg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteAt(file, 0); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.Sync(), w.Close(), fs.SyncDir("/blobs"), fs.SyncDir("/")} {
		if err != nil {
			t.Fatal(err)
		}
	}
}
