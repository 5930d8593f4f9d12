package fileblob_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
	"postern/fault"
)

func read(t *testing.T, s blob.Store, ref blob.Ref) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	b := make([]byte, r.Size())
	if n, err := r.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return b
}

// TestDisk uses the machine's own file system: modes, the lock, what a killed
// process leaves, and a copy.
func TestDisk(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "blobs")
	s, err := fileblob.Open(dir, fileblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[blob.Ref][]byte{}
	for _, size := range []int{0, 1, 5000, 200_000, 300_000, 3 << 20} {
		data := random(size)
		ref, err := write(t.Context(), s, data)
		if err != nil {
			t.Fatal(err)
		}
		want[ref] = data
	}
	if _, err := fileblob.Open(dir, fileblob.Options{}); runtime.GOOS == "linux" && !fault.Is(err, fault.InUse) {
		t.Errorf("a second open: %v", err)
	}
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := d.Info()
		if mode := st.Mode().Perm(); err == nil && mode != 0o600 && (!d.IsDir() || mode != 0o700) {
			t.Errorf("%s has mode %o", name, mode)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// As after kill -9: the files as they are, with half a record at the end.
	killed := filepath.Join(top, "killed")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	seg, err := os.OpenFile(filepath.Join(killed, "0000000000000001.seg"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seg.Write(bytes.Repeat([]byte("PSRB"), 1000)); err != nil {
		t.Fatal(err)
	}
	_ = seg.Close()
	if err := s.Copy(t.Context(), filepath.Join(top, "copy")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"blobs", "killed", "copy"} {
		s, err := fileblob.Open(filepath.Join(top, name), fileblob.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for ref, data := range want {
			if !bytes.Equal(read(t, s, ref), data) {
				t.Errorf("%s: %q differs", name, ref)
			}
		}
		if err := s.Verify(t.Context(), func(i blob.Info, err error) { t.Errorf("%s: %q: %v", name, i.Ref, err) }); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// counting counts open files and syncs; a sync waits for hold, so that writers
// gather behind it.
type counting struct {
	blobfs.FS
	open, most, syncs atomic.Int64
	hold              func()
}

type countedFile struct {
	blobfs.File
	c *counting
}

func (c *counting) opened(f blobfs.File, err error) (blobfs.File, error) {
	if err != nil {
		return nil, err
	}
	n := c.open.Add(1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	return countedFile{f, c}, nil
}

func (c *counting) Create(name string) (blobfs.File, error) { return c.opened(c.FS.Create(name)) }

func (c *counting) Open(name string) (blobfs.File, error) { return c.opened(c.FS.Open(name)) }

func (f countedFile) Close() error {
	f.c.open.Add(-1)
	return f.File.Close()
}

func (f countedFile) Sync() error {
	f.c.syncs.Add(1)
	if f.c.hold != nil {
		f.c.hold()
	}
	return f.File.Sync()
}

func TestOpenFilesAreBounded(t *testing.T) {
	c := &counting{FS: blobtest.NewMemFS()}
	s, err := fileblob.Open("/blobs", fileblob.Options{FS: c, SoloSize: 1000, MaxOpenFiles: 4})
	if err != nil {
		t.Fatal(err)
	}
	var readers []blob.Reader
	for range 100 {
		ref, err := write(t.Context(), s, random(2000))
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	for _, r := range readers {
		if n, err := r.ReadAt(make([]byte, 2000), 0); n != 2000 {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if most := c.most.Load(); most > 8 {
		t.Errorf("%d files were open at a time", most)
	}
	if left := c.open.Load(); left != 0 {
		t.Errorf("%d files are still open", left)
	}
}

func TestOneSyncForManyWriters(t *testing.T) {
	const writers = 64
	c := &counting{FS: blobtest.NewMemFS()}
	s, err := fileblob.Open("/blobs", fileblob.Options{FS: c})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(t.Context(), s, random(10)); err != nil { // makes the segment
		t.Fatal(err)
	}
	c.syncs.Store(0)
	var started atomic.Int64
	end := time.Now().Add(10 * time.Second)
	c.hold = func() { // the first sync is slow: until all the others wait
		for started.Load() < writers && time.Now().Before(end) {
			runtime.Gosched()
		}
		for range 10_000 { // and have come as far as they can
			runtime.Gosched()
		}
	}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			started.Add(1)
			if _, err := write(t.Context(), s, random(3000)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.hold = nil
	if n := c.syncs.Load(); n > writers/4 {
		t.Errorf("%d syncs for %d commits", n, writers)
	} else {
		t.Logf("%d syncs for %d commits", n, writers)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
