package blobtest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"postern/blob/blobfs"
	"postern/fault"
)

// ErrCrashed is what every call gets once the file system has crashed.
var ErrCrashed = errors.New("the machine has crashed")

// ErrShortWrite makes a write stop halfway without an error, if an injector
// returns it for OpWrite.
var ErrShortWrite = errors.New("short write")

// Op names what is done to a MemFS.
type Op string

// The operations that an injector sees.
const (
	OpCreate   Op = "create"
	OpOpen     Op = "open"
	OpRead     Op = "read"
	OpWrite    Op = "write"
	OpSync     Op = "sync"
	OpTruncate Op = "truncate"
	OpPunch    Op = "punch"
	OpRename   Op = "rename"
	OpRemove   Op = "remove"
	OpMkdir    Op = "mkdir"
	OpSyncDir  Op = "syncdir"
)

const (
	sector    = 512
	blockSize = 4096
)

// MemFS is a file system in memory that remembers what is durable: bytes and
// sizes after Sync, entries after SyncDir. Crash gives the file system that a
// machine might find after a power loss. Its root "/" exists.
type MemFS struct {
	mu      sync.Mutex
	dirs    map[string]*memDir     // guarded by mu
	locks   map[string]bool        // guarded by mu
	inject  func(Op, string) error // guarded by mu
	left    int                    // guarded by mu: mutations until the crash; -1: none planned
	crashed bool                   // guarded by mu
	writes  int                    // guarded by mu: mutations so far
	quota   int64                  // guarded by mu: room in octets; 0: endless
	used    int64                  // guarded by mu
	noHoles bool                   // guarded by mu
}

type memDir struct {
	synced  bool
	cur     map[string]*inode
	durable map[string]*inode
	ops     []map[string]*inode // the entries after each operation since the last sync
}

type inode struct {
	data, durable []byte
	ops           []fileOp // since the last sync
	blocks        []bool   // which are allocated
}

type fileOp struct {
	kind Op
	off  int64
	size int64
	data []byte
}

// NewMemFS is an empty file system.
func NewMemFS() *MemFS {
	return &MemFS{
		dirs:  map[string]*memDir{"/": {synced: true, cur: map[string]*inode{}, durable: map[string]*inode{}}},
		locks: map[string]bool{}, left: -1,
	}
}

// Inject has fn called before every operation; its error is the operation's. fn
// must not call the file system. nil ends it.
func (m *MemFS) Inject(fn func(op Op, name string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inject = fn
}

// CrashAfter makes the n-th mutation from now the last: it may or may not reach
// the disk, and all later calls get ErrCrashed.
func (m *MemFS) CrashAfter(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = n
}

// Crashed tells whether the planned crash has come.
func (m *MemFS) Crashed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.crashed
}

// Writes is the number of mutations so far, syncs included.
func (m *MemFS) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// SetQuota sets the room of the file system in octets; 0 is endless.
func (m *MemFS) SetQuota(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quota = n
}

// Used is the number of octets in allocated blocks.
func (m *MemFS) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// NoHoles makes Punch unsupported.
func (m *MemFS) NoHoles() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noHoles = true
}

// before accounts for an operation. crash is set if it is the last one.
// m.mu must be held.
func (m *MemFS) before(op Op, name string) (crash bool, err error) {
	if m.crashed {
		return false, ErrCrashed
	}
	if m.inject != nil {
		if err := m.inject(op, name); err != nil {
			return false, err
		}
	}
	if op == OpRead || op == OpOpen {
		return false, nil
	}
	m.writes++
	if m.left > 0 {
		if m.left--; m.left == 0 {
			m.crashed = true
			return true, nil
		}
	}
	return false, nil
}

func after(crash bool) error {
	if crash {
		return ErrCrashed
	}
	return nil
}

func (m *MemFS) dir(name string) (*memDir, error) {
	d := m.dirs[filepath.Clean(name)]
	if d == nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	return d, nil
}

func (d *memDir) note() { d.ops = append(d.ops, maps.Clone(d.cur)) }

// Create makes a file.
func (m *MemFS) Create(name string) (blobfs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	crash, err := m.before(OpCreate, name)
	if err != nil {
		return nil, err
	}
	d, err := m.dir(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	base := filepath.Base(name)
	if d.cur[base] != nil {
		return nil, &os.PathError{Op: "create", Path: name, Err: os.ErrExist}
	}
	ino := &inode{}
	d.cur[base] = ino
	d.note()
	return &memFile{fs: m, ino: ino, name: name}, after(crash)
}

// Open opens a file.
func (m *MemFS) Open(name string) (blobfs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.before(OpOpen, name); err != nil {
		return nil, err
	}
	ino, err := m.lookup(name)
	if err != nil {
		return nil, err
	}
	return &memFile{fs: m, ino: ino, name: name}, nil
}

func (m *MemFS) lookup(name string) (*inode, error) {
	d, err := m.dir(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	ino := d.cur[filepath.Base(name)]
	if ino == nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	return ino, nil
}

// Rename moves a file within its folder.
func (m *MemFS) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	crash, err := m.before(OpRename, newName)
	if err != nil {
		return err
	}
	ino, err := m.lookup(oldName)
	if err != nil {
		return err
	}
	d := m.dirs[filepath.Dir(oldName)]
	delete(d.cur, filepath.Base(oldName))
	d.cur[filepath.Base(newName)] = ino
	d.note()
	return after(crash)
}

// Remove unlinks a file.
func (m *MemFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	crash, err := m.before(OpRemove, name)
	if err != nil {
		return err
	}
	ino, err := m.lookup(name)
	if err != nil {
		return err
	}
	d := m.dirs[filepath.Dir(name)]
	delete(d.cur, filepath.Base(name))
	d.note()
	m.free(ino, 0, int64(len(ino.blocks)))
	return after(crash)
}

// Mkdir makes a folder.
func (m *MemFS) Mkdir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir = filepath.Clean(dir)
	if !m.crashed && m.dirs[dir] != nil {
		return &os.PathError{Op: "mkdir", Path: dir, Err: os.ErrExist}
	}
	crash, err := m.before(OpMkdir, dir)
	if err != nil {
		return err
	}
	m.dirs[dir] = &memDir{cur: map[string]*inode{}, durable: map[string]*inode{}}
	return after(crash)
}

// List gives the names in a folder.
func (m *MemFS) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.crashed {
		return nil, ErrCrashed
	}
	d, err := m.dir(dir)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(d.cur)), nil
}

// SyncDir makes a folder's entries durable.
func (m *MemFS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	crash, err := m.before(OpSyncDir, dir)
	if err != nil || crash {
		return errors.Join(err, after(crash))
	}
	d, err := m.dir(dir)
	if err != nil {
		return err
	}
	d.durable, d.ops = maps.Clone(d.cur), nil
	for name, sub := range m.dirs {
		if filepath.Dir(name) == filepath.Clean(dir) {
			sub.synced = true
		}
	}
	return nil
}

// Lock takes a lock that a crash gives back.
func (m *MemFS) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.crashed {
		return nil, ErrCrashed
	}
	if m.locks[name] {
		return nil, fault.New(fault.InUse, "blobtest.Lock", "%s is locked", name)
	}
	m.locks[name] = true
	return unlock(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locks, name)
	}), nil
}

type unlock func()

func (u unlock) Close() error {
	u()
	return nil
}

// Free is the room that the quota leaves.
func (m *MemFS) Free(string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.crashed {
		return 0, ErrCrashed
	}
	if m.quota == 0 {
		return 1 << 50, nil
	}
	return max(m.quota-m.used, 0), nil
}

// allocate takes the blocks of a range, as far as the quota goes, and gives the
// number of octets that may be written.
func (m *MemFS) allocate(ino *inode, off, n int64) (int64, error) {
	for b := off / blockSize; b*blockSize < off+n; b++ {
		for int64(len(ino.blocks)) <= b {
			ino.blocks = append(ino.blocks, false)
		}
		if ino.blocks[b] {
			continue
		}
		if m.quota > 0 && m.used+blockSize > m.quota {
			return max(b*blockSize-off, 0), fmt.Errorf("write: %w", syscall.ENOSPC)
		}
		ino.blocks[b] = true
		m.used += blockSize
	}
	return n, nil
}

// free gives the blocks from b up to end back.
func (m *MemFS) free(ino *inode, b, end int64) {
	for ; b < min(end, int64(len(ino.blocks))); b++ {
		if ino.blocks[b] {
			ino.blocks[b] = false
			m.used -= blockSize
		}
	}
}
