package signin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/signin/policy"
	"postern/store"
)

// sickStore is a store whose reads fail in every way that reads can fail.
type sickStore struct {
	store.Store
	mode atomic.Int32
	hits atomic.Int64
}

const (
	well = iota
	refusing
	closed
	internal
	hanging      // until the context ends
	deaf         // for longer than the context lives
	panicking    // in the store's own code
	halfReading  // the account is found, its credentials fail
	garbled      // another account's rows
	strangeError // an error that is no fault
	outOfTurn    // NotFound from the middle
	flickering   // every second read works
	modes
)

func (s *sickStore) View(ctx context.Context, fn func(store.Reader) error, parts ...store.Partition) error {
	if len(parts) != 1 || parts[0] != store.Directory {
		return s.Store.View(ctx, fn, parts...)
	}
	s.hits.Add(1)
	mode := s.mode.Load()
	switch mode {
	case refusing:
		return fault.New(fault.Unavailable, "sick", "refused")
	case closed:
		return fault.New(fault.Closed, "sick", "closed")
	case internal:
		return fault.New(fault.Internal, "sick", "broken")
	case hanging:
		<-ctx.Done()
		return ctx.Err()
	case deaf:
		<-ctx.Done()
		<-time.After(5 * time.Millisecond)
		return fault.New(fault.NotFound, "sick", "too late")
	case panicking:
		panic("sick")
	case strangeError:
		return errors.New("no such table")
	case outOfTurn:
		return fault.New(fault.NotFound, "sick", "no such partition")
	case flickering:
		if s.hits.Load()%2 == 0 {
			return fault.New(fault.Unavailable, "sick", "refused")
		}
	}
	return s.Store.View(ctx, func(r store.Reader) error { return fn(sickReader{r, mode}) }, parts...)
}

type sickReader struct {
	store.Reader
	mode int32
}

func (r sickReader) Directory() store.DirectoryReader {
	return sickDirectory{r.Reader.Directory(), r.mode}
}

type sickDirectory struct {
	store.DirectoryReader
	mode int32
}

func (d sickDirectory) AccountByAddress(address string) (store.AccountRow, error) {
	if d.mode == garbled {
		return store.AccountRow{ID: 99, Version: 1, Address: "other@postern.test"}, nil
	}
	return d.DirectoryReader.AccountByAddress(address)
}

func (d sickDirectory) Credentials(id mail.AccountID) ([]store.CredentialRow, error) {
	if d.mode == halfReading {
		return nil, fault.New(fault.Unavailable, "sick", "half way")
	}
	return d.DirectoryReader.Credentials(id)
}

// long tells whether the full counts were asked for.
func long() bool { return os.Getenv("POSTERN_LONG") != "" }

// TestStoreOutages signs in with the right password while the store is down,
// slow or talks garbage: not once may that look like a wrong password.
func TestStoreOutages(t *testing.T) {
	t.Parallel()
	s := &sickStore{Store: openStore(t)}
	r := newRigOn(t, s, func(o *Options) { o.StorePatience = 15 * time.Millisecond })
	const people = 20
	for i := range people {
		r.account(fmt.Sprintf("user%d@postern.test", i), fmt.Sprint("right", i))
	}
	total := 2000
	if long() {
		total = 100_000
	}
	const workers = 16
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var outcomes [modes]sync.Map
	var done atomic.Int64
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(w)))
			for done.Add(1) <= int64(total) {
				mode := rnd.Int32N(modes)
				s.mode.Store(mode)
				if rnd.IntN(4) == 0 {
					r.people.changed() // forget what is known, so that the store is asked
				}
				i := rnd.IntN(people)
				v := r.SignIn(t.Context(), attempt(fmt.Sprintf("USER%d@postern.test", i), fmt.Sprint("right", i)))
				if v.Grant != nil {
					v.Grant.Release()
				}
				outcomes[mode].Store(v.Reason, true)
				_, code, text := v.IMAP()
				if v.Outcome != Allow && (code != "UNAVAILABLE" || text == "") {
					t.Errorf("mode %d: %v %s is said as [%s] %s", mode, v.Outcome, v.Reason, code, text)
				}
			}
		})
	}
	group.Wait()
	s.mode.Store(well)
	seen := make(map[Reason]bool)
	for i := range outcomes {
		outcomes[i].Range(func(k, _ any) bool {
			reason, _ := k.(Reason)
			seen[reason] = true
			return true
		})
	}
	for _, want := range []Reason{policy.Allowed, policy.StoreDown, policy.StoreDamaged} {
		if !seen[want] {
			t.Errorf("reason %q never came: %v", want, seen)
		}
	}
	wait(t, "the store's stuck reads have ended", func() bool { return len(r.people.slots) == 0 })
	r.people.changed()
	r.expect("when all is well again", "allow", attempt("user1@postern.test", "right1"))
}

// TestShortOutageIsNotNoticed holds law 2: the authority tries again inside.
func TestShortOutageIsNotNoticed(t *testing.T) {
	t.Parallel()
	s := &sickStore{Store: openStore(t)}
	r := newRigOn(t, s)
	r.account("alice@postern.test", "right")
	s.mode.Store(refusing)
	timer := time.AfterFunc(50*time.Millisecond, func() { s.mode.Store(well) })
	defer timer.Stop()
	r.expect("over a short outage", "allow", attempt("alice@postern.test", "right"))
	s.mode.Store(refusing)
	r.expect("what is known needs no store", "allow", attempt("alice@postern.test", "right"))
	s.mode.Store(well)
}

// TestPanic holds that a panic of ours is unavailable, is logged, and that
// what it could have held is in no log.
func TestPanic(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", canary)
	r.expect("before", "allow", attempt("alice@postern.test", canary))
	keep := r.throttle
	r.throttle = nil
	r.expect("nil", "unavailable panic", attempt("alice@postern.test", canary))
	r.throttle = keep
	r.expect("after", "allow", attempt("alice@postern.test", canary))
	if log := r.logs.String(); !strings.Contains(log, "panic in sign-in") || strings.Contains(log, canary) {
		t.Errorf("log %s", log)
	}
	if n := r.Stats().Sessions; n != 0 {
		t.Errorf("%d sessions are left over", n)
	}
}

// TestRaceWithRevocation holds that no session outlives the revocation that
// came while it was being opened.
func TestRaceWithRevocation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "right")
	for range 50 {
		var group sync.WaitGroup
		verdicts := make([]Verdict, 8)
		for i := range verdicts {
			group.Go(func() { verdicts[i] = r.SignIn(t.Context(), attempt("alice@postern.test", "right")) })
		}
		if err := r.SetEnabled(t.Context(), alice.ID, false); err != nil {
			t.Fatal(err)
		}
		group.Wait()
		for _, v := range verdicts {
			if v.Grant == nil {
				if v.Reason != policy.Disabled {
					t.Errorf("%v %s", v.Outcome, v.Reason)
				}
				continue
			}
			select {
			case <-v.Grant.Done():
			default:
				t.Fatal("a session of a disabled account is open")
			}
		}
		if err := r.SetEnabled(t.Context(), alice.ID, true); err != nil {
			t.Fatal(err)
		}
	}
}

// fullStore is a store on a full disk: it is read, but takes no writes.
type fullStore struct{ store.Store }

func (fullStore) Update(context.Context, func(store.Tx) error, ...store.Partition) error {
	return fault.New(fault.Full, "full", "no room on the disk")
}

// TestFullDisk holds that people sign in, and the server starts, on a full disk.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := newRigOn(t, s)
	r.account("alice@postern.test", "right")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = newRigOn(t, fullStore{s})
	r.expect("on a full disk", "allow", attempt("alice@postern.test", "right"))
	if _, err := r.CreateAccount(t.Context(), NewAccount{Address: "bob@postern.test"}); !fault.Is(err, fault.Full) {
		t.Errorf("making an account: %v", err)
	}
}
