package mailbox_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/mailbox"
)

// walkedBlobs calls hook before each Walk.
type walkedBlobs struct {
	blob.Store
	hook func()
}

func (b *walkedBlobs) Walk(ctx context.Context, fn func(blob.Info) error) error {
	if b.hook != nil {
		b.hook()
	}
	return b.Store.Walk(ctx, fn)
}

// TestSweepSparesDeliveriesUnderWay has a blob become durable while orphans are
// swept, by a clock that has fallen, and get its row only afterwards.
func TestSweepSparesDeliveriesUnderWay(t *testing.T) {
	blobs := &walkedBlobs{}
	w := newWorld(t, func(o *mailbox.Options) {
		blobs.Store = o.Blobs
		o.Blobs = blobs
	})
	ctx, s := t.Context(), w.session()
	must(t, drained(w))
	big := letter("big") + strings.Repeat("x", 100_000)
	deliver(t, s, "INBOX", big)
	var a *mailbox.Append
	blobs.hook = sync.OnceFunc(func() {
		w.clock.Add(-10 * 365 * 24 * 3600)
		var err error
		a, err = s.BeginAppend(ctx, "INBOX", int64(len(big)))
		must(t, err)
		for _, text := range []string{big, letter("second")} { // the second ends the first
			out, err := a.Next(ctx, mailbox.AppendMessage{Size: int64(len(text))})
			must(t, err)
			_, err = out.Write([]byte(text))
			must(t, err)
		}
	})
	if n, err := w.engine.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("swept %d blobs, %v", n, err)
	}
	_, err := a.Commit(ctx)
	must(t, err)
	if got := bodies(t, selectBox(t, s, "INBOX")); len(got) != 3 || got[2] != big {
		t.Errorf("%d messages, or the one that was under way is another", len(got))
	}
	w.check()
}

// drained waits for the sweep at the start.
func drained(w *world) error {
	_, err := w.engine.Sweep(context.Background())
	return err
}

// TestSweepAfterAFailedSync: a row whose sync failed is not shown, but may be
// there after the next start; then it must find its blob.
func TestSweepAfterAFailedSync(t *testing.T) {
	m := newMachine(t, seed(t))
	s := m.session()
	big := letter("big") + strings.Repeat("x", 10_000)
	deliver(t, s, "INBOX", letter("small"))
	_, err := m.engine.Sweep(t.Context())
	must(t, err)
	m.db.FailSync()
	_, err = tryDeliver(t.Context(), s, "INBOX", []string{big})
	wantKind(t, err, fault.ReadOnly)
	if n, _ := m.engine.Sweep(t.Context()); n != 0 {
		t.Errorf("swept %d blobs", n)
	}
	m.arm(1, 100)
	m.write() // the power goes, and all that was written survives
	s.Close()
	m.reboot()
	s = m.session()
	defer s.Close()
	if got := bodies(t, selectBox(t, s, "INBOX")); got[mail.UID(2)] != big {
		t.Errorf("%d messages, the one that was not acknowledged is not among them", len(got))
	}
	m.check()
}
