package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// history is a run of random transactions, and what it may be held to.
type history struct {
	t testing.TB
	s store.Store

	mu       sync.Mutex
	accounts map[mail.AccountID]*track // guarded by mu
	pairs    []pair                    // guarded by mu
}

// track is what is known of one account.
type track struct {
	models map[mail.ModSeq]*model // after the transaction with that ModSeq
	// The highest ModSeq that an Update returned with, that a View showed and
	// that the subscriber heard: a crash must not take back any of them.
	known  mail.ModSeq
	heard  mail.ModSeq
	linked map[mail.ModSeq]bool // transactions that wrote the account's setting too
}

// pair is one transaction on two accounts: both or none.
type pair struct {
	a, b       mail.AccountID
	seqA, seqB mail.ModSeq
}

const historyAccounts = 4

func newHistory(t testing.TB, s store.Store) *history {
	h := &history{t: t, s: s, accounts: map[mail.AccountID]*track{}}
	for a := mail.AccountID(1); a <= historyAccounts; a++ {
		tr := &track{models: map[mail.ModSeq]*model{0: newModel(a)}, linked: map[mail.ModSeq]bool{}}
		h.accounts[a] = tr
		cancel := s.Subscribe(a, func(c *store.Change) { h.hear(tr, a, c) })
		t.Cleanup(cancel)
	}
	return h
}

// hear checks law 4: gapless, in order, what was logged.
func (h *history) hear(tr *track, a mail.AccountID, c *store.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Account != a || c.ModSeq != tr.heard+1 {
		h.t.Errorf("subscriber of %s heard %s %d after %d", a, c.Account, c.ModSeq, tr.heard)
	}
	if want := tr.models[c.ModSeq]; want == nil {
		h.t.Errorf("subscriber of %s heard %d, which nobody committed", a, c.ModSeq)
	} else if last := want.changes[len(want.changes)-1]; len(last.Items) != len(c.Items) {
		h.t.Errorf("subscriber of %s heard %d items of %d, want %d", a, len(c.Items), c.ModSeq, len(last.Items))
	}
	tr.heard = c.ModSeq
	tr.known = max(tr.known, c.ModSeq)
}

var errAbort = errors.New("aborted on purpose")

// write runs one random transaction. The error is the engine's.
func (h *history) write(ctx context.Context, rng *rand.Rand) error {
	a := mail.AccountID(1 + rng.IntN(historyAccounts))
	b := mail.AccountID(1 + rng.IntN(historyAccounts))
	seed, abort, link := rng.Uint64(), rng.IntN(12) == 0, rng.IntN(6) == 0
	parts := []store.Partition{store.MailOf(a)}
	two := b != a && rng.IntN(4) == 0
	if two {
		parts = append(parts, store.MailOf(b))
	}
	if link {
		parts = append(parts, store.System)
	}
	rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	if rng.IntN(20) == 0 {
		c, cancel := context.WithCancel(ctx)
		cancel()
		ctx = c
	}
	var p pair
	err := h.s.Update(ctx, func(tx store.Tx) error {
		var err error
		p = pair{a: a, b: b}
		if p.seqA, err = h.run(tx, a, seed); err != nil {
			return err
		}
		if two {
			if p.seqB, err = h.run(tx, b, seed+1); err != nil {
				return err
			}
		}
		h.mu.Lock()
		h.accounts[a].linked[p.seqA] = link && !abort
		if two && !abort {
			h.pairs = append(h.pairs, p)
		}
		h.mu.Unlock()
		if abort {
			return errAbort
		}
		if link {
			return tx.System().PutSetting(linkName(a), fmt.Append(nil, p.seqA))
		}
		return nil
	}, parts...)
	switch {
	case abort && errors.Is(err, errAbort):
		return nil
	case abort && err == nil:
		h.t.Errorf("Update swallowed the error of fn")
	case err == nil:
		h.acknowledged(a, p.seqA)
		if two {
			h.acknowledged(b, p.seqB)
		}
	}
	return err
}

func linkName(a mail.AccountID) string { return "link/" + a.String() }

// run does random work on the engine and on the model and compares.
func (h *history) run(tx store.Tx, a mail.AccountID, seed uint64) (mail.ModSeq, error) {
	seq, err := tx.Mail(a).ModSeq()
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	base := h.accounts[a].models[seq-1]
	h.mu.Unlock()
	if base == nil {
		h.t.Errorf("account %s is at %d, where nobody brought it", a, seq-1)
		return 0, errAbort
	}
	next := base.begin()
	want, err := operate(seed, next)
	if err != nil {
		return 0, err
	}
	got, err := operate(seed, tx.Mail(a))
	if err != nil {
		return 0, err
	}
	if got != want {
		h.t.Errorf("account %s, transaction %d: the engine says %s\nthe model says %s", a, seq, got, want)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	tr := h.accounts[a]
	// An earlier transaction with this ModSeq came to nothing.
	h.pairs = slices.DeleteFunc(h.pairs, func(p pair) bool {
		return p.a == a && p.seqA == seq || p.b == a && p.seqB == seq
	})
	delete(tr.linked, seq)
	tr.models[seq] = next.commit()
	delete(tr.models, seq-200) // histories that keep every model are shorter
	return seq, nil
}

// acknowledged notes that Update returned nil. By then the subscriber knows.
func (h *history) acknowledged(a mail.AccountID, seq mail.ModSeq) {
	h.mu.Lock()
	defer h.mu.Unlock()
	tr := h.accounts[a]
	tr.known = max(tr.known, seq)
	if tr.heard < seq {
		h.t.Errorf("Update of %s returned with %d, but the subscriber is at %d", a, seq, tr.heard)
	}
}

// read compares a View of one or two accounts with the models.
func (h *history) read(ctx context.Context, rng *rand.Rand) error {
	a := mail.AccountID(1 + rng.IntN(historyAccounts))
	h.mu.Lock()
	atLeast := h.accounts[a].known
	h.mu.Unlock()
	return h.s.View(ctx, func(r store.Reader) error {
		seq, err := h.compare(r, a)
		if seq < atLeast && err == nil {
			h.t.Errorf("View of %s shows %d, but %d was known before it began", a, seq, atLeast)
		}
		return err
	}, store.MailOf(a))
}

// compare holds an account against its model and notes that it was seen.
func (h *history) compare(r store.Reader, a mail.AccountID) (mail.ModSeq, error) {
	m := r.Mail(a)
	c, err := m.Counters()
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	want := h.accounts[a].models[c.ModSeq]
	h.accounts[a].known = max(h.accounts[a].known, c.ModSeq)
	h.mu.Unlock()
	got, err := dump(m)
	if err != nil {
		return 0, err
	}
	if want == nil {
		return 0, fmt.Errorf("account %s is at %d, where nobody brought it", a, c.ModSeq)
	}
	model, err := dump(want)
	if err != nil {
		return 0, err
	}
	if model != got {
		return 0, fmt.Errorf("account %s at %d: %s", a, c.ModSeq, difference(model, got))
	}
	return c.ModSeq, nil
}

// difference lists the lines in which two dumps differ.
func difference(model, engine string) string {
	m, e := strings.Split(model, "\n"), strings.Split(engine, "\n")
	var b strings.Builder
	for _, side := range []struct {
		name      string
		all, less []string
	}{{"the model", m, e}, {"the engine", e, m}} {
		for _, line := range side.all {
			if !slices.Contains(side.less, line) {
				fmt.Fprintf(&b, "\nonly %s: %.300s", side.name, line)
			}
		}
	}
	return b.String()
}

// promise is what a crash at some moment must not break.
type promise struct {
	known map[mail.AccountID]mail.ModSeq
}

func (h *history) promise() promise {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := promise{known: map[mail.AccountID]mail.ModSeq{}}
	for a, tr := range h.accounts {
		p.known[a] = tr.known
	}
	return p
}

// kept checks what is left after a crash against what was promised before.
func (h *history) kept(s store.Store, p promise) error {
	parts := []store.Partition{store.System}
	for a := range p.known {
		parts = append(parts, store.MailOf(a))
	}
	return s.View(patient(h.t), func(r store.Reader) error {
		at := map[mail.AccountID]mail.ModSeq{}
		for a, known := range p.known {
			seq, err := h.compare(r, a)
			if err != nil {
				return err
			}
			if seq < known {
				return fmt.Errorf("account %s is back at %d, but %d was acknowledged, seen or heard", a, seq, known)
			}
			at[a] = seq
			if err := h.linkKept(r, a, seq); err != nil {
				return err
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, p := range h.pairs {
			if (at[p.a] >= p.seqA) != (at[p.b] >= p.seqB) {
				return fmt.Errorf("half a transaction: %+v, but the accounts are at %v", p, maps.Clone(at))
			}
		}
		return nil
	}, parts...)
}

func (h *history) linkKept(r store.Reader, a mail.AccountID, seq mail.ModSeq) error {
	var want mail.ModSeq
	h.mu.Lock()
	for s, linked := range h.accounts[a].linked {
		if linked && s <= seq {
			want = max(want, s)
		}
	}
	h.mu.Unlock()
	got, err := r.System().Setting(linkName(a))
	if fault.Is(err, fault.NotFound) {
		got, err = []byte("0"), nil
	}
	if err == nil && string(got) != fmt.Sprint(want) {
		err = fmt.Errorf("account %s is at %d, its setting says %s instead of %d", a, seq, got, want)
	}
	return err
}

// testHistories lets many goroutines loose on a few accounts.
func testHistories(t *testing.T, hn *Harness) {
	seed := seedOf(t)
	h := newHistory(t, hn.Store)
	var wg sync.WaitGroup
	for w := range 8 {
		rng := newRand(seed, uint64(w))
		wg.Go(func() {
			ctx := patient(t)
			for range count(100, 20000) {
				var err error
				if rng.IntN(3) == 0 {
					err = h.read(ctx, rng)
				} else {
					err = h.write(ctx, rng)
				}
				if refused(ctx, err) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := h.kept(hn.Store, h.promise()); err != nil {
		t.Error(err)
	}
	if err := hn.Store.Verify(patient(t), func(d store.Damage) { t.Errorf("damage: %+v", d) }); err != nil {
		t.Error(err)
	}
}
