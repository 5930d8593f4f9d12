package fileblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/fault"
)

// Options tune a store. The zero value is right for a mail server.
type Options struct {
	FS           blobfs.FS        // nil: the machine's
	SegmentSize  int64            // a shared segment is sealed at this length; 0: 64 MiB
	SoloSize     int64            // longer blobs get a segment of their own; at most and by default 256 KiB
	MaxOpenFiles int              // segment files kept open while nobody reads them; 0: 256
	MinFree      int64            // Create gives Full below this much room; 0: 4 MiB; -1: no such limit
	Now          func() time.Time // nil: time.Now
	Logger       *slog.Logger     // what recovery did and what reclaiming met; nil: nowhere
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = blobfs.OS{}
	}
	o.SegmentSize = cmp.Or(o.SegmentSize, 64<<20)
	if o.SoloSize <= 0 || o.SoloSize > maxBuffered {
		o.SoloSize = maxBuffered
	}
	o.MaxOpenFiles = cmp.Or(o.MaxOpenFiles, 256)
	o.MinFree = max(cmp.Or(o.MinFree, 4<<20), 0)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store is an open folder of segment files. It implements blob.Store.
type Store struct {
	opt     Options
	fs      blobfs.FS
	dir     string
	log     *slog.Logger
	lock    io.Closer
	handles *handles
	buffers buffers

	appends group[*pending]       // small blobs, into the active segment
	renames group[*renaming]      // solo segments that need their folder synced
	deletes group[*deletion]      // tombstones
	active  *segment              // guarded by appends.turn: takes small blobs; nil before the first
	file    *handle               // guarded by appends.turn: of active
	spoolID atomic.Uint64         // names spool files
	broken  atomic.Pointer[error] // why writes are refused until the next start
	noHoles atomic.Bool           // the system cannot punch holes

	work     sync.WaitGroup // calls under way
	janitor  sync.WaitGroup // the reclaimer
	stopping chan struct{}  // closed by Close
	reclaim  chan struct{}  // room for one: something may have become reclaimable

	mu      sync.Mutex
	closed  bool                   // guarded by mu
	segs    map[uint64]*segment    // guarded by mu
	nextID  uint64                 // guarded by mu
	newest  uint64                 // guarded by mu: the highest id in segs, ever
	empty   []*segment             // guarded by mu: not unlinked only because they were the newest
	pins    map[location]int       // guarded by mu: open Readers by record
	dying   map[location]*deadBlob // guarded by mu: deleted, the room not given back yet
	holds   int                    // guarded by mu
	full    bool                   // guarded by mu: the last write met a full disk
	checked time.Time              // guarded by mu: when the free room was last looked at
}

var _ blob.Store = (*Store)(nil)

// segment is one file.
type segment struct {
	id   uint64
	solo bool
	name string       // its path
	end  atomic.Int64 // the end of its durable records; 0: the file's size, not looked at yet

	mu      sync.Mutex // held while the state of a record is changed
	sealed  bool       // guarded by mu: takes no more records
	counted bool       // guarded by mu: live is known
	live    int        // guarded by mu: records and damaged ranges that keep the file needed
}

// Open opens the store in the folder dir, which it makes if it is missing, and
// mends what a crash left. InUse if another process has it open.
func Open(dir string, opt Options) (*Store, error) {
	const op = "fileblob.Open"
	opt = opt.withDefaults()
	s := &Store{
		opt: opt, fs: opt.FS, dir: dir, log: opt.Logger,
		handles:  newHandles(opt.FS, opt.MaxOpenFiles),
		stopping: make(chan struct{}),
		reclaim:  make(chan struct{}, 1),
		segs:     map[uint64]*segment{},
		pins:     map[location]int{},
		dying:    map[location]*deadBlob{},
		nextID:   1,
	}
	s.appends.run = s.appendAll
	s.renames.run = s.syncFolder
	s.deletes.run = s.deleteAll
	if err := s.makeFolder(); err != nil {
		return nil, ioFault(op, err)
	}
	lock, err := s.fs.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return nil, ioFault(op, err)
	}
	s.lock = lock
	if err := s.load(); err != nil {
		s.handles.closeAll()
		_ = lock.Close()
		return nil, ioFault(op, err)
	}
	s.janitor.Go(s.clean)
	return s, nil
}

// makeFolder makes the folder and its entry in the parent durable.
func (s *Store) makeFolder() error {
	err := s.fs.Mkdir(s.dir)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.fs.SyncDir(filepath.Dir(s.dir))
}

// load finds the segments, removes spool files and recovers what was not sealed.
func (s *Store) load() error {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(s.dir, name)
		if filepath.Ext(name) == spoolSuffix {
			if err := s.fs.Remove(path); err != nil {
				return err
			}
			continue
		}
		id, solo, ok := parseSegName(name)
		if !ok {
			continue
		}
		s.nextID = max(s.nextID, id+1)
		seg := &segment{id: id, solo: solo, name: path, sealed: true}
		if !solo {
			keep, err := s.recover(seg)
			if err != nil {
				return err
			}
			if !keep {
				continue
			}
		}
		s.segs[id] = seg
		s.newest = max(s.newest, id)
	}
	return nil
}

// enter begins a call; leave ends it. Close waits for calls under way.
func (s *Store) enter(op string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fault.New(fault.Closed, op, "the blob store is closed")
	}
	s.work.Add(1)
	return nil
}

func (s *Store) leave() { s.work.Done() }

// begin is enter for calls that take a context.
func (s *Store) begin(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, op, err)
	}
	return s.enter(op)
}

// Close waits for calls under way, seals the active segment and closes. Readers
// that are open give Closed from then on.
func (s *Store) Close() error {
	const op = "fileblob.Close"
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return fault.New(fault.Closed, op, "the blob store is closed")
	}
	s.closed = true
	s.mu.Unlock()
	close(s.stopping)
	s.work.Wait()
	s.janitor.Wait()
	var err error
	if s.active != nil {
		if s.broken.Load() == nil {
			err = s.seal()
		}
		if s.active != nil {
			s.handles.put(s.file)
			s.active, s.file = nil, nil
		}
	}
	s.handles.closeAll()
	return ioFault(op, errors.Join(err, s.lock.Close()))
}

// snapshot is the segments as they are now, oldest first, with the ends of
// their durable records.
func (s *Store) snapshot() []*segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	segs := make([]*segment, 0, len(s.segs))
	for _, seg := range s.segs {
		segs = append(segs, seg)
	}
	slices.SortFunc(segs, func(a, b *segment) int { return cmp.Compare(a.id, b.id) })
	return segs
}

func (s *Store) segment(id uint64) *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.segs[id]
}

func (s *Store) newSegment(solo bool) *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.nextID
	s.nextID++
	return &segment{id: id, solo: solo, name: filepath.Join(s.dir, segName(id, solo)), counted: true}
}

// register makes a segment known whose folder entry is durable.
func (s *Store) register(seg *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segs[seg.id] = seg
	s.newest = max(s.newest, seg.id)
	if len(s.empty) > 0 {
		s.kick()
	}
}

// endOf is where the durable records of seg end.
func (seg *segment) endOf(f blobfs.File) (int64, error) {
	if end := seg.end.Load(); end > 0 {
		return end, nil
	}
	return f.Size()
}

// ioFault gives errors of the file system their kind and keeps others'.
func ioFault(op string, err error) error {
	var known *fault.Error
	var version versionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return fault.In(op, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(fault.Full, op, err)
	case errors.As(err, &version):
		return fault.Wrap(fault.Unsupported, op, err)
	}
	return fault.Wrap(fault.Unavailable, op, err)
}

// damaged says what is wrong with a record, and where.
func damaged(op string, seg *segment, off int64, format string, args ...any) error {
	return fault.New(fault.Damaged, op, "%s at offset %d: %s", seg.name, off, fmt.Sprintf(format, args...))
}
