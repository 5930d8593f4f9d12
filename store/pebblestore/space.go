package pebblestore

import (
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/fault"
)

// space watches the room on the disk and keeps a reserve (law 8): a ballast
// file that is given away when the disk is full, and as much free room again
// as head-room. Below the head-room the store is full for new mail, while
// deleting and Pebble's own work go on; it ends by itself when there is room, and
// not before the ballast is back: else deleting could have none at the next full
// disk.
type space struct {
	fs      vfs.FS
	dir     string
	log     *slog.Logger
	reserve int64 // bytes of ballast, and of head-room; 0 is no watch

	full     atomic.Pointer[fault.Error] // new mail is refused
	critical atomic.Bool                 // so is deleting
	avail    atomic.Int64                // as of the last look
	since    atomic.Int64                // bytes written after the last look

	mu      sync.Mutex
	ballast int64 // bytes that the ballast file holds; guarded by mu
	unable  bool  // the file system reserves nothing; guarded by mu
}

const ballastName = "BALLAST"

// newSpace sizes the reserve: want, or by the disk if want is 0.
func newSpace(files vfs.FS, dir string, want int64, log *slog.Logger) *space {
	s := &space{fs: files, dir: dir, log: log}
	usage, err := files.GetDiskUsage(dir)
	if err != nil || usage.TotalBytes == 0 {
		return s
	}
	s.reserve = want
	if want == 0 {
		s.reserve = min(256<<20, int64(usage.TotalBytes/16))
	}
	// What an earlier process reserved is made anew.
	if err := files.Remove(s.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the reserve could not be removed", slog.Any("error", err))
	}
	s.look()
	return s
}

// memTable is the size of a memory table: all of them must fit into the
// reserve when they are written out on a full disk.
func (s *space) memTable() int {
	if s.reserve == 0 {
		return defaultMemTable
	}
	return int(min(defaultMemTable, max(256<<10, s.reserve/4)))
}

func (s *space) path() string { return s.fs.PathJoin(s.dir, ballastName) }

// used counts bytes that were written and looks again after a few.
func (s *space) used(n int) {
	if s.reserve != 0 && s.since.Add(int64(n)) > s.reserve/4 {
		s.look()
	}
}

// refuse is nil, or Full if no room may be used, from the reserve or not.
func (s *space) refuse(fromReserve bool) error {
	e := s.full.Load()
	if e == nil || fromReserve && !s.critical.Load() {
		return nil
	}
	return e
}

// exhausted is called when the disk refused to take more: it gives the ballast
// away.
func (s *space) exhausted() {
	s.giveAway()
	s.look()
}

func (s *space) giveAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setFull(s.avail.Load(), 2*s.reserve)
	if s.ballast == 0 {
		return
	}
	s.log.Warn("the disk is full; the reserve is in use", slog.Int64("bytes", s.ballast))
	s.ballast = 0
	if err := s.fs.Remove(s.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("the reserve could not be given away", slog.Any("error", err))
	}
}

// look measures the disk, makes the ballast if it can, and decides.
func (s *space) look() {
	if s.reserve == 0 {
		return
	}
	s.since.Store(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	avail, ok := s.measure()
	if ok && s.ballast < s.reserve && !s.unable && avail >= 2*s.reserve {
		s.fill()
		avail, ok = s.measure()
	}
	if !ok {
		return
	}
	left := avail + s.ballast
	switch {
	case avail < s.reserve, s.ballast < s.reserve && !s.unable:
		s.setFull(avail, 2*s.reserve-s.ballast)
	case s.full.Load() != nil && left >= 2*s.reserve+s.reserve/4:
		s.full.Store(nil)
		s.log.Info("the disk has room again", slog.Int64("bytes", avail))
	}
	s.critical.Store(left < s.reserve/2)
}

func (s *space) measure() (avail int64, ok bool) {
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		s.log.Warn("the room on the disk cannot be measured", slog.Any("error", err))
		return 0, false
	}
	avail = int64(min(usage.AvailBytes, 1<<62))
	s.avail.Store(avail)
	return avail, true
}

func (s *space) setFull(avail, want int64) {
	e := &fault.Error{Kind: fault.Full, Op: "store", Err: &fullError{avail, want}}
	if s.full.Swap(e) == nil {
		s.log.Warn("the disk is full: new mail is refused, reading and deleting go on", slog.Int64("free", avail))
	}
}

// fill makes the ballast file; mu is held.
func (s *space) fill() {
	f, err := s.fs.Create(s.path(), vfs.WriteCategoryUnspecified)
	if err == nil {
		err = f.Preallocate(0, s.reserve)
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		s.unable = errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS)
		s.log.Warn("the reserve could not be made", slog.Any("error", err), slog.Bool("only_head_room", s.unable))
		_ = s.fs.Remove(s.path())
		return
	}
	s.ballast = s.reserve
}

// watch looks every while until stop is closed.
func (s *space) watch(every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			s.look()
		}
	}
}

// fullError says how much room is missing.
type fullError struct{ avail, want int64 }

func (e *fullError) Error() string {
	return "the disk is full (" + mebibytes(e.avail) + " free, " + mebibytes(e.want) +
		" needed); new mail is refused until there is room, reading and deleting go on"
}
