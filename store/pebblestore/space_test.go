package pebblestore_test

import (
	"testing"
	"time"

	"postern/fault"
	"postern/store"
	"postern/store/pebblestore"
	"postern/store/pebblestore/faultfs"
)

// TestNoNewMailWithoutReserve: while the room that deleting may need is not
// kept, after a start on a disk that is nearly full or while one empties, new
// mail is refused; when it is taken again, the reserve is there.
func TestNoNewMailWithoutReserve(t *testing.T) {
	fs := faultfs.New()
	s, err := pebblestore.Open("db", small(fs))
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 9000)
	if err := appendMessage(t.Context(), s, 1, body, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := fs.Remove("db/BALLAST"); err != nil { // as a copy of the folder may lack it
		t.Fatal(err)
	}
	fs.SetRoom(3 << 20) // more than the head-room, less than both
	s = open(t, "db", small(fs))
	if err := appendMessage(t.Context(), s, 1, body, nil); !fault.Is(err, fault.Full) {
		t.Fatalf("new mail without a reserve: %v, want full", err)
	}
	if err := s.Health(); !fault.Is(err, fault.Full) {
		t.Errorf("Health without a reserve: %v, want full", err)
	}
	remove := func(tx store.Tx) error { return tx.Mail(1).DeleteEmail(1) }
	if err := s.Delete(t.Context(), remove, store.MailOf(1)); err != nil {
		t.Errorf("deleting: %v", err)
	}
	fs.SetRoom(10 << 20)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); s.Health() != nil; <-tick.C {
		if time.Since(began) > 5*time.Second {
			t.Fatal("not healed after 5 s")
		}
	}
	if _, err := fs.Stat("db/BALLAST"); err != nil {
		t.Errorf("new mail is taken without a reserve: %v", err)
	}
	// Now the disk may fill at once, and deleting still has room.
	fs.SetRoom(0)
	_ = appendMessage(t.Context(), s, 1, make([]byte, 64<<10), nil)
	for range 50 {
		err := s.Delete(t.Context(), func(tx store.Tx) error { return tx.Mail(1).DeleteSubscription("none") }, store.MailOf(1))
		if err != nil {
			t.Fatalf("deleting on a full disk: %v", err)
		}
	}
}
