package pebblestore

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/fault"
)

// frozen is what Views read after the guard has frozen: the database opened a
// second time, read-only, from what was durable at that moment. Pebble's first
// instance holds writes in memory that never reached the disk (law 3).
type frozen struct {
	ready chan struct{} // closed when db or err is set
	once  sync.Once
	db    *pebble.DB
	err   error
}

// openFrozen runs on a goroutine of its own when the guard freezes.
func (s *Store) openFrozen() {
	s.frozen.once.Do(func() {
		defer close(s.frozen.ready)
		opts := s.opts.pebbleOptions(&durableFS{FS: s.opts.FS, g: s.guard})
		opts.ReadOnly = true
		opts.CacheSize = 8 << 20
		opts.Logger = pebbleLogger{s}
		opts.EventListener = s.listener()
		s.frozen.db, s.frozen.err = pebble.Open(s.dir, opts)
		if s.frozen.err != nil {
			s.log.Error("the database cannot be read as of its last sync", slog.Any("error", s.frozen.err))
		}
	})
}

// durable is the database to read from: the frozen one once there is one.
func (s *Store) durable(ctx context.Context) (*pebble.DB, error) {
	if !s.guard.frozen() {
		return s.db, nil
	}
	select {
	case <-s.frozen.ready:
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Canceled, "store.View", ctx.Err())
	}
	if s.frozen.err != nil {
		return nil, fault.Wrap(fault.Unavailable, "store.View", s.frozen.err)
	}
	return s.frozen.db, nil
}

// kept tells whether a commit that ended as the guard froze is among what was
// durable by then. Views show it, so it is acknowledged and its changes are
// told like any other's.
func (s *Store) kept(c *commit) bool {
	if len(c.changed) == 0 || !s.guard.frozen() {
		return false
	}
	<-s.frozen.ready
	if s.frozen.err != nil {
		return false
	}
	for _, p := range c.changed {
		key := p.changeKey(c)
		if key == nil {
			return false
		}
		_, closer, err := s.frozen.db.Get(key)
		if err != nil {
			return false
		}
		_ = closer.Close()
	}
	return true
}

func (s *Store) closeFrozen() error {
	if !s.guard.frozen() {
		return nil
	}
	s.openFrozen() // or wait until it is done
	if s.frozen.db == nil {
		return nil
	}
	return s.frozen.db.Close()
}

// durableFS shows logs and manifests up to what was synced. Nothing is written
// through it.
type durableFS struct {
	vfs.FS
	g *guard
}

// length is how much of a file is durable; false if all of it is.
func (d *durableFS) length(name string) (int64, bool) {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	f := d.g.files[d.PathBase(name)]
	if f == nil {
		return 0, false
	}
	return f.synced.Load(), true
}

func (d *durableFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.Open(name, opts...)
	if err != nil {
		return nil, err
	}
	if n, ok := d.length(name); ok {
		return &durableFile{File: f, left: n, size: n}, nil
	}
	return f, nil
}

func (d *durableFS) Stat(name string) (vfs.FileInfo, error) {
	info, err := d.FS.Stat(name)
	if err != nil {
		return nil, err
	}
	if n, ok := d.length(name); ok {
		return durableInfo{info, n}, nil
	}
	return info, nil
}

// Lock gives a lock for nothing: the Store holds the real one.
func (d *durableFS) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

func (d *durableFS) Unwrap() vfs.FS { return d.FS }

type durableFile struct {
	vfs.File
	left, size int64
}

func (f *durableFile) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, io.EOF
	}
	n, err := f.File.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}

func (f *durableFile) ReadAt(p []byte, off int64) (int, error) {
	return io.NewSectionReader(f.File, 0, f.size).ReadAt(p, off)
}

func (f *durableFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	return durableInfo{info, f.size}, err
}

type durableInfo struct {
	vfs.FileInfo
	size int64
}

func (i durableInfo) Size() int64 { return i.size }
