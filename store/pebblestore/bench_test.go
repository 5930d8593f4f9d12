package pebblestore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
)

// appendMessage does what an APPEND does: counters, mailbox row, message with
// its summary, state, email, body, thread and change log.
func appendMessage(ctx context.Context, s store.Store, account mail.AccountID, body, summary []byte) error {
	return s.Update(ctx, func(tx store.Tx) error {
		m := tx.Mail(account)
		seq, err := m.ModSeq()
		if err != nil {
			return err
		}
		c, err := m.Counters()
		if err != nil {
			return err
		}
		c.NextEmail = max(c.NextEmail, 1)
		email := c.NextEmail
		c.NextEmail++
		c.Messages++
		c.Bytes += int64(len(body))
		box, err := m.Mailbox(1)
		if err != nil {
			box = store.MailboxRow{ID: 1, Name: "INBOX", UIDValidity: 1, UIDNext: 1}
		}
		uid := box.UIDNext
		box.UIDNext++
		box.Messages++
		box.HighestModSeq = seq
		now := time.Unix(1e9, 0)
		for _, err := range []error{
			m.PutCounters(c),
			m.PutMailbox(box),
			m.PutEmail(store.EmailRow{ID: email, Refs: 1, Size: int64(len(body))}),
			m.PutBody(email, body),
			m.PutThread(store.ThreadKey{byte(email), byte(email >> 8), byte(email >> 16)}, mail.ThreadID(email)),
			m.PutMessage(1, store.MessageRow{UID: uid, Email: email, Thread: mail.ThreadID(email), Summary: summary}),
			m.PutState(1, store.StateRow{UID: uid, ModSeq: seq, Size: int64(len(body)), Received: now, Saved: now}),
			m.Log(store.ChangeItem{Mailbox: 1, Kind: store.MessagesAdded, UIDs: []store.UIDRange{{First: uid, Last: uid}}}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}, store.MailOf(account))
}

func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ writers, accounts int }{{1, 1}, {16, 16}, {128, 128}, {16, 1}} {
		b.Run(fmt.Sprintf("writers=%d/accounts=%d", c.writers, c.accounts), func(b *testing.B) {
			s, err := pebblestore.Open(b.TempDir(), pebblestore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			body, summary := make([]byte, 4096), make([]byte, 1024)
			for i := range body {
				body[i] = byte(i * i >> 3)
			}
			var next atomic.Int64
			var wg sync.WaitGroup
			before := s.Stats()
			b.ResetTimer()
			for w := range c.writers {
				wg.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if err := appendMessage(b.Context(), s, mail.AccountID(w%c.accounts+1), body, summary); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			st := s.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			b.ReportMetric(float64(st.Commits-before.Commits)/float64(st.Syncs-before.Syncs), "commits/sync")
			b.ReportMetric(float64(st.WrittenBytes-before.WrittenBytes)/float64(b.N)/1024, "KiB/commit")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
