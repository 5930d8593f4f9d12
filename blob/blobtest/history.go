package blobtest

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"postern/blob"
)

// model is what a store should have in it.
type model struct {
	live map[blob.Ref][]byte
	dead map[blob.Ref]bool
	seed uint64
}

func newModel() *model { return &model{live: map[blob.Ref][]byte{}, dead: map[blob.Ref]bool{}} }

func (m *model) pick(rng *rand.Rand) blob.Ref {
	all := slices.Sorted(maps.Keys(m.live))
	return all[rng.IntN(len(all))]
}

func randomSize(rng *rand.Rand) int {
	switch rng.IntN(8) {
	case 0:
		return 0
	case 1:
		return 250_000 + rng.IntN(100_000)
	case 2, 3:
		return rng.IntN(70_000)
	}
	return rng.IntN(3000)
}

// step does one random thing. What an error leaves open goes into maybe.
func (m *model) step(ctx context.Context, s blob.Store, rng *rand.Rand, maybe *[]blob.Ref) error {
	switch n := rng.IntN(10); {
	case n < 5 || len(m.live) == 0:
		m.seed++
		data := content(m.seed, randomSize(rng))
		hint := []int64{-1, int64(len(data))}[rng.IntN(2)]
		ref, err := put(ctx, s, data, hint, 40_000)
		if err != nil {
			return err
		}
		if m.live[ref] != nil || m.dead[ref] {
			return errors.New("a ref is given twice")
		}
		m.live[ref] = data
	case n < 8:
		some := []blob.Ref{m.pick(rng), m.pick(rng), m.pick(rng)}[:1+rng.IntN(3)]
		err := s.Delete(ctx, some...)
		for _, ref := range some {
			if err == nil {
				m.dead[ref] = true
			} else if m.live[ref] != nil {
				*maybe = append(*maybe, ref)
			}
			delete(m.live, ref)
		}
		return err
	default:
		ref := m.pick(rng)
		return check(ctx, s, ref, m.live[ref])
	}
	return nil
}

// compare checks the store against the model. Blobs that the model does not
// know may be there after a crash, if extra, but whole; those whose deletion
// was not acknowledged may be there or not.
func (m *model) compare(t testing.TB, s blob.Store, extra bool, maybe []blob.Ref) {
	t.Helper()
	got := refs(t, s)
	for ref, data := range m.live {
		mustHave(t, s, ref, data)
		if _, ok := got[ref]; !ok {
			t.Fatalf("walk does not list %q", ref)
		}
		delete(got, ref)
	}
	for ref := range m.dead {
		mustMiss(t, s, ref)
	}
	for _, ref := range maybe {
		delete(got, ref)
	}
	for ref := range got {
		if _, err := get(t.Context(), s, ref); err != nil || !extra {
			t.Fatalf("walk lists %q, which was never acknowledged (%v)", ref, err)
		}
	}
	sound(t, s)
}

func (e Engine) testHistory(t *testing.T) {
	for seed := range uint64(count(4, 60)) {
		rng := newRand(seed)
		fs := NewMemFS()
		s := e.open(t, fs)
		m := newModel()
		for i := range 250 {
			if err := m.step(t.Context(), s, rng, nil); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
			if rng.IntN(40) == 0 {
				shut(t, s)
				s = e.open(t, fs)
				m.compare(t, s, false, nil)
			}
		}
		m.compare(t, s, false, nil)
		shut(t, s)
	}
}

// testCrash runs histories into a power loss at every k-th mutation of the file
// system, with four shares of the unsynced bytes surviving, and opens the store
// afterwards, sometimes crashing again while it recovers.
func (e Engine) testCrash(t *testing.T) {
	points := 0
	for seed := range uint64(count(1, 25)) {
		total := e.length(t, seed)
		every := max(1, total/count(40, total))
		for at := 1; at <= total; at += every {
			for i, share := range []float64{0, 0.1, 0.5, 1} {
				e.crashAt(t, seed, at, share, uint64(at*4+i))
				points++
			}
			if t.Failed() {
				t.Fatalf("seed %d, crash at mutation %d of %d", seed, at, total)
			}
		}
	}
	t.Logf("%d crash points", points)
}

const crashSteps = 60

// length is the number of mutations that the crash test's history makes.
func (e Engine) length(t *testing.T, seed uint64) int {
	fs := NewMemFS()
	s := e.open(t, fs)
	m, rng := newModel(), newRand(seed)
	for range crashSteps {
		if err := m.step(t.Context(), s, rng, nil); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, s)
	return fs.Writes()
}

func (e Engine) crashAt(t *testing.T, history uint64, at int, share float64, seed uint64) {
	t.Helper()
	fs := NewMemFS()
	fs.CrashAfter(at)
	rng, m := newRand(history), newModel()
	chance := newRand(seed)
	var maybe []blob.Ref
	s, err := e.Open(fs, dir)
	for i := 0; err == nil && i < crashSteps; i++ {
		err = m.step(t.Context(), s, rng, &maybe)
	}
	if s != nil {
		_ = s.Close()
	}
	if err != nil && !fs.Crashed() {
		t.Fatalf("crash at %d: %v", at, err)
	}
	fs = fs.Crash(share, chance)
	if chance.IntN(3) == 0 { // and once more while recovering
		fs.CrashAfter(1 + chance.IntN(6))
		if s, err := e.Open(fs, dir); err == nil {
			_ = s.Close()
		}
		fs = fs.Crash(share, chance)
	}
	s = e.open(t, fs)
	m.compare(t, s, true, maybe)
	// What survived goes on working.
	for range 5 {
		if err := m.step(t.Context(), s, chance, &maybe); err != nil {
			t.Fatalf("crash at %d, share %v, after recovery: %v", at, share, err)
		}
	}
	shut(t, s)
	s = e.open(t, fs)
	m.compare(t, s, true, maybe)
	shut(t, s)
}
