package listen

import (
	"log/slog"
	"sync"
	"time"
)

// Seldom keeps lines out of the log that clients can cause as often as they like:
// one a minute and listener is written, then how many more there were. The zero
// Seldom is ready; its methods may be called at the same time.
type Seldom struct {
	mu    sync.Mutex
	kinds map[seldomKind]*seldomMinute // guarded by mu
}

type seldomKind struct {
	message  string
	listener string
}

type seldomMinute struct {
	level slog.Level
	began time.Time
	more  int // not written since
}

const seldomPause = time.Minute

// say is one of the logger's methods, so that nobody's context is asked for.
func say(log *slog.Logger, level slog.Level) func(string, ...any) {
	if level >= slog.LevelWarn {
		return log.Warn
	}
	return log.Info
}

// Log writes the line, as a warning or information, unless one was in the minute
// before. listener is among its attributes; message is a constant.
func (s *Seldom) Log(log *slog.Logger, level slog.Level, message, listener string, args ...any) {
	if s.due(time.Now(), level, seldomKind{message, listener}) {
		say(log, level)(message, append([]any{"listener", listener}, args...)...)
	}
}

func (s *Seldom) due(now time.Time, level slog.Level, k seldomKind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.kinds[k]
	if m == nil {
		if s.kinds == nil {
			s.kinds = map[seldomKind]*seldomMinute{}
		}
		m = &seldomMinute{}
		s.kinds[k] = m
	}
	if m.more == 0 && now.Sub(m.began) >= seldomPause {
		m.level, m.began = level, now
		return true
	}
	m.more++
	return false
}

// Tell writes how many lines were left out in minutes that are over at now; it
// is to be called every few seconds, and with a time to come at the end.
func (s *Seldom) Tell(log *slog.Logger, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, m := range s.kinds {
		if m.more == 0 || now.Sub(m.began) < seldomPause {
			continue
		}
		say(log, m.level)("more of the same since the last line", "line", k.message, "listener", k.listener, "count", m.more)
		m.began, m.more = now, 0
	}
}
