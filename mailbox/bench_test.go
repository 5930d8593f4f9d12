package mailbox_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"postern/blob/fileblob"
	"postern/mail"
	"postern/mailbox"
	"postern/signin/grant"
	"postern/signin/grant/granttest"
	"postern/store"
	"postern/store/pebblestore"
)

// benchWorld is an engine on the disk.
func benchWorld(b *testing.B) *world {
	w := &world{t: b}
	w.clock.Store(1_800_000_000)
	var err error
	w.store, err = pebblestore.Open(b.TempDir()+"/db", pebblestore.Options{})
	must(b, err)
	w.blobs, err = fileblob.Open(b.TempDir()+"/blobs", fileblob.Options{})
	must(b, err)
	must(b, w.store.Update(b.Context(), func(tx store.Tx) error {
		return tx.Directory().PutAccount(store.AccountRow{ID: alice, Address: "alice@postern.test"})
	}, store.Directory))
	w.open()
	b.Cleanup(func() {
		must(b, w.engine.Close())
		must(b, w.store.Close())
		must(b, w.blobs.Close())
	})
	return w
}

func letter4K(n int) string {
	return letter(fmt.Sprintf("message %d", n)) + strings.Repeat("The quick brown fox jumps over the lazy dog, again.\r\n", 70)
}

// BenchmarkAppend is durable delivery of 4 KiB, over connections with an
// account each.
func BenchmarkAppend(b *testing.B) {
	for _, conns := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("%d", conns), func(b *testing.B) {
			w := benchWorld(b)
			var next atomic.Int64
			var wg sync.WaitGroup
			sessions := make([]*mailbox.Session, conns)
			for i := range sessions {
				g, _ := granttest.New(b, mail.AccountID(100+i), grant.Owner)
				s, err := w.engine.Open(b.Context(), g)
				must(b, err)
				b.Cleanup(s.Close)
				sessions[i] = s
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, s := range sessions {
				wg.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						if _, err := tryDeliver(b.Context(), s, "INBOX", []string{letter4K(int(n))}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

// full is a mailbox of n messages.
func full(b *testing.B, w *world, n int) *mailbox.Session {
	s := w.session()
	for n > 0 {
		m := min(n, 500)
		a, err := s.BeginAppend(b.Context(), "INBOX", 0)
		must(b, err)
		for range m {
			text := letter4K(n)
			n--
			out, err := a.Next(b.Context(), mailbox.AppendMessage{Size: int64(len(text))})
			must(b, err)
			_, err = io.WriteString(out, text)
			must(b, err)
		}
		_, err = a.Commit(b.Context())
		must(b, err)
	}
	return s
}

const benchMessages = 20_000

func BenchmarkMailbox(b *testing.B) {
	w := benchWorld(b)
	s := full(b, w, benchMessages)
	v := selectBox(b, s, "INBOX")
	uids := uidsOf(v)
	rate := func(b *testing.B, what string) {
		b.ReportMetric(float64(b.N)*benchMessages/b.Elapsed().Seconds(), what)
	}
	b.Run("Rows", func(b *testing.B) {
		total := 0
		for b.Loop() {
			for _, r := range v.Snapshot().Rows(1, 1<<31) {
				total += len(v.Snapshot().FlagSet(r.Set).IMAP)
			}
		}
		rate(b, "rows/s")
	})
	b.Run("Summary", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, v.Fetch(b.Context(), uids, mailbox.WantSummary, func(*mailbox.Message) error { return nil }))
		}
		rate(b, "messages/s")
	})
	b.Run("Body", func(b *testing.B) {
		for b.Loop() {
			must(b, v.Fetch(b.Context(), uids, mailbox.WantBody, func(*mailbox.Message) error { return nil }))
		}
		rate(b, "messages/s")
	})
	b.Run("SelectOpen", func(b *testing.B) {
		for b.Loop() {
			v, err := s.Select(b.Context(), "INBOX", false)
			must(b, err)
			v.Close()
		}
	})
	b.Run("StoreOne", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			op := mailbox.FlagsAdd
			if i%2 == 1 {
				op = mailbox.FlagsRemove
			}
			_, err := v.Store(b.Context(), uids[500:501], op, mail.Flags{System: mail.FlagFlagged}, nil)
			must(b, err)
			v.Sync(true)
		}
	})
	for name, q := range map[string]*mailbox.Query{
		"Subject": {Op: mailbox.QuerySubject, Text: "message 7777"},
		"Text":    {Op: mailbox.QueryText, Text: "not to be found"},
	} {
		b.Run("Search"+name, func(b *testing.B) {
			for b.Loop() {
				_, err := v.Search(b.Context(), q)
				must(b, err)
			}
			rate(b, "messages/s")
		})
	}
}

// BenchmarkSelectCold reads a mailbox of 20,000 into memory.
func BenchmarkSelectCold(b *testing.B) {
	w := benchWorld(b)
	full(b, w, benchMessages).Close()
	must(b, w.engine.Close())
	for b.Loop() {
		w.open()
		s := w.session()
		v, err := s.Select(b.Context(), "INBOX", false)
		must(b, err)
		v.Close()
		s.Close()
		must(b, w.engine.Close())
	}
	w.open()
}
