package pebblestore

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// manyAllowed is a database that wants many compactions.
type manyAllowed struct{ pebble.DBForCompaction }

func (manyAllowed) GetAllowedWithoutPermission() int { return 9 }

// TestSparing: of each subject the first time, then once a minute with a count;
// and not without bound.
func TestSparing(t *testing.T) {
	var out bytes.Buffer
	s := newSparing(slog.New(slog.NewTextHandler(&out, nil)))
	now := time.Unix(1e9, 0)
	s.now = func() time.Time { return now }
	for range 5 {
		s.error("a", "broken", slog.String("file", "a"))
		s.error("b", "broken", slog.String("file", "b"))
	}
	now = now.Add(toldEvery)
	s.error("a", "broken", slog.String("file", "a"))
	if n := strings.Count(out.String(), "\n"); n != 3 || !strings.Contains(out.String(), "times_more=4") {
		t.Errorf("%d lines: %s", n, &out)
	}
	out.Reset()
	for i := range 10 * mostSubjects {
		s.error(fmt.Sprint(i), "broken")
	}
	if n := strings.Count(out.String(), "\n"); n > mostSubjects {
		t.Errorf("%d lines about as many subjects", n)
	}
}

// TestBackoff: pauses grow up to the longest and begin anew after a quiet time;
// a full disk is none of the pacer's business.
func TestBackoff(t *testing.T) {
	var b backoff
	now := time.Unix(1e9, 0)
	last := time.Duration(0)
	for range 100 {
		d := b.next(now)
		if d < last || d > longestPause {
			t.Fatalf("a pause of %v after one of %v", d, last)
		}
		last, now = d, now.Add(d)
	}
	if last != longestPause {
		t.Errorf("after 100 failures the pause is %v", last)
	}
	if d := b.next(now.Add(3 * longestPause)); d != firstPause {
		t.Errorf("after a quiet time the pause is %v", d)
	}
	p := newPacer()
	p.db = manyAllowed{}
	p.failure(fmt.Errorf("writing: %w", syscall.ENOSPC))
	if ok, _ := p.TrySchedule(); !ok {
		t.Error("a full disk holds compactions back")
	}
	p.failure(errors.New("damaged"))
	if ok, _ := p.TrySchedule(); ok {
		t.Error("a compaction begins at once after one has failed")
	}
}
