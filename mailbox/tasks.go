package mailbox

import (
	"context"
	"sync"
)

// tasks are the goroutines that an engine owns.
type tasks struct {
	run func(func(context.Context)) // starts one; after end it does nothing
	end func()                      // ends all and waits for them
}

// start readies t. The context that ends with end lives in the two functions.
func (t *tasks) start() {
	ctx, cancel := context.WithCancel(context.Background())
	var (
		mu      sync.Mutex // guards ended, and running against a late Go
		ended   bool
		running sync.WaitGroup
	)
	t.run = func(fn func(context.Context)) {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			running.Go(func() { fn(ctx) })
		}
	}
	t.end = func() {
		cancel()
		mu.Lock()
		ended = true
		mu.Unlock()
		running.Wait()
	}
}
