//go:build !linux

package blobfs

import (
	"errors"
	"fmt"
	"math"
	"os"
)

func punch(f *os.File, _, _ int64) error {
	return fmt.Errorf("punch %s: %w", f.Name(), errors.ErrUnsupported)
}

func datasync(f *os.File) error { return f.Sync() }

// syncDir leaves out what some systems refuse: a folder there is durable with
// its journal.
func syncDir(f *os.File) error {
	if err := f.Sync(); err != nil && !errors.Is(err, os.ErrInvalid) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}

// lockFile does nothing here: the database beside the blobs holds a lock on
// every system.
func lockFile(*os.File) error { return nil }

// free is not known here: a full disk is noticed when a write fails.
func free(string) (int64, error) { return math.MaxInt64, nil }
