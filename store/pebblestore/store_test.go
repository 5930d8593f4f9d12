package pebblestore_test

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
	"postern/store/pebblestore/faultfs"
)

func open(t *testing.T, dir string, o pebblestore.Options) *pebblestore.Store {
	t.Helper()
	s, err := pebblestore.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestOpenTwiceIsInUse(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"memory": vfs.NewMem(), "disk": nil} {
		t.Run(name, func(t *testing.T) {
			dir := "db"
			if fs == nil {
				dir = t.TempDir()
			}
			open(t, dir, pebblestore.Options{FS: fs})
			if _, err := pebblestore.Open(dir, pebblestore.Options{FS: fs}); !fault.Is(err, fault.InUse) {
				t.Fatalf("second Open: %v, want in use", err)
			}
		})
	}
}

func TestReopenFindsEverything(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, pebblestore.Options{})
	ctx := context.Background()
	err := s.Update(ctx, func(tx store.Tx) error {
		m := tx.Mail(7)
		if err := m.PutMailbox(store.MailboxRow{ID: 1, Name: "INBOX", UIDValidity: 5, UIDNext: 1}); err != nil {
			return err
		}
		return m.Log(store.ChangeItem{Mailbox: 1, Kind: store.MailboxCreated})
	}, store.MailOf(7))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, pebblestore.Options{})
	err = s.View(ctx, func(r store.Reader) error {
		row, err := r.Mail(7).MailboxByName("INBOX")
		if err != nil || row.ID != 1 || row.UIDValidity != 5 {
			t.Errorf("mailbox %+v, %v", row, err)
		}
		c, err := r.Mail(7).Counters()
		if err != nil || c.ModSeq != 1 {
			t.Errorf("counters %+v, %v", c, err)
		}
		if _, err := r.Mail(8).Counters(); !fault.Is(err, fault.Invalid) {
			t.Errorf("another account: %v, want invalid", err)
		}
		return nil
	}, store.MailOf(mail.AccountID(7)))
	if err != nil {
		t.Fatal(err)
	}
}

// TestCloseEndsEverything: Close leaves no goroutine, also after a failed sync.
func TestCloseEndsEverything(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, fail := range []bool{false, true} {
		fs := faultfs.New()
		s, err := pebblestore.Open("db", small(fs))
		if err != nil {
			t.Fatal(err)
		}
		if fail {
			fs.FailSync()
		}
		err = appendMessage(t.Context(), s, 1, make([]byte, 9000), nil)
		if fail != fault.Is(err, fault.ReadOnly) || !fail && err != nil {
			t.Errorf("Update: %v", err)
		}
		if err := s.Close(); fail != fault.Is(err, fault.ReadOnly) || !fail && err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}
