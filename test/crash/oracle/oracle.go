package oracle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"postern/test/posterntest"
)

// Oracle is a set of clients and what they know.
type Oracle struct {
	Journal  *Journal
	Workers  []*Worker
	accounts []*account
	password string
}

type account struct {
	Name    string // to sign in with
	facts   *facts
	workers []*Worker
	static  map[place]held // was there before the workers came
	boxes   map[string]bool
}

// New makes so many workers for each of the accounts.
func New(j *Journal, seed uint64, password string, accounts []string, each int) *Oracle {
	o := &Oracle{Journal: j, password: password}
	for _, name := range accounts {
		a := &account{Name: name, facts: &facts{byName: make(map[string]*boxFacts)}, static: map[place]held{}, boxes: map[string]bool{}}
		for range each {
			n := uint64(len(o.Workers))
			w := &Worker{
				Name: fmt.Sprintf("w%d", n), seed: seed, rng: rand.New(rand.NewPCG(seed, n)),
				journal: j, facts: a.facts, held: make(map[place]held),
			}
			a.workers = append(a.workers, w)
			o.Workers = append(o.Workers, w)
		}
		o.accounts = append(o.accounts, a)
	}
	return o
}

// Baseline takes what is there as given. It is called once, before any Load.
func (o *Oracle) Baseline(ctx context.Context, addr string) error {
	return o.each(ctx, addr, func(a *account, s State) {
		for name, b := range s {
			a.boxes[name] = true
			a.facts.told(name, b.validity, b.next, b.modseq, boxFacts{})
			for uid, m := range b.messages {
				a.static[place{name, uid}] = m
			}
		}
	})
}

// Verify reads everything back and gives what is wrong in words. Nobody may be
// working.
func (o *Oracle) Verify(ctx context.Context, addr string) ([]string, error) {
	var wrong []string
	err := o.each(ctx, addr, func(a *account, s State) { wrong = append(wrong, a.check(s)...) })
	return wrong, err
}

func (o *Oracle) each(ctx context.Context, addr string, fn func(*account, State)) error {
	for _, a := range o.accounts {
		conn, err := posterntest.Login(ctx, addr, a.Name, o.password)
		if err != nil {
			return err
		}
		s, err := Read(conn)
		conn.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		fn(a, s)
	}
	return nil
}

// Running is a load under way.
type Running struct {
	workers []*Worker
	conns   []*posterntest.Conn
	stop    chan struct{}
	wg      sync.WaitGroup
	errs    []error // one for each worker; read after wg
}

// Load sets all workers to work, until Stop or until their connections end.
func (o *Oracle) Load(ctx context.Context, addr string) (*Running, error) {
	l := &Running{workers: o.Workers, stop: make(chan struct{}), errs: make([]error, len(o.Workers))}
	for _, a := range o.accounts {
		for range a.workers {
			conn, err := posterntest.Login(ctx, addr, a.Name, o.password)
			if err != nil {
				l.close()
				return nil, err
			}
			l.conns = append(l.conns, conn)
		}
	}
	for i, w := range o.Workers {
		l.wg.Go(func() {
			if l.errs[i] = w.Run(l.conns[i], l.stop); l.errs[i] != nil {
				_ = l.conns[i].AwaitBye(5 * time.Second) // it may come after a refusal
			}
			l.conns[i].Close()
		})
	}
	return l, nil
}

// Stop lets each worker end its command and waits.
func (l *Running) Stop() error {
	close(l.stop)
	return l.Wait()
}

// Wait waits until the connections have ended.
func (l *Running) Wait() error {
	l.wg.Wait()
	l.close()
	return errors.Join(l.errs...)
}

// Refused is how many commands were refused so far.
func (l *Running) Refused() int {
	n := 0
	for _, w := range l.workers {
		n += int(w.refusals.Load())
	}
	return n
}

// Unsaid are the workers that were not told BYE, whatever they were doing.
func (l *Running) Unsaid() []string {
	var all []string
	for i, c := range l.conns {
		if c.Bye == "" {
			all = append(all, l.workers[i].Name)
		}
	}
	return all
}

func (l *Running) close() {
	for _, c := range l.conns {
		c.Close()
	}
}

// Acked is how many commands with an effect were acknowledged.
func (o *Oracle) Acked() int {
	n := 0
	for _, w := range o.Workers {
		n += w.Acked
	}
	return n
}

// InDoubt is how many commands have no answer.
func (o *Oracle) InDoubt() int {
	n := 0
	for _, w := range o.Workers {
		n += len(w.pending)
	}
	return n
}

// Readable reads everything back from a server that refuses to write and gives
// what is lost or changed of what was acknowledged. What is in doubt stays so:
// the next start decides.
func (o *Oracle) Readable(ctx context.Context, addr string) ([]string, error) {
	var wrong []string
	err := o.each(ctx, addr, func(a *account, s State) { wrong = append(wrong, a.missing(s)...) })
	return wrong, err
}

// Refuse lets all workers take NO for an answer. inDoubt says that the first
// one of each may have been done all the same.
func (o *Oracle) Refuse(refusable, inDoubt bool) {
	for _, w := range o.Workers {
		w.Refusable, w.InDoubt, w.Refused = refusable, inDoubt, nil
		w.refusals.Store(0)
	}
}

// Refusals are the answers since Refuse, without those that came often.
func (o *Oracle) Refusals() []string {
	seen := make(map[string]bool)
	for _, w := range o.Workers {
		for _, r := range w.Refused {
			seen[r] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
