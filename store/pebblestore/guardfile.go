package pebblestore

import (
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardFile is a file of the store's folder, or the folder itself.
type guardFile struct {
	vfs.File
	g       *guard
	class   class
	name    string
	written atomic.Int64
	synced  atomic.Int64 // the length that is durable
}

// swallow tells whether writes are no longer to reach the disk.
func (f *guardFile) swallow() bool { return f.class > table && f.g.frozen() }

func (f *guardFile) Write(p []byte) (int, error) {
	if f.swallow() {
		return len(p), nil
	}
	done := 0
	err := f.g.attempt(f.class, func() error {
		n, err := f.File.Write(p[done:])
		done += n
		if err == nil && done < len(p) {
			err = io.ErrShortWrite
		}
		return err
	})
	f.written.Add(int64(done))
	f.g.bytes.Add(int64(done))
	f.g.space.used(done)
	if err := f.g.settle(f.class, f.name, err); err != nil {
		return done, err
	}
	return len(p), nil
}

func (f *guardFile) Sync() error     { return f.sync(f.File.Sync) }
func (f *guardFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f *guardFile) sync(do func() error) error {
	if f.swallow() {
		return nil
	}
	length, began := f.written.Load(), time.Now()
	// A sync that failed is not tried again, not even for want of room: the
	// system may have dropped what it could not write.
	err := do()
	f.g.syncs.Add(1)
	f.g.syncNanos.Add(int64(time.Since(began)))
	if err == nil && f.class != foreign {
		f.synced.Store(length)
		if f.class == table {
			f.g.tableErrs.Store(0)
		}
	}
	return f.g.settle(f.class, f.name, err)
}

// SyncTo only starts writing; what it reports is not trusted, but an error is
// an error of the disk.
func (f *guardFile) SyncTo(length int64) (bool, error) {
	if f.swallow() {
		return false, nil
	}
	full, err := f.File.SyncTo(length)
	return full && err == nil, f.g.settle(f.class, f.name, err)
}

func (f *guardFile) Close() error {
	err := f.File.Close()
	if f.swallow() {
		return nil
	}
	return f.g.settle(f.class, f.name, err)
}

// sink stands for a file that is not made because the guard is frozen.
type sink struct{ size int64 }

func (*sink) Close() error                           { return nil }
func (*sink) Read([]byte) (int, error)               { return 0, io.EOF }
func (*sink) ReadAt([]byte, int64) (int, error)      { return 0, io.EOF }
func (s *sink) Write(p []byte) (int, error)          { s.size += int64(len(p)); return len(p), nil }
func (*sink) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (*sink) Preallocate(int64, int64) error         { return nil }
func (s *sink) Stat() (vfs.FileInfo, error)          { return sinkInfo{s.size}, nil }
func (*sink) Sync() error                            { return nil }
func (*sink) SyncTo(int64) (bool, error)             { return false, nil }
func (*sink) SyncData() error                        { return nil }
func (*sink) Prefetch(int64, int64) error            { return nil }
func (*sink) Fd() uintptr                            { return vfs.InvalidFd }

type sinkInfo struct{ size int64 }

func (sinkInfo) Name() string           { return "" }
func (i sinkInfo) Size() int64          { return i.size }
func (sinkInfo) Mode() fs.FileMode      { return 0o600 }
func (sinkInfo) ModTime() time.Time     { return time.Time{} }
func (sinkInfo) IsDir() bool            { return false }
func (sinkInfo) Sys() any               { return nil }
func (sinkInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
