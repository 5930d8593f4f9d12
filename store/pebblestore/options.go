package pebblestore

import (
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options say how to open a Store. The zero value opens a folder on disk with
// settings for a server.
type Options struct {
	// FS is the file system; nil is the disk.
	FS vfs.FS
	// Logger hears what an administrator should know; nil is nobody.
	Logger *slog.Logger
	// CacheBytes is for blocks read from disk; 0 is 64 MiB.
	CacheBytes int64
	// MemTableBytes is how much is gathered in memory before it is written into
	// tables; 0 is 64 MiB or a quarter of the reserve, whichever is less. Up to
	// four such memories may exist.
	MemTableBytes int
	// ReserveBytes is the room that a full disk keeps for deleting and for the
	// engine itself (law 8), twice: as head-room and as a ballast file; 0 is 256
	// MiB or a sixteenth of the disk, whichever is less.
	ReserveBytes int64
	// CheckEvery is how often the free room of the disk is looked at; 0 is one
	// second.
	CheckEvery time.Duration
}

const (
	defaultCache    = 64 << 20
	defaultMemTable = 64 << 20
	bodyMinimum     = 512 // smaller bodies stay in the tables
)

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCache
	}
	if o.CheckEvery == 0 {
		o.CheckEvery = time.Second
	}
	return o
}

// pebbleOptions are Pebble's settings. What matters to a mail store: writes
// come in bursts and are synced, so memory tables are large and compactions
// wait rather than stall writers; bodies are large, cold and never change, so
// they go into files of their own that compactions leave alone.
func (o Options) pebbleOptions(fs vfs.FS) *pebble.Options {
	p := &pebble.Options{
		FS:                          fs,
		CacheSize:                   o.CacheBytes,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		MemTableSize:                uint64(o.MemTableBytes),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       40,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                1000,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		MaxConcurrentDownloads:      func() int { return 1 },
		FlushDelayDeleteRange:       10 * time.Second,
	}
	for i := range p.Levels {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		p.Levels[i].FilterType = pebble.TableFilter
		p.Levels[i].BlockSize = 16 << 10
		p.Levels[i].IndexBlockSize = 256 << 10
		p.Levels[i].Compression = func() *block.CompressionProfile { return block.FastestCompression }
	}
	p.TargetFileSizes[0] = 8 << 20
	p.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
		return pebble.ValueSeparationPolicy{
			Enabled:               true,
			MinimumSize:           bodyMinimum,
			MaxBlobReferenceDepth: 10,
			RewriteMinimumAge:     5 * time.Minute,
			TargetGarbageRatio:    0.3,
		}
	}
	p.Experimental.SpanPolicyFunc = spanPolicy
	return p
}

// spanPolicy keeps values in the tables, except bodies.
func spanPolicy(start []byte) (pebble.SpanPolicy, []byte, error) {
	inTable := pebble.SpanPolicy{ValueStoragePolicy: pebble.ValueStorageLowReadLatency}
	switch {
	case len(start) == 0 || start[0] < spaceBody:
		return inTable, []byte{spaceBody}, nil
	case start[0] == spaceBody:
		return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, []byte{spaceBody + 1}, nil
	}
	return inTable, nil, nil
}
