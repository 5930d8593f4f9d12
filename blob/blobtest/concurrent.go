package blobtest

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"

	"postern/blob"
	"postern/fault"
)

// testConcurrent has writers, readers and deleters at once, with walks, holds
// and verifications between them.
func (e Engine) testConcurrent(t *testing.T) {
	s, _ := e.fresh(t)
	var wg sync.WaitGroup
	for w := range uint64(8) {
		wg.Go(func() {
			if err := worker(t.Context(), s, w, count(60, 600)); err != nil {
				t.Errorf("worker %d: %v", w, err)
			}
		})
	}
	stop := make(chan struct{})
	var rest sync.WaitGroup
	rest.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			release := s.Hold()
			refs(t, s)
			sound(t, s)
			release()
		}
	})
	wg.Wait()
	close(stop)
	rest.Wait()
	if got := refs(t, s); len(got) != 0 {
		t.Errorf("%d blobs left", len(got))
	}
}

// worker writes blobs, reads them while it deletes others, and leaves nothing.
func worker(ctx context.Context, s blob.Store, id uint64, rounds int) error {
	rng := newRand(id)
	type one struct {
		ref  blob.Ref
		data []byte
	}
	var mine []one
	for i := range rounds {
		data := content(id<<32|uint64(i), randomSize(rng))
		ref, err := put(ctx, s, data, -1, 30_000)
		if err != nil {
			return err
		}
		mine = append(mine, one{ref, data})
		o := mine[rng.IntN(len(mine))]
		if err := check(ctx, s, o.ref, o.data); err != nil {
			return err
		}
		if len(mine) > 5 || i == rounds-1 {
			for _, o := range mine {
				if err := s.Delete(ctx, o.ref); err != nil {
					return err
				}
			}
			mine = nil
		}
	}
	return nil
}

func (e Engine) testCopy(t *testing.T) {
	s, fs := e.fresh(t)
	m := newModel()
	rng := newRand(3)
	for range 150 {
		if err := m.step(t.Context(), s, rng, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Copy(t.Context(), "/copy"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a copy into a folder that exists", s.Copy(t.Context(), "/copy"), fault.Exists)
	then := newModel() // as it is in the copy
	maps.Copy(then.live, m.live)
	maps.Copy(then.dead, m.dead)
	for range 50 { // the original goes its own way
		if err := m.step(t.Context(), s, rng, nil); err != nil {
			t.Fatal(err)
		}
	}
	c, err := e.Open(fs.Crash(0, rng), "/copy") // the copy is durable
	if err != nil {
		t.Fatal(err)
	}
	then.compare(t, c, false, nil)
	mustPut(t, c, []byte("more"))
	shut(t, c)
}

// testCopyLive copies under a Hold while the store is written to and deleted
// from: the copy has everything that was there when the Hold began.
func (e Engine) testCopyLive(t *testing.T) {
	s, fs := e.fresh(t)
	want := map[blob.Ref][]byte{}
	var all []blob.Ref
	for i := range uint64(40) {
		data := content(i, int(i*i*200))
		ref := mustPut(t, s, data)
		want[ref] = data
		all = append(all, ref)
	}
	release := s.Hold()
	var wg sync.WaitGroup
	wg.Go(func() {
		for i, ref := range all {
			if err := s.Delete(t.Context(), ref); err != nil {
				t.Error(err)
			}
			if _, err := put(t.Context(), s, content(uint64(i), 5000), -1, 5000); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 4 {
		if err := s.Copy(t.Context(), fmt.Sprintf("/copy%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	release()
	for i := range 4 {
		c, err := e.Open(fs, fmt.Sprintf("/copy%d", i))
		if err != nil {
			t.Fatal(err)
		}
		for ref, data := range want {
			mustHave(t, c, ref, data)
		}
		sound(t, c)
		shut(t, c)
	}
}
