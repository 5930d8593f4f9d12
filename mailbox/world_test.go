package mailbox_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/blob"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
	"postern/mail"
	"postern/mailbox"
	"postern/signin/grant"
	"postern/signin/grant/granttest"
	"postern/store"
	"postern/store/pebblestore"
)

// world is an engine on the real store and blob store, in memory.
type world struct {
	t      testing.TB
	store  store.Store
	blobs  blob.Store
	engine *mailbox.Engine
	clock  atomic.Int64 // Unix seconds
}

const alice = mail.AccountID(7)

func newWorld(t testing.TB, change ...func(*mailbox.Options)) *world {
	t.Helper()
	w := &world{t: t}
	w.clock.Store(1_800_000_000)
	var err error
	w.store, err = pebblestore.Open("db", pebblestore.Options{FS: vfs.NewMem(), MemTableBytes: 4 << 20})
	must(t, err)
	w.blobs, err = fileblob.Open("/blobs", fileblob.Options{FS: blobtest.NewMemFS(), MinFree: -1, Now: w.now})
	must(t, err)
	must(t, w.store.Update(t.Context(), func(tx store.Tx) error {
		return tx.Directory().PutAccount(store.AccountRow{ID: alice, Address: "alice@postern.test"})
	}, store.Directory))
	w.open(change...)
	t.Cleanup(func() {
		must(t, w.engine.Close())
		must(t, w.store.Close())
		must(t, w.blobs.Close())
	})
	return w
}

func (w *world) now() time.Time { return time.Unix(w.clock.Load(), 0) }

func (w *world) open(change ...func(*mailbox.Options)) {
	o := mailbox.Options{Store: w.store, Blobs: w.blobs, Clock: w.now}
	for _, c := range change {
		c(&o)
	}
	var err error
	w.engine, err = mailbox.New(o)
	must(w.t, err)
}

func (w *world) session() *mailbox.Session { return w.as(grant.Owner | grant.Admin) }

func (w *world) as(r grant.Rights) *mailbox.Session {
	w.t.Helper()
	g, _ := granttest.New(w.t, alice, r)
	s, err := w.engine.Open(w.t.Context(), g)
	must(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

// check runs Check and fails on any finding.
func (w *world) check() {
	w.t.Helper()
	for _, f := range w.findings(false) {
		w.t.Errorf("check: %s", f)
	}
}

func (w *world) findings(repair bool) []mailbox.Finding {
	w.t.Helper()
	g, _ := granttest.New(w.t, alice, grant.Owner|grant.Admin)
	var out []mailbox.Finding
	must(w.t, w.engine.Check(context.Background(), g, repair, func(f mailbox.Finding) { out = append(out, f) }))
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letter is a small message.
func letter(subject string, more ...string) string {
	s := "From: Alice <alice@postern.test>\r\nTo: bob@postern.test\r\nDate: Fri, 2 Jan 2026 10:00:00 +0100\r\n" +
		"Message-ID: <" + subject + "@postern.test>\r\nSubject: " + subject + "\r\n"
	for _, m := range more {
		s += m
	}
	return s + "\r\nHello, this is " + subject + ".\r\n"
}

func deliver(t testing.TB, s *mailbox.Session, box, text string, flags ...string) mailbox.AppendResult {
	t.Helper()
	res, err := tryDeliver(t.Context(), s, box, []string{text}, flags...)
	must(t, err)
	return res
}

func tryDeliver(ctx context.Context, s *mailbox.Session, box string, texts []string, flags ...string) (mailbox.AppendResult, error) {
	f, _ := mail.ParseFlags(flags)
	a, err := s.BeginAppend(ctx, box, int64(len(texts[0])))
	if err != nil {
		return mailbox.AppendResult{}, err
	}
	defer a.Abort()
	for _, text := range texts {
		w, err := a.Next(ctx, mailbox.AppendMessage{Flags: f, Size: int64(len(text))})
		if err != nil {
			return mailbox.AppendResult{}, err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return mailbox.AppendResult{}, err
		}
	}
	return a.Commit(ctx)
}

func selectBox(t testing.TB, s *mailbox.Session, box string) *mailbox.View {
	t.Helper()
	v, err := s.Select(t.Context(), box, false)
	must(t, err)
	t.Cleanup(v.Close)
	return v
}

func uidsOf(v *mailbox.View) []mail.UID {
	var out []mail.UID
	for _, r := range v.Snapshot().Rows(1, 1<<31) {
		out = append(out, r.UID)
	}
	return out
}

// bodies reads all messages of a view.
func bodies(t testing.TB, v *mailbox.View) map[mail.UID]string {
	t.Helper()
	out := map[mail.UID]string{}
	must(t, v.Fetch(t.Context(), uidsOf(v), mailbox.WantBody|mailbox.WantSummary, func(m *mailbox.Message) error {
		if m.Damaged != nil {
			return fmt.Errorf("UID %d: %w", m.UID, m.Damaged)
		}
		r, err := m.Open(t.Context())
		if err != nil {
			return err
		}
		defer r.Close()
		var b bytes.Buffer
		_, err = io.Copy(&b, io.NewSectionReader(r, 0, r.Size()))
		out[m.UID] = b.String()
		return err
	}))
	return out
}

func fields(flags string) []string { return strings.Fields(flags) }
