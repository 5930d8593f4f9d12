package credential

import (
	"container/list"
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"postern/fault"
)

// Queue bounds the memory and the processors that hashing takes. Work waits in
// the order in which it came, up to a number and for a time; beyond them it is
// refused at once, so that an overloaded server answers quickly. Work runs on
// the goroutine that asked.
type Queue struct {
	budget   int64
	workers  int
	waiting  int
	patience time.Duration

	mu    sync.Mutex // guards the fields below
	bytes int64      // in flight
	busy  int        // in flight
	line  list.List  // of *waiter, oldest first
	full  uint64     // refused so far
	dirty int        // runs since memory was last given back
	calm  *time.Timer
}

// Hashing leaves garbage of many mebibytes a run, which nothing else would make
// the collector look at for minutes. Once a burst is over it is given back.
const (
	burst     = 16          // runs that are worth a collection
	burstOver = time.Second // without hashing
)

type waiter struct {
	bytes int64
	ready chan struct{}
}

// QueueOptions bound a queue; zero fields have defaults.
type QueueOptions struct {
	Memory   int64         // bytes in flight; 256 MiB
	Workers  int           // at a time; the number of processors
	Waiting  int           // at most; 512
	Patience time.Duration // at most; 5 s
}

// NewQueue makes a queue.
func NewQueue(o QueueOptions) *Queue {
	q := &Queue{budget: o.Memory, workers: o.Workers, waiting: o.Waiting, patience: o.Patience}
	if q.budget <= 0 {
		q.budget = 256 << 20
	}
	if q.workers <= 0 {
		q.workers = runtime.GOMAXPROCS(0)
	}
	if q.waiting <= 0 {
		q.waiting = 512
	}
	if q.patience <= 0 {
		q.patience = 5 * time.Second
	}
	return q
}

// QueueState is a queue's load.
type QueueState struct {
	Bytes   int64
	Busy    int
	Waiting int
	Refused uint64
}

// State is the load now.
func (q *Queue) State() QueueState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return QueueState{q.bytes, q.busy, q.line.Len(), q.full}
}

// Do runs fn, which needs so many bytes, when there is room. The error is
// Limit if the queue is full or the wait too long, Canceled if ctx ended first;
// then fn has not run. Work over the whole budget runs alone.
func (q *Queue) Do(ctx context.Context, bytes int64, fn func()) error {
	bytes = min(bytes, q.budget)
	if err := q.enter(ctx, bytes); err != nil {
		return err
	}
	defer q.leave(bytes)
	fn()
	return nil
}

func (q *Queue) fits(bytes int64) bool {
	return q.busy < q.workers && q.bytes+bytes <= q.budget
}

func (q *Queue) enter(ctx context.Context, bytes int64) error {
	const op = "credential.Queue"
	q.mu.Lock()
	if q.line.Len() == 0 && q.fits(bytes) {
		q.busy++
		q.bytes += bytes
		q.mu.Unlock()
		return nil
	}
	if q.line.Len() >= q.waiting {
		q.full++
		q.mu.Unlock()
		return fault.New(fault.Limit, op, "%d are waiting to be hashed", q.waiting)
	}
	w := &waiter{bytes, make(chan struct{})}
	place := q.line.PushBack(w)
	q.mu.Unlock()

	timer := time.NewTimer(q.patience)
	defer timer.Stop()
	var err error
	select {
	case <-w.ready:
		return nil
	case <-timer.C:
		err = fault.New(fault.Limit, op, "waited %v to be hashed", q.patience)
	case <-ctx.Done():
		err = fault.Wrap(fault.Canceled, op, context.Cause(ctx))
	}
	return q.giveUp(place, w, err)
}

// giveUp leaves the line with err, unless the turn came meanwhile.
func (q *Queue) giveUp(place *list.Element, w *waiter, err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	default:
	}
	q.line.Remove(place)
	q.admit() // who came after may fit where w did not
	if fault.Is(err, fault.Limit) {
		q.full++
	}
	return err
}

func (q *Queue) leave(bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy--
	q.bytes -= bytes
	q.admit()
	q.dirty++
	if q.busy > 0 || q.dirty < burst {
		return
	}
	if q.calm == nil {
		q.calm = time.AfterFunc(burstOver, q.giveBack)
	} else {
		q.calm.Reset(burstOver)
	}
}

// giveBack returns the memory of a burst that is over to the system.
func (q *Queue) giveBack() {
	q.mu.Lock()
	over := q.busy == 0 && q.dirty >= burst
	if over {
		q.dirty = 0
	}
	q.mu.Unlock()
	if over {
		debug.FreeOSMemory()
	}
}

// admit lets the oldest in as long as they fit. The mutex is held.
func (q *Queue) admit() {
	for e := q.line.Front(); e != nil; e = q.line.Front() {
		w, ok := e.Value.(*waiter)
		if !ok || !q.fits(w.bytes) {
			return
		}
		q.line.Remove(e)
		q.busy++
		q.bytes += w.bytes
		close(w.ready)
	}
}
