package mailbox_test

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
	"postern/mail"
	"postern/mailbox"
	"postern/signin/grant"
	"postern/signin/grant/granttest"
	"postern/store"
	"postern/store/pebblestore"
	"postern/store/pebblestore/faultfs"
)

// machine is an engine on disks that lose power together.
type machine struct {
	t   testing.TB
	rng *rand.Rand

	store  store.Store
	blobs  blob.Store
	engine *mailbox.Engine

	mu      sync.Mutex // guards what follows
	db      *faultfs.FS
	files   *blobtest.MemFS
	left    int // writes until the power goes; 0: it stays
	percent int
	nextDB  *faultfs.FS // what is left after the crash
	nextFS  *blobtest.MemFS
}

func newMachine(t testing.TB, seed uint64) *machine {
	m := &machine{t: t, rng: rand.New(rand.NewPCG(seed, 1)), db: faultfs.New(), files: blobtest.NewMemFS()}
	m.boot()
	t.Cleanup(func() { m.halt() })
	return m
}

func (m *machine) boot() {
	var err error
	m.db.OnWrite(m.write)
	m.store, err = pebblestore.Open("db", pebblestore.Options{FS: m.db, MemTableBytes: 1 << 20, CheckEvery: time.Hour})
	must(m.t, err)
	m.blobs, err = fileblob.Open("/blobs", fileblob.Options{FS: crashFS{m.files, m.write}, MinFree: -1, SegmentSize: 16 << 10, SoloSize: 4 << 10})
	must(m.t, err)
	m.engine, err = mailbox.New(mailbox.Options{
		Store: m.store, Blobs: m.blobs, InlineMax: 300, Grace: 1, Logger: slog.New(slog.DiscardHandler),
	})
	must(m.t, err)
}

func (m *machine) halt() {
	must(m.t, m.engine.Close())
	_ = m.store.Close() // after a crash it cannot write any more
	_ = m.blobs.Close()
}

// arm has the power go at the n-th write from now.
func (m *machine) arm(n, percent int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.percent = n, percent
}

// write is called before each write, on whatever goroutine does it.
func (m *machine) write() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == 0 {
		return
	}
	if m.left--; m.left == 0 {
		m.nextDB = m.db.Image(m.rng.Uint64(), m.percent)
		m.nextFS = m.files.Crash(float64(m.percent)/100, m.rng)
	}
}

// crashed tells whether the power has gone: what is acknowledged later does
// not count.
func (m *machine) crashed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nextDB != nil
}

// reboot starts on what the crash left.
func (m *machine) reboot() {
	m.halt()
	m.mu.Lock()
	m.db, m.files, m.nextDB, m.nextFS, m.left = m.nextDB, m.nextFS, nil, nil, 0
	m.mu.Unlock()
	m.boot()
}

func (m *machine) session() *mailbox.Session {
	g, _ := granttest.New(m.t, alice, grant.Owner|grant.Admin)
	s, err := m.engine.Open(m.t.Context(), g)
	must(m.t, err)
	return s
}

// check runs Check and then looks for blobs that a sweep should have found.
func (m *machine) check() {
	m.t.Helper()
	g, _ := granttest.New(m.t, alice, grant.Owner|grant.Admin)
	must(m.t, m.engine.Check(m.t.Context(), g, false, func(f mailbox.Finding) { m.t.Errorf("check: %s", f) }))
	_, err := m.engine.Sweep(m.t.Context())
	must(m.t, err)
	named := 0
	must(m.t, m.store.View(m.t.Context(), func(r store.Reader) error {
		return r.Mail(alice).Emails(func(row store.EmailRow) error {
			if row.Blob != "" {
				named++
			}
			return nil
		})
	}, store.MailOf(alice)))
	found := 0
	must(m.t, m.blobs.Walk(m.t.Context(), func(blob.Info) error { found++; return nil }))
	if found != named {
		m.t.Errorf("%d blobs are there, %d are named by messages", found, named)
	}
}

// sweep is an act: it changes nothing that anybody sees.
func (m *machine) sweep(ctx context.Context, _ *mailbox.Session) error {
	_, err := m.engine.Sweep(ctx)
	return err
}

// crashFS calls write before each change of a file.
type crashFS struct {
	fs    *blobtest.MemFS
	write func()
}

func (c crashFS) Create(name string) (blobfs.File, error) {
	c.write()
	f, err := c.fs.Create(name)
	return crashFile{f, c.write}, err
}

func (c crashFS) Open(name string) (blobfs.File, error) {
	f, err := c.fs.Open(name)
	return crashFile{f, c.write}, err
}

func (c crashFS) Rename(from, to string) error        { c.write(); return c.fs.Rename(from, to) }
func (c crashFS) Remove(name string) error            { c.write(); return c.fs.Remove(name) }
func (c crashFS) Mkdir(dir string) error              { c.write(); return c.fs.Mkdir(dir) }
func (c crashFS) SyncDir(dir string) error            { c.write(); return c.fs.SyncDir(dir) }
func (c crashFS) List(dir string) ([]string, error)   { return c.fs.List(dir) }
func (c crashFS) Free(dir string) (int64, error)      { return c.fs.Free(dir) }
func (c crashFS) Lock(name string) (io.Closer, error) { return c.fs.Lock(name) }

type crashFile struct {
	blobfs.File
	write func()
}

func (f crashFile) WriteAt(p []byte, off int64) (int, error) {
	f.write()
	return f.File.WriteAt(p, off)
}
func (f crashFile) Sync() error              { f.write(); return f.File.Sync() }
func (f crashFile) Truncate(n int64) error   { f.write(); return f.File.Truncate(n) }
func (f crashFile) Punch(off, n int64) error { f.write(); return f.File.Punch(off, n) }

// content is what an account holds: mailboxes by name.
type content map[string]*box

type box struct {
	validity mail.UIDValidity // 0: not known yet
	next     mail.UID
	modseq   mail.ModSeq
	messages map[mail.UID]message
}

type message struct {
	text  string
	flags string
}

func (c content) clone() content {
	out := content{}
	for name, b := range c {
		n := &box{b.validity, b.next, b.modseq, map[mail.UID]message{}}
		for uid, m := range b.messages {
			n.messages[uid] = m
		}
		out[name] = n
	}
	return out
}
