// Package blobfs is the file access of the blob engines that keep files: a
// small set of operations, so that tests can put a file system under an engine
// that crashes, fills up or returns errors (blob/blobtest has one). OS is the
// real one.
//
// Names are whole paths. Folders are made with mode 0700 and files with 0600.
package blobfs

import "io"

// FS is a file system. Its methods may be called at the same time. Errors wrap
// those of package os and syscall: os.ErrNotExist, os.ErrExist, syscall.ENOSPC.
type FS interface {
	// Create makes a new file and opens it; os.ErrExist if it is there.
	Create(name string) (File, error)
	// Open opens an existing file for reading and writing.
	Open(name string) (File, error)
	// Rename moves a file within one folder. It is durable after SyncDir.
	Rename(oldName, newName string) error
	// Remove unlinks a file; open handles go on working.
	Remove(name string) error
	// Mkdir makes a folder; os.ErrExist if it is there.
	Mkdir(dir string) error
	// List gives the base names in a folder, sorted.
	List(dir string) ([]string, error)
	// SyncDir makes the entries of a folder durable.
	SyncDir(dir string) error
	// Lock takes the exclusive lock file name, until the result is closed. An
	// error of kind fault.InUse tells that somebody else holds it.
	Lock(name string) (io.Closer, error)
	// Free is the number of octets that may still be written in dir.
	Free(dir string) (int64, error)
}

// File is an open file. Its methods may be called at the same time.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the file's bytes and its size durable.
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
	// Punch gives the room of a range back and makes it read as zeros. An error
	// that wraps errors.ErrUnsupported tells that this system cannot; the bytes
	// are then as before.
	Punch(off, size int64) error
}
