package pebblestore

import (
	"runtime"
	"strings"
	"sync"
	"time"
)

// The pauses after failures: they double from the first to the longest, and
// begin anew when all went well for longer than that.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = time.Minute
)

// backoff tells how long to wait after each failure.
type backoff struct {
	failures uint
	last     time.Time
}

func (b *backoff) next(now time.Time) time.Duration {
	if now.Sub(b.last) > 2*longestPause {
		b.failures = 0
	}
	b.last = now
	pause := min(longestPause, firstPause<<b.failures)
	b.failures = min(b.failures+1, 20)
	return pause
}

// statistics slows Pebble's goroutine that gathers the statistics of tables:
// those of one that is damaged it would try to read again at once, for ever.
type statistics struct {
	mu      sync.Mutex
	backoff backoff // guarded by mu
}

// pause is for where gathering is true. Closing ends it.
func (s *statistics) pause(closing <-chan struct{}) {
	s.mu.Lock()
	d := s.backoff.next(time.Now())
	s.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
	}
}

// gathering tells whether it is called by those functions of Pebble that read
// tables for their statistics, which hold no mutex meanwhile. Nothing that Pebble
// hands over tells it, and to wait anywhere else could stop the whole database.
func gathering() bool {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, ".scanReadStateTableStats") || strings.HasSuffix(f.Function, ".loadNewFileStats") {
			return true
		}
		if !more {
			return false
		}
	}
}
