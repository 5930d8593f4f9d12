package pebblestore

import (
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// pacer decides when Pebble may compact. Pebble tries a compaction that failed
// again at once, which a damaged table makes fail for ever; so after a failure
// none begins for a while, and longer with each. Reading, writing and deleting
// do not wait for it. It lets through as many at a time as Pebble wants.
//
// It implements pebble.CompactionScheduler: its mutex comes after Pebble's, so
// nothing is asked of the DB that takes Pebble's while mu is held.
type pacer struct {
	db   pebble.DBForCompaction // set by Register, before anything else is called
	poke chan struct{}

	mu       sync.Mutex
	granted  sync.Cond // signalled when granting becomes false; on mu
	running  int       // guarded by mu, as is all that follows
	waiting  bool      // a compaction was put off
	granting bool
	ended    bool
	backoff  backoff
	until    time.Time // none begins before
}

// paceEvery is how often a pause is looked at.
const paceEvery = 100 * time.Millisecond

var _ pebble.CompactionScheduler = (*pacer)(nil)

func newPacer() *pacer {
	p := &pacer{poke: make(chan struct{}, 1)}
	p.granted.L = &p.mu
	return p
}

// failure notes that background work failed. Pebble's mutex may be held.
func (p *pacer) failure(err error) {
	if errors.Is(err, syscall.ENOSPC) {
		return // ends with the full disk; the guard slows it down
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = now.Add(p.backoff.next(now))
}

// allowed tells whether one more may begin; mu is held.
func (p *pacer) allowed() bool {
	return !p.ended && !time.Now().Before(p.until) && p.running < p.db.GetAllowedWithoutPermission()
}

// Register implements pebble.CompactionScheduler.
func (p *pacer) Register(_ int, db pebble.DBForCompaction) { p.db = db }

// Unregister implements pebble.CompactionScheduler: it waits for calls of db.
func (p *pacer) Unregister() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for p.granting {
		p.granted.Wait()
	}
}

// TrySchedule implements pebble.CompactionScheduler.
func (p *pacer) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.allowed() {
		p.waiting = true
		return false, nil
	}
	p.running++
	return true, p
}

// UpdateGetAllowedWithoutPermission implements pebble.CompactionScheduler.
func (p *pacer) UpdateGetAllowedWithoutPermission() {
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// Started implements pebble.CompactionGrantHandle.
func (p *pacer) Started() {}

// MeasureCPU implements pebble.CompactionGrantHandle.
func (p *pacer) MeasureCPU(pebble.CompactionGoroutineKind) {}

// CumulativeStats implements pebble.CompactionGrantHandle.
func (p *pacer) CumulativeStats(pebble.CompactionGrantHandleStats) {}

// Done implements pebble.CompactionGrantHandle.
func (p *pacer) Done() {
	p.mu.Lock()
	p.running--
	p.mu.Unlock()
	p.grant()
}

// grant begins what was put off, if it may.
func (p *pacer) grant() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.granting { // who does it looks again after each
		return
	}
	p.granting = true
	for p.waiting && p.allowed() {
		p.waiting = false // TrySchedule may set it from here on
		p.running++
		p.mu.Unlock()
		waiting, _ := p.db.GetWaitingCompaction()
		began := waiting && p.db.Schedule(p)
		p.mu.Lock()
		if began {
			p.waiting = true // there may be more
		} else {
			p.running--
		}
	}
	p.granting = false
	p.granted.Broadcast()
}

// watch grants when a pause is over, until stop is closed.
func (p *pacer) watch(stop <-chan struct{}) {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		case <-p.poke:
		}
		p.grant()
	}
}
