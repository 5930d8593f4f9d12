package credential

import (
	"runtime"
	"testing"
	"time"
)

// TestBurstIsGivenBack holds that the garbage of hashing does not stay until
// something else makes the collector run.
func TestBurstIsGivenBack(t *testing.T) {
	q := NewQueue(QueueOptions{Workers: 1})
	for range burst {
		if err := q.Do(t.Context(), 8<<20, func() { hold(make([]byte, 8<<20)) }); err != nil {
			t.Fatal(err)
		}
	}
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		if now.NumForcedGC > before.NumForcedGC {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("no collection 30 s after a burst of hashing")
		}
	}
}

//go:noinline
func hold(b []byte) { b[0] = 1 }
