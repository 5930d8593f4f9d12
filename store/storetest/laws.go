package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

func mailEmail(n int) mail.EmailID { return mail.EmailID(n) }

// update runs fn on account 1 and fails the test on an error.
func update(t testing.TB, s store.Store, fn func(m store.MailTx) error) {
	t.Helper()
	if err := s.Update(patient(t), func(tx store.Tx) error { return fn(tx.Mail(1)) }, store.MailOf(1)); err != nil {
		t.Fatal(err)
	}
}

// view reads account 1 and fails the test on an error.
func view(t testing.TB, s store.Store, fn func(m store.MailReader) error) {
	t.Helper()
	if err := s.View(patient(t), func(r store.Reader) error { return fn(r.Mail(1)) }, store.MailOf(1)); err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, what string, err error, want fault.Kind) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// testOneWriter: many goroutines raise one number; no step is lost (law 1).
func testOneWriter(t *testing.T, h *Harness) {
	const writers, steps = 16, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range steps {
				err := h.Store.Update(patient(t), func(tx store.Tx) error {
					m := tx.Mail(1)
					c, err := m.Counters()
					if err != nil {
						return err
					}
					c.Messages++
					return m.PutCounters(c)
				}, store.MailOf(1))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(t, h.Store, func(m store.MailReader) error {
		c, err := m.Counters()
		if c.Messages != writers*steps {
			t.Errorf("%d steps, want %d", c.Messages, writers*steps)
		}
		return err
	})
}

// testSeveralPartitions moves units between accounts in every order of naming
// them: no deadlock, and every View sees the same sum (laws 1 to 3).
func testSeveralPartitions(t *testing.T, h *Harness) {
	const accounts, units = 5, 100
	all := make([]store.Partition, 0, accounts)
	for a := mail.AccountID(1); a <= accounts; a++ {
		all = append(all, store.MailOf(a))
	}
	transfer := func(ctx context.Context, from, to mail.AccountID, n int64) error {
		return h.Store.Update(ctx, func(tx store.Tx) error {
			for _, step := range []struct {
				a mail.AccountID
				n int64
			}{{from, -n}, {to, n}} {
				c, err := tx.Mail(step.a).Counters()
				if err != nil {
					return err
				}
				c.Messages += step.n
				if err := tx.Mail(step.a).PutCounters(c); err != nil {
					return err
				}
			}
			return nil
		}, store.MailOf(from), store.MailOf(to), store.MailOf(from))
	}
	seed := seedOf(t)
	var wg sync.WaitGroup
	for w := range uint64(8) {
		wg.Go(func() {
			ctx, rng := patient(t), newRand(seed, w)
			for range 40 {
				from := mail.AccountID(1 + rng.IntN(accounts))
				to := mail.AccountID(1 + rng.IntN(accounts))
				if err := transfer(ctx, from, to, 1); err != nil {
					t.Error(err)
					return
				}
				if err := h.Store.View(ctx, func(r store.Reader) error { return sumIsZero(r, accounts) }, shuffled(rng, all)...); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func shuffled(rng *rand.Rand, parts []store.Partition) []store.Partition {
	out := append([]store.Partition(nil), parts...)
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func sumIsZero(r store.Reader, accounts mail.AccountID) error {
	var sum int64
	for a := mail.AccountID(1); a <= accounts; a++ {
		c, err := r.Mail(a).Counters()
		if err != nil {
			return err
		}
		sum += c.Messages
	}
	if sum != 0 {
		return fmt.Errorf("the accounts sum up to %d", sum)
	}
	return nil
}

// testAllOrNothing: an error or a panic of fn leaves nothing and holds nothing
// (law 2).
func testAllOrNothing(t *testing.T, h *Harness) {
	put := func(tx store.Tx) {
		if err := tx.Mail(1).PutSubscription("x"); err != nil {
			t.Error(err)
		}
		if err := tx.Mail(1).Log(store.ChangeItem{Kind: store.SubscriptionsChanged}); err != nil {
			t.Error(err)
		}
	}
	mine := errors.New("mine")
	err := h.Store.Update(patient(t), func(tx store.Tx) error { put(tx); return mine }, store.MailOf(1))
	if !errors.Is(err, mine) || fault.KindOf(err) != fault.Internal {
		t.Errorf("Update changed the error of fn: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Update swallowed a panic")
			}
		}()
		_ = h.Store.Update(patient(t), func(tx store.Tx) error { put(tx); panic("on purpose") }, store.MailOf(1))
	}()
	update(t, h.Store, func(m store.MailTx) error {
		if seq, err := m.ModSeq(); seq != 1 || err != nil {
			t.Errorf("ModSeq %d, %v; want 1", seq, err)
		}
		return m.Subscriptions(func(name string) error { return fmt.Errorf("%q is there", name) })
	})
}

// testCancel: a context that ends cancels what has not started.
func testCancel(t *testing.T, h *Harness) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	wantKind(t, "Update with an ended context",
		h.Store.Update(gone, func(store.Tx) error { t.Error("fn ran"); return nil }, store.MailOf(1)), fault.Canceled)
	wantKind(t, "View with an ended context",
		h.Store.View(gone, func(store.Reader) error { t.Error("fn ran"); return nil }, store.MailOf(1)), fault.Canceled)

	// A writer that waits for the partition gives up; its other locks are free.
	inside, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- h.Store.Update(patient(t), func(store.Tx) error { close(inside); <-leave; return nil }, store.MailOf(2))
	}()
	<-inside
	waiting, stop := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() {
		waited <- h.Store.Update(waiting, func(store.Tx) error { return nil }, store.MailOf(2), store.MailOf(1))
	}()
	stop()
	wantKind(t, "Update that waited", <-waited, fault.Canceled)
	update(t, h.Store, func(m store.MailTx) error { return m.PutSubscription("free") })
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}

	// A context that ends inside fn, before the commit starts.
	ctx, stop2 := context.WithCancel(t.Context())
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		stop2()
		return tx.Mail(1).PutSubscription("late")
	}, store.MailOf(1))
	found := false
	view(t, h.Store, func(m store.MailReader) error {
		return m.Subscriptions(func(name string) error { found = found || name == "late"; return nil })
	})
	if found != (err == nil) || err != nil && !fault.Is(err, fault.Canceled) {
		t.Errorf("Update said %v, and the write is there: %t", err, found)
	}
}

// testSnapshot: a View does not change while it lasts and sees what returned
// before it began (law 3).
func testSnapshot(t *testing.T, h *Harness) {
	for i := range 50 {
		name := fmt.Sprint(i)
		update(t, h.Store, func(m store.MailTx) error { return m.PutSubscription(name) })
		view(t, h.Store, func(m store.MailReader) error {
			update(t, h.Store, func(m store.MailTx) error { return m.PutSubscription(name + " later") })
			seen := 0
			err := m.Subscriptions(func(string) error { seen++; return nil })
			if want := 2*i + 1; seen != want {
				t.Errorf("%d names, want %d", seen, want)
			}
			return err
		})
	}
}

// testSubscribe: several writers and subscribers of one account; every
// subscriber hears every change once, in order, before its Update returns
// (law 4).
func testSubscribe(t *testing.T, h *Harness) {
	const writers, steps = 8, 25
	var mu sync.Mutex
	heard := [2][]*store.Change{}
	for i := range heard {
		defer h.Store.Subscribe(1, func(c *store.Change) {
			mu.Lock()
			defer mu.Unlock()
			heard[i] = append(heard[i], c)
		})()
	}
	defer h.Store.Subscribe(2, func(*store.Change) { t.Error("heard another account's change") })()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range steps {
				var seq mail.ModSeq
				update(t, h.Store, func(m store.MailTx) (err error) {
					seq, err = m.ModSeq()
					if err != nil {
						return err
					}
					return m.Log(store.ChangeItem{
						Mailbox: 1, Kind: store.MessagesAdded, UIDs: []store.UIDRange{{First: 1, Last: 1}},
						States: []store.StateRow{{UID: 1, ModSeq: seq}},
					})
				})
				mu.Lock()
				if n := len(heard[1]); n == 0 || heard[1][n-1].ModSeq < seq {
					t.Errorf("Update %d returned before its subscriber knew", seq)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, list := range heard {
		if len(list) != writers*steps {
			t.Fatalf("heard %d changes, want %d", len(list), writers*steps)
		}
		for i, c := range list {
			if c.ModSeq != mail.ModSeq(i+1) || c.Account != 1 || len(c.Items) != 1 ||
				len(c.Items[0].States) != 1 || c.Items[0].States[0].ModSeq != c.ModSeq {
				t.Fatalf("change %d is %+v", i+1, c)
			}
		}
	}
}

// testSubscribeCancel: after cancel nothing is heard.
func testSubscribeCancel(t *testing.T, h *Harness) {
	over := false
	var mu sync.Mutex
	cancel := h.Store.Subscribe(1, func(*store.Change) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			t.Error("heard a change after cancel")
		}
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				update(t, h.Store, func(m store.MailTx) error { return m.Log(store.ChangeItem{Kind: store.SubscriptionsChanged}) })
			}
		})
	}
	cancel()
	mu.Lock()
	over = true
	mu.Unlock()
	cancel()
	wg.Wait()
}

// testPartitions: what was not named cannot be read or written.
func testPartitions(t *testing.T, h *Harness) {
	ctx := patient(t)
	err := h.Store.Update(ctx, func(tx store.Tx) error {
		wantKind(t, "mail of another account", tx.Mail(2).PutSubscription("x"), fault.Invalid)
		_, err := tx.Directory().NextAccountID()
		wantKind(t, "the directory", err, fault.Invalid)
		wantKind(t, "the sign-in log", tx.Attempts().AppendAttempts([]store.AttemptRow{{}}), fault.Invalid)
		wantKind(t, "the system room", tx.System().PutSetting("x", nil), fault.Invalid)
		return tx.Mail(1).PutSubscription("mine")
	}, store.MailOf(1))
	if err != nil {
		t.Fatal(err)
	}
	var kept store.MailReader
	view(t, h.Store, func(m store.MailReader) error { kept = m; return nil })
	if _, err := kept.Counters(); err == nil {
		t.Error("a reader works after its View")
	}
	err = h.Store.View(ctx, func(r store.Reader) error {
		_, err := r.Directory().Account(1)
		wantKind(t, "reading the directory", err, fault.Invalid)
		_, err = r.System().Setting("x")
		wantKind(t, "reading the system room", err, fault.Invalid)
		wantKind(t, "reading the sign-in log", r.Attempts().Attempts(0, store.AttemptID{}, nil), fault.Invalid)
		_, err = r.Mail(2).Counters()
		wantKind(t, "reading another account", err, fault.Invalid)
		return nil
	}, store.MailOf(1))
	if err != nil {
		t.Error(err)
	}
}

// testClosed: Close waits, then everything says so (law 6).
func testClosed(t *testing.T, h *Harness) {
	s, ctx := h.Store, patient(t)
	inside, leave, closed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	done := make(chan error, 1)
	go func() {
		done <- s.Update(ctx, func(tx store.Tx) error {
			close(inside)
			<-leave
			return tx.Mail(1).PutSubscription("last")
		}, store.MailOf(1))
	}()
	<-inside
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
		t.Error("Close did not wait for a transaction")
	default:
	}
	close(leave)
	if err := <-done; err != nil {
		t.Errorf("the transaction before Close: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	nop := func(store.Tx) error { return nil }
	wantKind(t, "Update", s.Update(ctx, nop, store.MailOf(1)), fault.Closed)
	wantKind(t, "Delete", s.Delete(ctx, nop, store.MailOf(1)), fault.Closed)
	wantKind(t, "View", s.View(ctx, func(store.Reader) error { return nil }, store.MailOf(1)), fault.Closed)
	wantKind(t, "Verify", s.Verify(ctx, func(store.Damage) {}), fault.Closed)
	wantKind(t, "Close again", s.Close(), fault.Closed)
}
