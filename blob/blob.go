// Package blob is the contract for message bytes: what is written once, read
// in parts, and deleted. The mailbox engine calls it; cmd picks an engine.
// blob/blobtest checks the laws on every engine.
//
// # Laws
//
//  1. When Commit returns nil, the bytes are durable: they survive kill -9 and
//     power loss. What was not committed leaves nothing that Open finds.
//  2. A Ref names the same bytes for ever, until Delete. Refs are never reused.
//  3. Bytes that fail their checksum are a Damaged error that names the file
//     and offset; they are never served. Other blobs stay readable.
//  4. A failed fsync is never retried and trusted: from then on Create gets
//     ReadOnly, reads go on, until the process is started anew.
//  5. A full disk gives Full, and heals without a restart.
//  6. Reclaiming deleted room never blocks readers for long.
package blob

import (
	"context"
	"io"
	"time"
)

// Ref names a blob. It is opaque, printable, at most 64 bytes; "" is no blob.
type Ref string

// Store is one open blob store. All methods may be called at the same time.
type Store interface {
	// Create starts a blob. size is the expected size in octets, or -1. Full
	// and ReadOnly come here if they are known already.
	Create(ctx context.Context, size int64) (Writer, error)
	// Open finds a blob; NotFound if it was never committed or is deleted.
	Open(ctx context.Context, ref Ref) (Reader, error)
	// Delete lets blobs go. Unknown refs are no error. While a Hold is in
	// force the room is not reclaimed and Open still finds them.
	Delete(ctx context.Context, refs ...Ref) error
	// Walk lists all blobs that Open would find, in no promised order.
	Walk(ctx context.Context, fn func(Info) error) error
	// Hold keeps every blob that exists now readable until release is called,
	// for a backup or an export.
	Hold() (release func())
	// Copy writes a consistent copy of every blob that exists now into the
	// folder dir, which must not exist yet; the copy opens as a Store of the
	// same engine. Call it under Hold if rows were copied before.
	Copy(ctx context.Context, dir string) error
	// Verify reads everything and reports each damaged blob.
	Verify(ctx context.Context, report func(Info, error)) error
	// Health is nil, or a Full or ReadOnly error that says why.
	Health() error
	Close() error
}

// Writer takes the bytes of one blob. It is used by one goroutine.
type Writer interface {
	// Write adds bytes; they may sit in memory (at most 256 KiB a writer) or in
	// a spool file until Commit.
	io.Writer
	// Commit makes the blob durable and names it. After an error nothing stays.
	Commit(ctx context.Context) (Ref, error)
	// Abort forgets the blob; after Commit it does nothing.
	Abort()
}

// Reader reads one blob; ReadAt may be called at the same time by several.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Info describes a stored blob.
type Info struct {
	Ref     Ref
	Size    int64
	Created time.Time
}
