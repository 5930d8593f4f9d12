package fileblob

import "sync"

// group lets callers that wait share the work of one: while a round runs, all
// that come gather for the next, and the first of them runs it for all. With
// fsync as the work this is group commit.
type group[T any] struct {
	run func([]T) // does the work; results go into the items

	turn sync.Mutex // held while a round runs

	mu      sync.Mutex
	waiting *round[T] // guarded by mu
}

type round[T any] struct {
	items []T
	done  chan struct{}
}

// do returns when a round that item was in has run.
func (g *group[T]) do(item T) {
	g.mu.Lock()
	r := g.waiting
	lead := r == nil
	if lead {
		r = &round[T]{done: make(chan struct{})}
		g.waiting = r
	}
	r.items = append(r.items, item)
	g.mu.Unlock()
	if !lead {
		<-r.done
		return
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	g.mu.Lock()
	g.waiting = nil
	g.mu.Unlock()
	defer close(r.done)
	g.run(r.items)
}
