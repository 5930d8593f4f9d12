package blobtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

type memFile struct {
	fs     *MemFS
	ino    *inode
	name   string
	closed bool // guarded by fs.mu
}

func (f *memFile) usable() error {
	if f.closed {
		return &os.PathError{Op: "use", Path: f.name, Err: os.ErrClosed}
	}
	return nil
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable(); err != nil {
		return 0, err
	}
	if _, err := f.fs.before(OpRead, f.name); err != nil {
		return 0, err
	}
	if off >= int64(len(f.ino.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.ino.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable(); err != nil {
		return 0, err
	}
	crash, err := f.fs.before(OpWrite, f.name)
	if errors.Is(err, ErrShortWrite) {
		p = p[:len(p)/2]
	} else if err != nil {
		return 0, err
	}
	n, err := f.fs.allocate(f.ino, off, int64(len(p)))
	p = p[:n]
	f.ino.data = writeInto(f.ino.data, p, off)
	f.ino.ops = append(f.ino.ops, fileOp{kind: OpWrite, off: off, size: n, data: slices.Clone(p)})
	return int(n), errors.Join(err, after(crash))
}

func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	crash, err := f.fs.before(OpSync, f.name)
	if err != nil || crash {
		return errors.Join(err, after(crash))
	}
	for _, op := range f.ino.ops {
		if op.kind == OpWrite {
			f.ino.durable = writeInto(f.ino.durable, op.data, op.off)
		} else {
			f.ino.durable = op.change(f.ino.durable)
		}
	}
	f.ino.ops = nil
	return nil
}

func (f *memFile) Truncate(size int64) error {
	return f.alter(fileOp{kind: OpTruncate, size: size}, func() {
		f.fs.free(f.ino, (size+blockSize-1)/blockSize, int64(len(f.ino.blocks)))
	})
}

func (f *memFile) Punch(off, size int64) error {
	f.fs.mu.Lock()
	no := f.fs.noHoles
	f.fs.mu.Unlock()
	if no {
		return fmt.Errorf("punch %s: %w", f.name, errors.ErrUnsupported)
	}
	return f.alter(fileOp{kind: OpPunch, off: off, size: size}, func() {
		f.fs.free(f.ino, (off+blockSize-1)/blockSize, (off+size)/blockSize)
	})
}

func (f *memFile) alter(op fileOp, blocks func()) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.usable(); err != nil {
		return err
	}
	crash, err := f.fs.before(op.kind, f.name)
	if err != nil {
		return err
	}
	f.ino.data = op.change(f.ino.data)
	f.ino.ops = append(f.ino.ops, op)
	blocks()
	return after(crash)
}

func (f *memFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.crashed {
		return 0, ErrCrashed
	}
	return int64(len(f.ino.data)), f.usable()
}

func (f *memFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.usable()
	f.closed = true
	return err
}

// Flip flips one bit of a file, on the disk and in memory.
func (m *MemFS) Flip(name string, bit int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ino := m.dirs[filepath.Dir(name)].cur[filepath.Base(name)]
	ino.data[bit/8] ^= 1 << (bit % 8)
	if bit/8 < int64(len(ino.durable)) {
		ino.durable[bit/8] ^= 1 << (bit % 8)
	}
}

// Bytes is a copy of a file's bytes.
func (m *MemFS) Bytes(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.dirs[filepath.Dir(name)].cur[filepath.Base(name)].data)
}
