package pebblestore_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
)

// filled makes a database of some accounts whose rows are all in tables.
func filled(t *testing.T) (dir string, bodies map[mail.AccountID][]byte) {
	t.Helper()
	dir = t.TempDir()
	bodies = make(map[mail.AccountID][]byte)
	s := open(t, dir, pebblestore.Options{})
	rng := rand.New(rand.NewPCG(3, 4))
	for a := mail.AccountID(1); a <= 8; a++ {
		body := make([]byte, 4096)
		for i := range body {
			body[i] = byte(rng.Uint32())
		}
		bodies[a] = body
		for range 20 {
			if err := appendMessage(t.Context(), s, a, body, body[:512]); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Opening it again moves everything from the log into tables.
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir, pebblestore.Options{})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, bodies
}

// TestFlippedBits flips one bit in one file at a time. Whatever is read is
// either right or refused as damaged, Verify names the file, and the accounts
// that are elsewhere can be read.
func TestFlippedBits(t *testing.T) {
	dir, bodies := filled(t)
	rng := rand.New(rand.NewPCG(5, 6))
	flips := 0
	for _, pattern := range []string{"*.sst", "*.blob"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("no %s in the database: %v", pattern, err)
		}
		n := 3 // Pebble searches for the flipped bit, which takes its time
		if os.Getenv("POSTERN_LONG") == "1" {
			n = 200
		}
		for range n {
			flipOne(t, dir, names[rng.IntN(len(names))], rng, bodies)
			flips++
		}
	}
	if flips == 0 {
		t.Error("nothing was flipped")
	}
	t.Logf("%d flips", flips)
}

func flipOne(t *testing.T, dir, name string, rng *rand.Rand, bodies map[mail.AccountID][]byte) {
	t.Helper()
	was, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := rng.IntN(len(was))
	damaged := append([]byte(nil), was...)
	damaged[at] ^= 1 << rng.IntN(8)
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, filepath.Base(name)), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := pebblestore.Open(copied, pebblestore.Options{})
	if err != nil {
		if !fault.Is(err, fault.Damaged) {
			t.Errorf("%s, byte %d: Open says %v, want damaged", name, at, err)
		}
		return
	}
	defer func() { _ = s.Close() }()
	found := false
	if err := s.Verify(t.Context(), func(d store.Damage) {
		found = found || strings.Contains(d.Where, filepath.Base(name))
	}); err != nil {
		t.Errorf("Verify: %v", err)
	}
	bad := 0
	for a, want := range bodies {
		if err := readBack(t.Context(), s, a, want); err != nil {
			bad++
			if !fault.Is(err, fault.Damaged) {
				t.Errorf("%s, byte %d: reading says %v, want damaged", name, at, err)
			}
		}
	}
	if bad != 0 && !found {
		t.Errorf("%s, byte %d: %d accounts cannot be read, but Verify does not name the file", name, at, bad)
	}
}

func readBack(ctx context.Context, s store.Store, a mail.AccountID, want []byte) error {
	return s.View(ctx, func(r store.Reader) error {
		m := r.Mail(a)
		for id := mail.EmailID(1); id <= 20; id++ {
			body, err := m.Body(id)
			if err != nil {
				return err
			}
			if string(body) != string(want) {
				return fault.New(fault.Internal, "test", "wrong bytes were served")
			}
		}
		return m.States(1, 1, ^mail.UID(0), func(store.StateRow) error { return nil })
	}, store.MailOf(a))
}

// TestDamagedRow writes a row that is no row: reading it is Damaged, Verify
// names it, and its neighbours stay readable.
func TestDamagedRow(t *testing.T) {
	dir, _ := filled(t)
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation})
	if err != nil {
		t.Fatal(err)
	}
	key := append([]byte{'m', 0, 0, 0, 0, 0, 0, 0, 3, 'v'}, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5)
	if err := db.Set(key, []byte{1, 2, 3}, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, pebblestore.Options{})
	var found []store.Damage
	if err := s.Verify(t.Context(), func(d store.Damage) { found = append(found, d) }); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Where != "account a3, mailbox m1, state of UID 5" {
		t.Errorf("Verify found %+v", found)
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		_, err := r.Mail(3).State(1, 5)
		if !fault.Is(err, fault.Damaged) || !strings.Contains(err.Error(), "UID 5") {
			t.Errorf("reading the row: %v", err)
		}
		_, err = r.Mail(3).State(1, 6)
		return err
	}, store.MailOf(3))
	if err != nil {
		t.Error(err)
	}
}

// TestNewerFormatIsRefused: a database of a later Postern is left alone.
func TestNewerFormatIsRefused(t *testing.T) {
	dir, _ := filled(t)
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Set([]byte{'F'}, []byte{1, 2}, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := pebblestore.Open(dir, pebblestore.Options{}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("Open: %v, want unsupported", err)
	}
}
