package pebblestore_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
)

// records collects what is logged.
type records struct {
	slog.Handler

	mu     sync.Mutex
	errors []string // guarded by mu
}

func (r *records) Handle(_ context.Context, rec slog.Record) error {
	if rec.Level >= slog.LevelError {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errors = append(r.errors, rec.Message)
	}
	return nil
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }

func (r *records) said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.errors)
}

// layers makes a database of several tables that lie over each other, so that a
// start compacts them, and damages each.
func layers(t *testing.T) (dir string, damaged []string) {
	t.Helper()
	dir = t.TempDir()
	rng := rand.New(rand.NewPCG(7, 8))
	for range 4 {
		s := open(t, dir, pebblestore.Options{})
		for i := range 160 {
			body := make([]byte, 500)
			for i := range body {
				body[i] = byte(rng.Uint32())
			}
			if err := appendMessage(t.Context(), s, mail.AccountID(1+i%8), body, body[:100]); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) < 40<<10 {
			continue // the rows that a start needs
		}
		raw[len(raw)-200] ^= 1 << 4 // such as in the properties: found at once
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		damaged = append(damaged, filepath.Base(name))
	}
	if len(damaged) == 0 {
		t.Fatal("nothing was damaged")
	}
	return dir, damaged
}

// TestDamagedTableIsNotCompactedAgainAndAgain: what a compaction cannot read
// neither floods the log nor takes the processor, writing and deleting go on,
// and Verify names the files.
func TestDamagedTableIsNotCompactedAgainAndAgain(t *testing.T) {
	dir, damaged := layers(t)
	log := &records{}
	s := open(t, dir, pebblestore.Options{Logger: slog.New(log), MemTableBytes: 64 << 10})
	defer func() { _ = s.Close() }()
	body := []byte(strings.Repeat("y", 400))
	began, written := time.Now(), mail.AccountID(100)
	for time.Since(began) < 2*time.Second || s.Stats().BackgroundErrors == 0 {
		if time.Since(began) > 30*time.Second {
			t.Fatal("no compaction met the damage: the test shows nothing")
		}
		written++
		if err := appendMessage(t.Context(), s, written, body, body); err != nil {
			t.Fatal(err)
		}
	}
	failures, said := s.Stats().BackgroundErrors, log.said()
	t.Logf("%d failures in %v, %d lines", failures, time.Since(began), len(said))
	if failures > 20 {
		t.Errorf("%d compactions failed in %v", failures, time.Since(began))
	}
	if len(said) > 2*len(damaged)+2 {
		t.Errorf("%d errors were logged: %q", len(said), said[:10])
	}
	if err := readBack(t.Context(), s, 1, nil); !fault.Is(err, fault.Damaged) {
		t.Errorf("reading what is damaged: %v", err)
	}
	err := s.Delete(t.Context(), func(tx store.Tx) error { return tx.Mail(written).DeleteEmail(1) }, store.MailOf(written))
	if err != nil {
		t.Errorf("deleting: %v", err)
	}
	found := make(map[string]bool)
	if err := s.Verify(t.Context(), func(d store.Damage) { found[d.Where] = true }); err != nil {
		t.Fatal(err)
	}
	for _, name := range damaged {
		if !found[name] {
			t.Errorf("Verify does not name %s: %v", name, found)
		}
	}
}
