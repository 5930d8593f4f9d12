package pebblestore

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"syscall"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
)

// formatVersion is the version of keys and rows that this code writes; it
// reads no other yet.
const formatVersion = 1

// Open opens the database in the folder dir and makes it if there is none.
// InUse if another process has it open; Unsupported if a newer version of
// Postern wrote it; Damaged if it cannot be read.
func Open(dir string, o Options) (*Store, error) {
	const op = "pebblestore.Open"
	o = o.withDefaults()
	if err := o.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.New(openKind(err), op, "folder %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, o.FS)
	if err != nil {
		return nil, lockError(op, dir, err)
	}
	sp := newSpace(o.FS, dir, o.ReserveBytes, o.Logger)
	if o.MemTableBytes == 0 {
		o.MemTableBytes = sp.memTable()
	}
	s := newStore(dir, o, newGuard(o.FS, dir, o.Logger, sp), lock)
	if err := s.open(); err != nil {
		return nil, errors.Join(fault.New(openKind(err), op, "database in %s: %w", dir, err), lock.Close())
	}
	return s, nil
}

func (s *Store) open() error {
	opts := s.opts.pebbleOptions(s.guard)
	opts.Lock = s.lock
	opts.Logger = pebbleLogger{s}
	opts.EventListener = s.listener()
	opts.Experimental.CompactionScheduler = s.pacer
	db, err := pebble.Open(s.dir, opts)
	if err != nil {
		return errors.Join(s.guard.failed(), err, s.closeFrozen())
	}
	s.db = db
	if err := cmp.Or(s.guard.failed(), s.checkFormat()); err != nil {
		return errors.Join(err, db.Close(), s.closeFrozen())
	}
	s.guard.opening.Store(false)
	s.background.Go(func() { s.guard.space.watch(s.opts.CheckEvery, s.guard.closing) })
	s.background.Go(func() { s.pacer.watch(s.guard.closing) })
	return nil
}

// checkFormat refuses a database of another format and marks a new one.
func (s *Store) checkFormat() error {
	v, c, err := s.db.Get(formatKey())
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return s.db.Set(formatKey(), appendNumber(nil, formatVersion), pebble.Sync)
	case err != nil:
		return err
	}
	defer func() { _ = c.Close() }()
	n, err := decodeNumber(v)
	if err != nil {
		return damagedKey("pebblestore.Open", formatKey(), err)
	}
	if n != formatVersion {
		return fault.New(fault.Unsupported, "pebblestore.Open",
			"the database has format %d, this program reads and writes format %d", n, formatVersion)
	}
	return nil
}

// close ends everything that Open started; no call is under way.
func (s *Store) close() error {
	close(s.guard.closing)
	s.background.Wait()
	err := s.db.Close()
	err = errors.Join(err, s.closeFrozen(), s.lock.Close())
	if frozen := s.guard.failed(); frozen != nil {
		return frozen
	}
	return fault.Wrap(fault.Unavailable, "store.Close", err)
}

func lockError(op, dir string, err error) error {
	kind := openKind(err)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) || kind == fault.Unavailable {
		return fault.New(fault.InUse, op, "the data folder %s is in use by another process; stop that one first (%w)", dir, err)
	}
	return fault.New(kind, op, "lock in %s: %w", dir, err)
}

func openKind(err error) fault.Kind {
	var e *fault.Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, syscall.ENOSPC):
		return fault.Full
	case errors.Is(err, syscall.EROFS):
		return fault.ReadOnly
	case pebble.IsCorruptionError(err):
		return fault.Damaged
	}
	return fault.Unavailable
}

// pebbleLogger gives Pebble's words to slog. Fatalf must come from a broken
// invariant or a missing file, as the guard hides failed writes: the folder is
// frozen and the process lives on.
type pebbleLogger struct{ s *Store }

func (l pebbleLogger) Infof(format string, args ...any) {
	l.s.log.Debug("pebble", slog.String("text", fmt.Sprintf(format, args...)))
}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.s.sparing.error(format, "pebble", slog.String("text", fmt.Sprintf(format, args...)))
}

func (l pebbleLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...) //nolint:err113 // Pebble's words
	l.s.guard.fail("the database", err)
}

// listener hears what Pebble does in the background. Pebble may hold its mutex
// while it calls.
func (s *Store) listener() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			s.counters.background.Add(1)
			subject := err.Error()
			if name := fileOf(err); name != "" {
				subject = "background work, " + name
			}
			s.sparing.error(subject, "background work of the database", slog.String("error", err.Error()))
			if gathering() {
				s.statistics.pause(s.guard.closing)
			} else {
				s.pacer.failure(err)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			s.counters.damage.Add(1)
			s.sparing.error(info.Path, "a file of the database is damaged; postern fsck tells what it holds",
				slog.String("file", info.Path), slog.String("error", info.Details.Error()))
		},
	}
}

func mebibytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

var _ io.Closer = (*Store)(nil)
