package pebblestore

import "time"

// Stats are figures for metrics; those that count only grow.
type Stats struct {
	Commits          int64         // transactions that went into the log
	InFlight         int64         // of those, not durable yet
	Views            int64         // snapshots taken
	Syncs            int64         // of all files
	SyncTime         time.Duration // spent in them
	WrittenBytes     int64         // to all files
	Partitions       int           // in use right now
	DiskBytes        uint64        // of the database's files
	FreeBytes        int64         // on its disk when it was last looked at; 0 if that is unknown
	MemTableBytes    uint64
	CacheBytes       int64
	CacheHits        int64
	CacheMisses      int64
	Compactions      int64
	CompactionDebt   uint64
	ReadAmp          int   // tables that a read may have to look into
	BackgroundErrors int64 // of flushes and compactions
	DamagedReads     int64 // blocks that failed their checksum
}

// Stats tells how the store is doing. It is cheap enough to be asked every
// second.
func (s *Store) Stats() Stats {
	out := Stats{
		Commits:          s.counters.commits.Load(),
		InFlight:         s.counters.inFlight.Load(),
		Views:            s.counters.views.Load(),
		Syncs:            s.guard.syncs.Load(),
		SyncTime:         time.Duration(s.guard.syncNanos.Load()),
		WrittenBytes:     s.guard.bytes.Load(),
		Partitions:       s.partitions.pending(),
		FreeBytes:        s.guard.space.avail.Load(),
		BackgroundErrors: s.counters.background.Load(),
		DamagedReads:     s.counters.damage.Load(),
	}
	if s.enter("store.Stats") != nil {
		return out
	}
	defer s.leave()
	m := s.db.Metrics()
	out.DiskBytes = m.DiskSpaceUsage()
	out.MemTableBytes = m.MemTable.Size
	out.CacheBytes, out.CacheHits, out.CacheMisses = m.BlockCache.Size, m.BlockCache.Hits, m.BlockCache.Misses
	out.Compactions, out.CompactionDebt = m.Compact.Count, m.Compact.EstimatedDebt
	out.ReadAmp = m.ReadAmp()
	return out
}
