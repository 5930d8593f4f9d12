package pebblestore_test

import (
	"testing"
	"time"

	"postern/store"
	"postern/store/pebblestore"
	"postern/store/pebblestore/faultfs"
	"postern/store/storetest"
)

// small settings make flushes and compactions happen in short tests.
func small(fs *faultfs.FS) pebblestore.Options {
	return pebblestore.Options{
		FS: fs, MemTableBytes: 256 << 10, CacheBytes: 1 << 20, ReserveBytes: 2 << 20, CheckEvery: 50 * time.Millisecond,
	}
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t testing.TB) *storetest.Harness {
		fs := faultfs.New()
		openAt := func(t testing.TB, fs *faultfs.FS, dir string) store.Store {
			s, err := pebblestore.Open(dir, small(fs))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := openAt(t, fs, "db")
		t.Cleanup(func() { _ = s.Close() })
		return &storetest.Harness{
			Store:   s,
			OnWrite: fs.OnWrite,
			Image: func(seed uint64, kept int) func(t testing.TB) store.Store {
				image := fs.Image(seed, kept)
				return func(t testing.TB) store.Store { return openAt(t, image, "db") }
			},
			FailSync: fs.FailSync,
			SetRoom:  fs.SetRoom,
			OpenAt:   func(t testing.TB, dir string) store.Store { return openAt(t, fs, dir) },
			Folder:   "copy",
		}
	})
}
