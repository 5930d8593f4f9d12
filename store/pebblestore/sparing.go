package pebblestore

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// sparing logs what may happen thousands of times a second: of each subject the
// first time, and then at most once a minute how often it was since.
type sparing struct {
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	subjects map[string]*told // guarded by mu
}

type told struct {
	at    time.Time
	since int64 // times not logged
}

const (
	toldEvery    = time.Minute
	mostSubjects = 200 // what comes beyond them is one subject
)

func newSparing(log *slog.Logger) *sparing {
	return &sparing{log: log, now: time.Now, subjects: make(map[string]*told)}
}

// error logs an error about a subject.
func (s *sparing) error(subject, message string, attrs ...slog.Attr) {
	n, ok := s.due(subject)
	if !ok {
		return
	}
	if n > 0 {
		attrs = append(attrs, slog.Int64("times_more", n))
	}
	s.log.LogAttrs(context.Background(), slog.LevelError, message, attrs...)
}

// due tells whether it is time to log, and how often it was not since.
func (s *sparing) due(subject string) (since int64, ok bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subjects[subject] == nil && len(s.subjects) >= mostSubjects {
		subject = ""
	}
	t := s.subjects[subject]
	switch {
	case t == nil:
		s.subjects[subject] = &told{at: now}
		return 0, true
	case now.Sub(t.at) < toldEvery:
		t.since++
		return 0, false
	}
	since = t.since
	*t = told{at: now}
	return since, true
}
