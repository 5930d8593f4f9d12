package signin

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// signinLog takes notes of attempts and writes them in batches, off the path of
// those who sign in: note never waits. What cannot be written for long is
// dropped and counted: the oldest rows, and new notes if the writer itself is
// too slow for them. What strangers could fill it with is summed up (floods).
type signinLog struct {
	store  store.Store
	now    func() time.Time
	node   string
	logger *slog.Logger

	mu        sync.Mutex // guards the fields below
	notes     []stamped
	floods    floods
	last      store.AttemptID
	dropped   uint64
	followers map[*follower]struct{}

	wake    chan struct{}   // capacity 1: there are notes
	flushes chan chan error // write now and say how it went
	done    chan struct{}   // closed when the writer has ended

	rows []store.AttemptRow // the writer's own: not written yet
}

type stamped struct {
	id   store.AttemptID
	note note
}

const (
	logTick    = 10 * time.Second       // how late a summary is at most
	logPause   = 200 * time.Millisecond // between the first note of a batch and its writing
	logNotes   = 1 << 14                // notes that wait for the writer
	logRows    = 1 << 15                // rows that wait for the store
	logBatch   = 2048                   // rows in one transaction
	logPatient = 5 * time.Second        // for one transaction
)

func newLog(st store.Store, now func() time.Time, node string, logger *slog.Logger) *signinLog {
	return &signinLog{
		store: st, now: now, node: node, logger: logger, followers: make(map[*follower]struct{}),
		wake: make(chan struct{}, 1), flushes: make(chan chan error), done: make(chan struct{}),
	}
}

// open finds out which ids the log has already.
func (l *signinLog) open(ctx context.Context) error {
	err := l.store.View(ctx, func(r store.Reader) error {
		return r.Attempts().Attempts(0, store.AttemptID{}, func(row store.AttemptRow) error {
			l.last = row.ID
			return errStop
		})
	}, store.Attempts)
	if fault.Is(err, fault.Canceled) || (err != nil && !isStop(err)) {
		return fault.In("signin.New", err)
	}
	return nil
}

// note takes down an attempt decided at the given time.
func (l *signinLog) note(now time.Time, n note) {
	n.attempt.Proof, n.attempt.Name, n.attempt.Authorize = nil, "", ""
	for _, s := range []*string{&n.name, &n.attempt.Mechanism, &n.attempt.ClientName} {
		if len(*s) > longestText {
			*s = strings.Clone((*s)[:longestText]) // no more of it is ever shown
		}
	}
	l.mu.Lock()
	first := len(l.notes) == 0
	l.sumUp(now, false)
	switch {
	case n.free && l.floods.takes(&n):
	case len(l.notes) >= logNotes:
		l.dropped++
	default:
		l.append(now, n)
	}
	first = first && len(l.notes) > 0
	l.mu.Unlock()
	if first {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// append takes a note down; mu is held.
func (l *signinLog) append(now time.Time, n note) {
	id := store.AttemptID{Time: now.UnixNano()}
	if id.Time <= l.last.Time {
		id = store.AttemptID{Time: l.last.Time, Seq: l.last.Seq + 1}
	}
	l.last = id
	l.notes = append(l.notes, stamped{id, n})
}

// sumUp takes down what was not written one by one, if the minute is over or the
// log ends; mu is held.
func (l *signinLog) sumUp(now time.Time, end bool) {
	if !end && !l.floods.over(now) {
		return
	}
	for _, n := range l.floods.begin(now) {
		l.append(now, n)
	}
}

// run is the writer; it ends when ctx does, after a last try to write.
func (l *signinLog) run(ctx context.Context) {
	defer close(l.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	tick := time.NewTicker(logTick)
	defer tick.Stop()
	for {
		select {
		case <-l.wake:
			timer.Reset(logPause)
		case <-tick.C:
			_ = l.write(ctx, false) // it is tried again, and has been logged
		case <-timer.C:
			if l.write(ctx, false) != nil {
				timer.Reset(time.Second)
			}
		case reply := <-l.flushes:
			reply <- l.write(ctx, false)
		case <-ctx.Done():
			_ = l.write(context.WithoutCancel(ctx), true) // it has been logged; there is nobody to tell
			return
		}
	}
}

// flush writes what has been noted before.
func (l *signinLog) flush(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case l.flushes <- reply:
	case <-l.done:
		return fault.New(fault.Closed, "signin.Attempts", "the authority is closed")
	case <-ctx.Done():
		return fault.Wrap(fault.Canceled, "signin.Attempts", context.Cause(ctx))
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return fault.Wrap(fault.Canceled, "signin.Attempts", context.Cause(ctx))
	}
}

// write brings the notes into rows, shows them to followers, and stores them.
func (l *signinLog) write(ctx context.Context, end bool) error {
	l.mu.Lock()
	l.sumUp(l.now(), end)
	notes := l.notes
	l.notes = nil
	followers := make([]*follower, 0, len(l.followers))
	for f := range l.followers {
		followers = append(followers, f)
	}
	l.mu.Unlock()
	for i := range notes {
		s := &notes[i]
		e := s.note.entry(time.Unix(0, s.id.Time), l.node)
		for _, f := range followers {
			f.offer(followed{s.id, s.note.account, e})
		}
		text, err := json.Marshal(e)
		if err != nil { // an Entry is always JSON
			l.logger.ErrorContext(ctx, "sign-in log entry is not JSON", slog.Any("error", err))
			continue
		}
		l.rows = append(l.rows, store.AttemptRow{ID: s.id, Account: s.note.account, JSON: text})
	}
	l.shed()
	return l.put(ctx)
}

// shed drops the oldest rows if there are too many.
func (l *signinLog) shed() {
	over := len(l.rows) - logRows
	if over <= 0 {
		return
	}
	l.rows = append(l.rows[:0:0], l.rows[over:]...)
	l.mu.Lock()
	l.dropped += uint64(over)
	l.mu.Unlock()
}

// put stores the rows, batch by batch.
func (l *signinLog) put(ctx context.Context) error {
	for len(l.rows) > 0 {
		batch := l.rows[:min(len(l.rows), logBatch)]
		ctx, cancel := context.WithTimeout(ctx, logPatient)
		err := l.store.Update(ctx, func(tx store.Tx) error { return tx.Attempts().AppendAttempts(batch) }, store.Attempts)
		cancel()
		if err != nil {
			l.logger.WarnContext(ctx, "sign-in log cannot be written now", slog.Int("waiting", len(l.rows)), slog.Any("error", err))
			return fault.In("signin.Attempts", err)
		}
		l.rows = l.rows[len(batch):]
	}
	l.rows = nil
	return nil
}

// prune removes what is older than before.
func (l *signinLog) prune(ctx context.Context, before time.Time) error {
	const step = 5000
	for {
		n := 0
		err := l.store.Delete(ctx, func(tx store.Tx) (err error) {
			n, err = tx.Attempts().PruneAttempts(before, step)
			return err
		}, store.Attempts)
		if err != nil || n < step {
			return err
		}
	}
}

func (l *signinLog) lost() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// follower is somebody who watches the log.
type follower struct {
	entries chan followed
}

type followed struct {
	id      store.AttemptID
	account mail.AccountID
	entry   Entry
}

// offer gives an entry to a follower that keeps up; one that does not misses it.
func (f *follower) offer(e followed) {
	select {
	case f.entries <- e:
	default:
	}
}

func (l *signinLog) follow() *follower {
	f := &follower{entries: make(chan followed, 4096)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.followers[f] = struct{}{}
	return f
}

func (l *signinLog) unfollow(f *follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.followers, f)
}
