package pebblestore

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/fault"
)

// guard is the file system that Pebble sees. Pebble ends the process when its
// log or its manifest cannot be written; the guard never lets it see that.
//
// On the first failed write or sync of such a file the guard freezes: the
// error is kept, every later write to the log, the manifest and the folder is
// swallowed, nothing is removed any more, and Pebble is told that all is well.
// What is on disk then stays the state that was last known to be durable, and
// the Store, which asks failed before it acknowledges anything, refuses
// writes. A full disk is met with the reserve instead (space.go).
type guard struct {
	vfs.FS
	dir     string
	log     *slog.Logger
	space   *space
	opening atomic.Bool // most errors go to Pebble's Open, which returns them
	broken  atomic.Pointer[fault.Error]
	onBreak func() // called once, on its own goroutine
	closing chan struct{}

	mu    sync.Mutex
	files map[string]*guardFile // lasting ones by name; guarded by mu

	bytes     atomic.Int64 // written, of all files
	syncs     atomic.Int64
	syncNanos atomic.Int64
	tableErrs atomic.Int64 // errors of table files since one was written whole
}

// class says what a file is to Pebble.
type class uint8

const (
	foreign class = iota // not in the store's folder
	table                // may fail; Pebble tries again with another file
	lasting              // logs, manifests and separated values: a failure freezes
	meta                 // markers, options, the folder itself: a failure freezes
)

func newGuard(fs vfs.FS, dir string, log *slog.Logger, sp *space) *guard {
	g := &guard{
		FS: fs, dir: filepath.Clean(dir), log: log, space: sp,
		closing: make(chan struct{}), files: make(map[string]*guardFile),
	}
	g.opening.Store(true)
	return g
}

func (g *guard) classOf(name string) class {
	if filepath.Clean(g.PathDir(name)) != g.dir {
		return foreign
	}
	base := g.PathBase(name)
	switch {
	case strings.HasSuffix(base, ".sst"):
		return table
	case strings.HasSuffix(base, ".log"), strings.HasPrefix(base, "MANIFEST-"), strings.HasSuffix(base, valueSuffix):
		return lasting
	}
	return meta
}

// failed is nil, or the ReadOnly error that freezes the store.
func (g *guard) failed() error {
	if e := g.broken.Load(); e != nil {
		return e
	}
	return nil
}

func (g *guard) frozen() bool { return g.broken.Load() != nil }

// fail freezes the guard.
func (g *guard) fail(what string, err error) {
	e := &fault.Error{
		Kind: fault.ReadOnly, Op: "store",
		Err: &frozenError{what: what, err: err},
	}
	if !g.broken.CompareAndSwap(nil, e) {
		return
	}
	g.log.Error("the database no longer takes writes; restart after the disk has been checked",
		slog.String("file", what), slog.Any("error", err))
	if g.onBreak != nil {
		go g.onBreak()
	}
}

// frozenError says why a store takes no more writes.
type frozenError struct {
	what string
	err  error
}

func (e *frozenError) Error() string {
	return "writing or syncing " + e.what + " went wrong (" + e.err.Error() +
		"); writes are refused until the server is restarted, reading goes on"
}

func (e *frozenError) Unwrap() error { return e.err }

// attempt runs do, which writes. Without room it gives the reserve away and
// tries again; lasting files wait for room as long as it takes, since Pebble
// could not go on without them. Tables come first without the reserve: most are
// of compactions, which can wait until there is room.
func (g *guard) attempt(c class, do func() error) error {
	err := do()
	if err == nil || !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	if c == table && g.tableErrs.Load() < patientTables {
		g.space.look()
		return err
	}
	g.space.exhausted()
	for err = do(); errors.Is(err, syscall.ENOSPC) && c > table && !g.opening.Load(); err = do() {
		select {
		case <-g.closing:
			return err
		case <-time.After(roomPoll):
			g.space.exhausted()
		}
	}
	return err
}

// patientTables is how often in a row writing tables may fail, with pauses of
// about half a second in all, before the reserve is used for them.
const patientTables = 6

const roomPoll = 20 * time.Millisecond

// deadly tells whether Pebble ends the process on an error of the file, also
// while it opens, when a flush in the background may meet it: the folder, and
// files of separated values, which it closes a second time after an error
// (blob.FileWriter.Close).
func (g *guard) deadly(name string) bool {
	return filepath.Clean(name) == g.dir || strings.HasSuffix(name, valueSuffix)
}

const valueSuffix = ".blob"

// settle turns the outcome of an attempt into what Pebble is told.
func (g *guard) settle(c class, name string, err error) error {
	switch {
	case err == nil || c == foreign:
		return err
	case g.opening.Load() && !g.deadly(name):
		return err
	case c == table:
		g.tableErrs.Add(1)
		return err
	}
	g.fail(g.PathBase(name), err)
	return nil
}

// pause slows Pebble down, which tries a failed flush again at once.
func (g *guard) pause() {
	n := g.tableErrs.Load()
	if n == 0 {
		return
	}
	select {
	case <-g.closing:
	case <-time.After(min(time.Second, 10*time.Millisecond<<min(n, 7))):
	}
}
