package storetest

import (
	"sync"
	"testing"

	"postern/store"
)

// testCrashes crashes at every write of random histories and checks what is
// left (laws 2 to 5).
func testCrashes(t *testing.T, open func(t testing.TB) *Harness) {
	points := count(400, 60000)
	seed := seedOf(t)
	n, histories := 0, 0
	for ; n < points; histories++ {
		h := open(t)
		if h.OnWrite == nil || h.Image == nil {
			return
		}
		found := crashHistory(t, h, seed+uint64(histories))
		if found == 0 {
			t.Error("a history without a single write to a file")
		}
		if t.Failed() {
			return
		}
		n += found
	}
	t.Logf("%d crash points in %d histories, seed %d", n, histories, seed)
}

// crashHistory runs one history, keeps an image before every write, and opens
// each of them afterwards. It tells how many there were.
func crashHistory(t *testing.T, hn *Harness, seed uint64) int {
	h := newHistory(t, hn.Store)
	c := &crashes{h: h, hn: hn, seed: seed}
	hn.OnWrite(c.keep)
	var wg sync.WaitGroup
	for w := range 3 {
		rng := newRand(seed, uint64(w))
		wg.Go(func() {
			ctx := patient(t)
			for range 14 {
				var err error
				if rng.IntN(4) == 0 {
					err = h.read(ctx, rng)
				} else {
					err = h.write(ctx, rng)
				}
				if refused(ctx, err) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	hn.OnWrite(nil)
	if err := hn.Store.Close(); err != nil {
		t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, image := range c.images {
		if t.Failed() {
			break
		}
		check(t, h, image, i%8 == 0)
	}
	return len(c.images)
}

type crashes struct {
	h    *history
	hn   *Harness
	seed uint64

	mu     sync.Mutex
	images []image // guarded by mu
}

type image struct {
	number  int
	kept    int
	promise promise
	open    func(t testing.TB) store.Store
}

var keptShares = [...]int{0, 10, 50, 100} //nolint:gochecknoglobals // a constant table

// keep makes an image. What is promised is noted first: it may grow before the
// image is made, never shrink.
func (c *crashes) keep() {
	p := c.h.promise()
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.images)
	kept := keptShares[n%len(keptShares)]
	c.images = append(c.images, image{n, kept, p, c.hn.Image(c.seed+uint64(n), kept)})
}

// check opens an image and holds it to its promise; write also checks that it
// takes new transactions.
func check(t *testing.T, h *history, im image, write bool) {
	t.Helper()
	s := im.open(t)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := h.kept(s, im.promise); err != nil {
		t.Errorf("crash %d with %d%% of the unsynced data: %v", im.number, im.kept, err)
		return
	}
	if !write {
		return
	}
	err := s.Update(patient(t), func(tx store.Tx) error {
		_, err := operate(im.promise.seed(), tx.Mail(1))
		return err
	}, store.MailOf(1))
	if err != nil {
		t.Errorf("crash %d: the store takes no transaction: %v", im.number, err)
	}
}

// seed makes the work after a crash differ between crashes.
func (p promise) seed() uint64 {
	var n uint64
	for _, k := range p.known {
		n = n*31 + uint64(k)
	}
	return n
}
