package blobfs

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// OS is the file system of the machine.
type OS struct{}

// Create makes a new file, mode 0600.
func (OS) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Open opens a file for reading and writing.
func (OS) Open(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename moves a file.
func (OS) Rename(oldName, newName string) error { return os.Rename(oldName, newName) }

// Remove unlinks a file.
func (OS) Remove(name string) error { return os.Remove(name) }

// Mkdir makes a folder, mode 0700.
func (OS) Mkdir(dir string) error { return os.Mkdir(dir, 0o700) }

// List gives the base names in dir, sorted.
func (OS) List(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return names, err
}

// SyncDir makes the entries of dir durable.
func (OS) SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := syncDir(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return f.Close()
}

// Lock takes an advisory lock on the file name, which it makes if needed. The
// system gives it back when the process ends, however it ends.
func (OS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Free is what statfs says an unprivileged process may still write.
func (OS) Free(dir string) (int64, error) { return free(dir) }

type osFile struct{ *os.File }

func (f osFile) Sync() error { return datasync(f.File) }

func (f osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func (f osFile) Punch(off, size int64) error {
	if size <= 0 {
		return nil
	}
	return punch(f.File, off, size)
}
