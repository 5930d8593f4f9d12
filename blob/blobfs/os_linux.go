package blobfs

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"postern/fault"
)

// fallocate(2) flags: deallocate the range and keep the size.
const (
	fallocKeepSize  = 0x01
	fallocPunchHole = 0x02
)

func punch(f *os.File, off, size int64) error {
	err := control(f, func(fd int) error {
		return syscall.Fallocate(fd, fallocKeepSize|fallocPunchHole, off, size)
	})
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return fmt.Errorf("punch %s: %w", f.Name(), errors.ErrUnsupported)
	}
	return err
}

// datasync leaves out times only: fdatasync writes the size if it grew.
func datasync(f *os.File) error { return control(f, syscall.Fdatasync) }

func syncDir(f *os.File) error { return f.Sync() }

func lockFile(f *os.File) error {
	err := control(f, func(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fault.New(fault.InUse, "blobfs.Lock", "%s is locked by another process", f.Name())
	}
	return err
}

func free(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// control runs a system call on f's descriptor without giving up the runtime's
// hold on it, and again when a signal interrupts it.
func control(f *os.File, call func(fd int) error) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var res error
	err = rc.Control(func(fd uintptr) {
		for {
			res = call(int(fd))
			if !errors.Is(res, syscall.EINTR) {
				return
			}
		}
	})
	if err == nil && res != nil {
		err = &os.PathError{Op: "file operation on", Path: f.Name(), Err: res}
	}
	return err
}
