// Package faultfs is a file system in memory for tests of what stands on
// pebblestore: it can lose power at any write, fail a sync once, and be full.
package faultfs

import (
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is the file system. All methods may be called at the same time.
type FS struct {
	*vfs.MemFS
	onWrite   atomic.Pointer[func()]
	failSyncs atomic.Int64 // how many of the next syncs fail

	// clone keeps changes out while an image is made: MemFS takes its own lock
	// twice in some calls, which would deadlock with a waiting clone.
	clone sync.RWMutex

	mu    sync.Mutex
	limit int64            // bytes that may be used; negative is no limit; guarded by mu
	used  int64            // guarded by mu
	sizes map[string]int64 // of files, by name; guarded by mu
}

// New is an empty file system.
func New() *FS { return wrap(vfs.NewCrashableMem()) }

func wrap(m *vfs.MemFS) *FS { return &FS{MemFS: m, limit: -1, sizes: make(map[string]int64)} }

// OnWrite has fn called before every change; nil stops it.
func (f *FS) OnWrite(fn func()) {
	if fn == nil {
		f.onWrite.Store(nil)
		return
	}
	f.onWrite.Store(&fn)
}

// Image is what is left if the power goes now and keptPercent of the blocks
// and names that were not synced happen to survive.
func (f *FS) Image(seed uint64, keptPercent int) *FS {
	f.clone.Lock()
	defer f.clone.Unlock()
	return wrap(f.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: keptPercent,
		RNG:                 rand.New(rand.NewPCG(seed, 0)),
	}))
}

// FailSync makes the next sync fail with EIO; later ones succeed.
func (f *FS) FailSync() { f.failSyncs.Add(1) }

// SetRoom leaves that many bytes free; negative is no limit.
func (f *FS) SetRoom(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = -1
	if bytes >= 0 {
		f.limit = f.used + bytes
	}
}

// GetDiskUsage tells the room that SetRoom left, on a disk that is otherwise
// without limit.
func (f *FS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	const much = 1 << 40
	u := vfs.DiskUsage{AvailBytes: much, TotalBytes: much, UsedBytes: uint64(f.used)}
	if f.limit >= 0 {
		u.AvailBytes = uint64(max(0, f.limit-f.used))
	}
	return u, nil
}

// take takes room for a file to grow to size and tells to which size it may.
func (f *FS) take(name string, size int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	have := f.sizes[name]
	if size <= have {
		return size
	}
	if f.limit >= 0 {
		size = min(size, have+max(0, f.limit-f.used))
	}
	f.used += size - have
	f.sizes[name] = size
	return size
}

func (f *FS) free(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used -= f.sizes[name]
	delete(f.sizes, name)
}

func (f *FS) move(oldname, newname string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used -= f.sizes[newname]
	f.sizes[newname] = f.sizes[oldname]
	delete(f.sizes, oldname)
}

// change runs one change between two possible images.
func (f *FS) change(do func() error) error {
	if fn := f.onWrite.Load(); fn != nil {
		(*fn)()
	}
	f.clone.RLock()
	defer f.clone.RUnlock()
	return do()
}

func (f *FS) open(name string, do func() (vfs.File, error)) (vfs.File, error) {
	var file vfs.File
	err := f.change(func() (err error) {
		file, err = do()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &handle{File: file, fs: f, name: name}, nil
}

// Create implements vfs.FS.
func (f *FS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if f.full() {
		return nil, &fs.PathError{Op: "create", Path: name, Err: syscall.ENOSPC}
	}
	f.free(name)
	return f.open(name, func() (vfs.File, error) { return f.MemFS.Create(name, c) })
}

func (f *FS) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.limit >= 0 && f.used >= f.limit
}

// OpenReadWrite implements vfs.FS.
func (f *FS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return f.open(name, func() (vfs.File, error) { return f.MemFS.OpenReadWrite(name, c, o...) })
}

// OpenDir implements vfs.FS.
func (f *FS) OpenDir(name string) (vfs.File, error) {
	dir, err := f.MemFS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &handle{File: dir, fs: f, name: name}, nil
}

// ReuseForWrite implements vfs.FS.
func (f *FS) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f.move(oldname, newname)
	return f.open(newname, func() (vfs.File, error) { return f.MemFS.ReuseForWrite(oldname, newname, c) })
}

// Link implements vfs.FS.
func (f *FS) Link(oldname, newname string) error {
	return f.change(func() error { return f.MemFS.Link(oldname, newname) })
}

// Rename implements vfs.FS.
func (f *FS) Rename(oldname, newname string) error {
	f.move(oldname, newname)
	return f.change(func() error { return f.MemFS.Rename(oldname, newname) })
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	err := f.change(func() error { return f.MemFS.Remove(name) })
	if err == nil {
		f.free(name)
	}
	return err
}

// Unwrap implements vfs.FS.
func (f *FS) Unwrap() vfs.FS { return f.MemFS }

// handle is an open file.
type handle struct {
	vfs.File
	fs   *FS
	name string
	at   int64
}

func (h *handle) Write(p []byte) (int, error) {
	fits := h.fs.take(h.name, h.at+int64(len(p))) - h.at
	n := 0
	err := h.fs.change(func() (err error) {
		n, err = h.File.Write(p[:max(0, fits)])
		return err
	})
	h.at += int64(n)
	if err == nil && n < len(p) {
		err = &fs.PathError{Op: "write", Path: h.name, Err: syscall.ENOSPC}
	}
	return n, err
}

func (h *handle) Preallocate(offset, length int64) error {
	if h.fs.take(h.name, offset+length) < offset+length {
		return &fs.PathError{Op: "fallocate", Path: h.name, Err: syscall.ENOSPC}
	}
	return nil
}

func (h *handle) Sync() error     { return h.sync(h.File.Sync) }
func (h *handle) SyncData() error { return h.sync(h.File.SyncData) }

func (h *handle) sync(do func() error) error {
	if h.fs.failSyncs.Load() > 0 && h.fs.failSyncs.Add(-1) >= 0 {
		return &fs.PathError{Op: "sync", Path: h.name, Err: syscall.EIO}
	}
	return h.fs.change(do)
}
