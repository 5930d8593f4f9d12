package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"postern/fault"
	"postern/store"
)

// putNumber is a small transaction that logs.
func putNumber(tx store.Tx, box store.MailboxRow) error {
	m := tx.Mail(1)
	if err := m.PutMailbox(box); err != nil {
		return err
	}
	return m.Log(store.ChangeItem{Mailbox: box.ID, Kind: store.MailboxUpdated})
}

// testFailedSync is law 7 step by step.
func testFailedSync(t *testing.T, hn *Harness) {
	if hn.FailSync == nil {
		return
	}
	s, ctx := hn.Store, patient(t)
	row := store.MailboxRow{ID: 1, Name: "INBOX", UIDValidity: 1, UIDNext: 10}
	update := func() error {
		return s.Update(ctx, func(tx store.Tx) error { return putNumber(tx, row) }, store.MailOf(1))
	}
	if err := update(); err != nil {
		t.Fatal(err)
	}
	var heard int
	defer s.Subscribe(1, func(*store.Change) { heard++ })()
	hn.FailSync()
	row.UIDNext = 20
	if err := update(); !fault.Is(err, fault.ReadOnly) {
		t.Fatalf("Update whose sync failed: %v, want read-only", err)
	}
	for range 3 {
		if err := update(); !fault.Is(err, fault.ReadOnly) {
			t.Fatalf("Update after a failed sync: %v, want read-only", err)
		}
	}
	if err := s.Delete(ctx, func(tx store.Tx) error { return putNumber(tx, row) }, store.MailOf(1)); !fault.Is(err, fault.ReadOnly) {
		t.Errorf("Delete after a failed sync: %v, want read-only", err)
	}
	if err := s.Health(); !fault.Is(err, fault.ReadOnly) {
		t.Errorf("Health: %v, want read-only", err)
	}
	if heard != 0 {
		t.Errorf("subscribers heard %d changes that are not durable", heard)
	}
	if err := s.View(ctx, func(r store.Reader) error {
		got, err := r.Mail(1).Mailbox(1)
		if err == nil && got.UIDNext != 10 {
			t.Errorf("a View shows UIDNext %d, which may be lost; want 10", got.UIDNext)
		}
		return err
	}, store.MailOf(1)); err != nil {
		t.Errorf("View after a failed sync: %v", err)
	}
}

// testFailedSyncs fails a sync somewhere in random histories; nothing that was
// acknowledged, seen or heard may be gone from Views or after a crash.
func testFailedSyncs(t *testing.T, open func(t testing.TB) *Harness) {
	seed := seedOf(t)
	rounds := uint64(count(10, 2000))
	for round := range rounds {
		hn := open(t)
		if hn.FailSync == nil {
			return
		}
		h := newHistory(t, hn.Store)
		var wg sync.WaitGroup
		for w := range uint64(4) {
			rng := newRand(seed+round, w)
			wg.Go(func() {
				ctx := patient(t)
				for i := range 20 {
					if w == 0 && i == int(round%15) {
						hn.FailSync()
					}
					err := h.write(ctx, rng)
					if refused(ctx, err) && !fault.Is(err, fault.ReadOnly) {
						t.Error(err)
						return
					}
					if err := h.read(ctx, rng); err != nil {
						t.Errorf("View: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		p := h.promise()
		if err := h.kept(hn.Store, p); err != nil {
			t.Errorf("after a failed sync: %v", err)
		}
		if hn.Image != nil {
			check(t, h, image{kept: 0, promise: p, open: hn.Image(seed, 0)}, true)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d histories with a failed sync, seed %d", rounds, seed)
}

// testFullDisk is law 8: new mail is refused, reading and deleting go on, and
// it heals within five seconds of having room.
func testFullDisk(t *testing.T, hn *Harness) {
	if hn.SetRoom == nil {
		return
	}
	s, ctx := hn.Store, patient(t)
	body, rng := make([]byte, 64<<10), newRand(1, 1)
	for i := range body {
		body[i] = byte(rng.Uint32())
	}
	add := func(email int) error {
		return s.Update(ctx, func(tx store.Tx) error {
			m := tx.Mail(1)
			id := mailEmail(email)
			if err := m.PutBody(id, body); err != nil {
				return err
			}
			return m.PutEmail(store.EmailRow{ID: id, Refs: 1, Size: int64(len(body))})
		}, store.MailOf(1))
	}
	stored := 0
	hn.SetRoom(8 << 20)
	var err error
	for stored < 4000 {
		if err = add(stored + 1); err != nil {
			break
		}
		stored++
	}
	if !fault.Is(err, fault.Full) {
		t.Fatalf("after %d bodies on a disk of 8 MiB: %v, want disk full", stored, err)
	}
	if err := s.Health(); !fault.Is(err, fault.Full) {
		t.Errorf("Health: %v, want disk full", err)
	}
	readAll(ctx, t, s, stored)
	for i := range stored / 2 {
		if err := s.Delete(ctx, func(tx store.Tx) error { return tx.Mail(1).DeleteEmail(mailEmail(i + 1)) }, store.MailOf(1)); err != nil {
			t.Fatalf("deleting on a full disk: %v", err)
		}
	}
	if err := add(9999); !fault.Is(err, fault.Full) && err != nil {
		t.Errorf("new mail on a full disk: %v", err)
	}
	hn.SetRoom(-1)
	healed := time.Now().Add(5 * time.Second)
	for err = add(10000); err != nil && time.Now().Before(healed); err = add(10000) {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err != nil {
		t.Errorf("five seconds after there was room again: %v", err)
	}
	if err := s.Verify(ctx, func(d store.Damage) { t.Errorf("damage: %+v", d) }); err != nil {
		t.Error(err)
	}
}

func readAll(ctx context.Context, t *testing.T, s store.Store, n int) {
	t.Helper()
	err := s.View(ctx, func(r store.Reader) error {
		for i := range n {
			if _, err := r.Mail(1).Body(mailEmail(i + 1)); err != nil {
				return err
			}
		}
		return nil
	}, store.MailOf(1))
	if err != nil {
		t.Errorf("reading on a full disk: %v", err)
	}
}
