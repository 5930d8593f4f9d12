//go:build crash

package crash

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"postern/test/posterntest"
)

// TestKill kills the program with SIGKILL under mixed load, and now and then
// while it starts up again: nothing is lost, doubled or torn.
func TestKill(t *testing.T) {
	w := newWorld(t, 4)
	kills := posterntest.Share(40, 500)
	r := rand.New(rand.NewPCG(w.seed, 1<<32))
	w.start()
	w.baseline()
	doubts := 0
	for round := range kills {
		when := fmt.Sprintf("kill %d of %d", round+1, kills)
		running := w.load()
		after(time.Duration(20+r.IntN(400))*time.Millisecond, w.server.Done())
		w.must(w.oracle.Journal.Event(when))
		w.kill()
		if running.Wait() == nil {
			t.Fatalf("%s: no client noticed", when)
		}
		doubts += w.oracle.InDoubt()
		for range r.IntN(8) / 6 { // in a quarter of the rounds
			_ = posterntest.StartAndKill(t.Context(), w.binary, w.opts, time.Duration(r.IntN(150))*time.Millisecond)
		}
		w.start()
		w.verify(when)
		w.fsck(when)
	}
	t.Logf("%d kills, %d acknowledged commands, %d in doubt", kills, w.oracle.Acked(), doubts)
	if doubts < kills {
		t.Errorf("only %d commands were cut off by %d kills: the load is too light", doubts, kills)
	}
}
