package credential

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postern/fault"
)

func TestQueueKeepsToItsBudgetAndOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(QueueOptions{Memory: 100, Workers: 4, Waiting: 100, Patience: time.Hour})
		var mu sync.Mutex
		var order []int
		var group sync.WaitGroup
		peak := int64(0)
		for i := range 20 {
			group.Go(func() {
				err := q.Do(t.Context(), 40, func() {
					mu.Lock()
					order = append(order, i)
					peak = max(peak, q.State().Bytes)
					mu.Unlock()
					<-time.After(time.Second)
				})
				if err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		group.Wait()
		if peak > 100 {
			t.Errorf("%d bytes in flight, want at most 100", peak)
		}
		for i := range order {
			if i > 1 && order[i]/2 != i/2 {
				t.Fatalf("order %v, want the oldest first", order)
			}
		}
		if s := q.State(); s != (QueueState{}) {
			t.Errorf("state %+v when nothing runs", s)
		}
	})
}

func TestQueueRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(QueueOptions{Memory: 100, Workers: 1, Waiting: 2, Patience: 3 * time.Second})
		release := make(chan struct{})
		results := make(chan error, 3)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- q.Do(t.Context(), 1000, func() { <-release }) }() // over the budget: alone
		synctest.Wait()
		go func() { results <- q.Do(ctx, 1, func() { t.Error("canceled work ran") }) }()
		late := make(chan error, 1)
		go func() { late <- q.Do(t.Context(), 1, func() { t.Error("late work ran") }) }()
		synctest.Wait()
		if err := q.Do(t.Context(), 1, func() { t.Error("refused work ran") }); !fault.Is(err, fault.Limit) {
			t.Errorf("the queue is full: %v", err)
		}
		cancel()
		if err := <-results; !fault.Is(err, fault.Canceled) {
			t.Errorf("canceled: %v", err)
		}
		start := time.Now()
		if err := <-late; !fault.Is(err, fault.Limit) || time.Since(start) > 3*time.Second {
			t.Errorf("waited %v: %v", time.Since(start), err)
		}
		close(release)
		if err := <-results; err != nil {
			t.Error(err)
		}
		if s := q.State(); s.Refused != 2 || s.Busy != 0 || s.Waiting != 0 {
			t.Errorf("state %+v", s)
		}
	})
}
