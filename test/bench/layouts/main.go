// Command layouts measures three ways to store a message durably, for each
// size of body and number of writers:
//
//	inline    the body in the same batch as the rows
//	blob,row  the body as a blob, then the rows
//	both      the body as a blob and the rows at the same time
//
// It prints a Markdown table of messages per second: the median of several
// rounds in which the layouts take turns. The results and what follows from
// them are in docs/design/0003-write-layouts.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"postern/blob"
	"postern/blob/fileblob"
	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
)

type layout int

const (
	inline layout = iota
	blobThenRow
	both
	layouts
)

type bench struct {
	dir    string
	rounds int
	span   time.Duration
	sizes  string
}

func main() {
	var b bench
	flag.StringVar(&b.dir, "dir", os.TempDir(), "folder on the disk to measure")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds per figure")
	flag.DurationVar(&b.span, "span", 2*time.Second, "length of a round")
	flag.StringVar(&b.sizes, "sizes", "1,4,16,32,64,256,1024", "sizes of bodies in KiB")
	flag.Parse()
	if err := b.table(); err != nil {
		fmt.Fprintln(os.Stderr, "layouts:", err)
		os.Exit(1)
	}
}

func (b bench) table() error {
	fmt.Println("| body | writers | inline | blob, then row | both at once | inline writes, × body |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, text := range strings.Split(b.sizes, ",") {
		kib, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		for _, writers := range []int{1, 16, 128} {
			var rates [layouts][]float64
			var amplification float64
			for range b.rounds {
				for l := range layouts {
					r, err := b.round(l, kib<<10, writers)
					if err != nil {
						return err
					}
					rates[l] = append(rates[l], r.rate)
					if l == inline {
						amplification = r.amplification
					}
				}
			}
			fmt.Printf("| %d KiB | %d | %.0f | %.0f | %.0f | %.1f |\n", kib, writers,
				median(rates[inline]), median(rates[blobThenRow]), median(rates[both]), amplification)
		}
	}
	return nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

type result struct {
	rate          float64
	amplification float64 // bytes that the store wrote for a byte of body
}

// round stores messages of one size for a while in new stores.
func (b bench) round(l layout, size, writers int) (res result, err error) {
	dir, err := os.MkdirTemp(b.dir, "layouts")
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := pebblestore.Open(filepath.Join(dir, "db"), pebblestore.Options{})
	if err != nil {
		return res, err
	}
	blobs, err := fileblob.Open(filepath.Join(dir, "blobs"), fileblob.Options{})
	if err != nil {
		return res, errors.Join(err, s.Close())
	}
	m := &messages{s: s, blobs: blobs, layout: l, body: noise(size), summary: noise(700)}
	done, failure := m.store(writers, b.span)
	res.rate = float64(done) / b.span.Seconds()
	if done > 0 {
		res.amplification = float64(s.Stats().WrittenBytes) / float64(done*size)
	}
	return res, errors.Join(failure, s.Close(), blobs.Close())
}

// noise does not compress, as most large messages do not.
func noise(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewPCG(1, 2)
	for i := range b {
		b[i] = byte(rng.Uint64())
	}
	return b
}

type messages struct {
	s             store.Store
	blobs         blob.Store
	layout        layout
	body, summary []byte
}

// store lets writers store messages, each in an account of its own.
func (m *messages) store(writers int, span time.Duration) (done int, err error) {
	ctx := context.Background()
	end := time.Now().Add(span)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			n := 0
			var failure error
			for failure == nil && time.Now().Before(end) {
				if failure = m.one(ctx, mail.AccountID(w+1), n); failure == nil {
					n++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			done += n
			err = errors.Join(err, failure)
		})
	}
	wg.Wait()
	return done, err
}

func (m *messages) one(ctx context.Context, account mail.AccountID, n int) error {
	switch m.layout {
	case inline:
		return m.rows(ctx, account, n, "")
	case blobThenRow:
		ref, err := m.blob(ctx)
		if err != nil {
			return err
		}
		return m.rows(ctx, account, n, string(ref))
	case both, layouts:
	}
	// The row would name the blob by a reference given out before it is durable.
	var wg sync.WaitGroup
	var blobErr error
	wg.Go(func() { _, blobErr = m.blob(ctx) })
	err := m.rows(ctx, account, n, "a-reference-of-the-usual-length")
	wg.Wait()
	return errors.Join(err, blobErr)
}

func (m *messages) blob(ctx context.Context) (blob.Ref, error) {
	w, err := m.blobs.Create(ctx, int64(len(m.body)))
	if err != nil {
		return "", err
	}
	defer w.Abort()
	if _, err := w.Write(m.body); err != nil {
		return "", err
	}
	return w.Commit(ctx)
}

// rows writes what an APPEND writes.
func (m *messages) rows(ctx context.Context, account mail.AccountID, n int, ref string) error {
	return m.s.Update(ctx, func(tx store.Tx) error {
		t := tx.Mail(account)
		seq, err := t.ModSeq()
		if err != nil {
			return err
		}
		id, uid := mail.EmailID(n+1), mail.UID(n+1)
		now := time.Unix(1e9, 0)
		if ref == "" {
			if err := t.PutBody(id, m.body); err != nil {
				return err
			}
		}
		return errors.Join(
			t.PutCounters(store.Counters{NextEmail: id + 1}),
			t.PutMailbox(store.MailboxRow{ID: 1, Name: "INBOX", UIDNext: uid + 1, HighestModSeq: seq}),
			t.PutEmail(store.EmailRow{ID: id, Refs: 1, Size: int64(len(m.body)), Blob: ref}),
			t.PutThread(store.ThreadKey{byte(n), byte(n >> 8), byte(n >> 16)}, 1),
			t.PutMessage(1, store.MessageRow{UID: uid, Email: id, Thread: 1, Summary: m.summary}),
			t.PutState(1, store.StateRow{UID: uid, ModSeq: seq, Size: int64(len(m.body)), Received: now, Saved: now}),
			t.Log(store.ChangeItem{Mailbox: 1, Kind: store.MessagesAdded, UIDs: []store.UIDRange{{First: uid, Last: uid}}}),
		)
	}, store.MailOf(account))
}
