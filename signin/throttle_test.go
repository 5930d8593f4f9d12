package signin

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/signin/policy"
)

// TestThrottleCountsDistinctGuesses holds law 5: twenty distinct guesses an
// hour, a repeated one counts once, a held one is not verified.
func TestThrottleCountsDistinctGuesses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"alice@postern.test", "nobody@postern.test"} {
		r := newRig(t)
		r.account("alice@postern.test", "right")
		wrong := "deny wrong-password"
		if name != "alice@postern.test" {
			wrong = "deny unknown-account"
		}
		for i := range 20 {
			for range 3 {
				r.expect("guess", wrong, attempt(name, fmt.Sprint("guess", i), from(fmt.Sprintf("198.51.%d.1", i))))
			}
		}
		before := r.Stats().Verifications
		v := r.SignIn(t.Context(), attempt(name, "guess20"))
		if v.Outcome != Unavailable || v.Reason != policy.Throttled || v.RetryAfter != time.Hour {
			t.Errorf("%s: the 21st guess: %v %s, again in %v", name, v.Outcome, v.Reason, v.RetryAfter)
		}
		r.expect("the right password from an unknown place", "unavailable throttled", attempt(name, "right"))
		if n := r.Stats().Verifications - before; n != 0 {
			t.Errorf("%s: %d held attempts were verified", name, n)
		}
		r.expect("a guess made before", wrong, attempt(name, "guess7", from("198.51.7.1")))
		r.pass(time.Hour + time.Second)
		r.expect("an hour later", wrong, attempt(name, "guess20"))
	}
}

// TestOwnerIsNeverLockedOut holds the rest of law 5: the owner's known device
// and app passwords go on during an attack.
func TestOwnerIsNeverLockedOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "right")
	_, app, err := r.AddAppPassword(t.Context(), alice.ID, AppPassword{})
	if err != nil {
		t.Fatal(err)
	}
	r.expect("at home", "allow", attempt("alice@postern.test", "right", from("203.0.113.5")))
	for i := range 40 {
		r.try(attempt("alice@postern.test", fmt.Sprint("guess", i), from("198.51.100.1")))
	}
	r.expect("the attacker, with luck", "unavailable throttled", attempt("alice@postern.test", "right", from("198.51.100.1")))
	r.expect("at home, another address of the network", "allow", attempt("alice@postern.test", "right", from("203.0.113.200")))
	r.expect("an app password, from anywhere", "allow", attempt("alice@postern.test", app, from("198.51.100.1")))
	r.expect("at home, mistyped", "deny wrong-password", attempt("alice@postern.test", "rihgt", from("203.0.113.5")))
	r.expect("at home, by another protocol", "unavailable throttled", attempt("alice@postern.test", "right", from("203.0.113.5"),
		func(at *Attempt) { at.Protocol, at.Mechanism = "pop3", "USER" }))

	// A phone with an old password tries it for days.
	for range 100 {
		r.expect("stale phone", "deny wrong-password", attempt("alice@postern.test", "old password", from("203.0.113.5")))
		r.pass(20 * time.Minute)
	}
	r.expect("the owner in a new place", "allow", attempt("alice@postern.test", "right", from("192.0.2.200")))
}

// TestKnownDevicesAreHeldByTheirOwnGuesses: a device that the account is used
// from may not guess without end either, nor gain guesses by a success between.
func TestKnownDevicesAreHeldByTheirOwnGuesses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "right")
	for i := range 10 {
		r.expect("guess", "deny wrong-password", attempt("alice@postern.test", fmt.Sprint("guess", i)))
	}
	r.expect("right", "allow", attempt("alice@postern.test", "right"))
	told := 10
	for i := range 100 {
		if r.try(attempt("alice@postern.test", fmt.Sprint("more", i))) == "deny wrong-password" {
			told++
		}
	}
	if told != 20 {
		t.Errorf("%d guesses were answered, want 20", told)
	}
	r.expect("right, while held, though it is cached", "unavailable throttled", attempt("alice@postern.test", "right"))
}

func TestThrottleInParallel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "right")
	var told, held atomic.Int64
	var group sync.WaitGroup
	for w := range 32 {
		group.Go(func() {
			for i := range 20 {
				v := r.SignIn(t.Context(), attempt("alice@postern.test", fmt.Sprint("guess", w, "-", i), from(fmt.Sprintf("198.51.%d.%d", w, i))))
				switch v.Outcome {
				case Deny:
					told.Add(1)
				case Unavailable:
					held.Add(1)
				default:
					t.Errorf("%v %s", v.Outcome, v.Reason)
				}
			}
		})
	}
	group.Wait()
	if told.Load() > 20 || told.Load()+held.Load() != 640 {
		t.Errorf("%d of 640 guesses were answered, %d held; want at most 20 answered", told.Load(), held.Load())
	}
}

// TestSprays holds that one network cannot try one password at every account.
func TestSprays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "right")
	told := 0
	for i := range 300 {
		if r.try(attempt(fmt.Sprintf("user%d@postern.test", i), "Winter2026", from(fmt.Sprintf("198.51.100.%d", i%250)))) == "deny unknown-account" {
			told++
		}
	}
	if told != 100 {
		t.Errorf("%d guesses from one network were answered, want 100", told)
	}
	r.expect("from another network", "allow", attempt("alice@postern.test", "right"))
	r.expect("from the spraying network", "unavailable throttled", attempt("alice@postern.test", "right", from("198.51.100.9")))
	for i := range 300 {
		r.expect("loopback is exempt", "deny unknown-account", attempt(fmt.Sprintf("user%d@postern.test", i), "x", from("127.0.0.1")))
	}
	r.pass(2 * time.Hour)
	r.expect("later", "allow", attempt("alice@postern.test", "right", from("198.51.100.9")))
}

// TestDevicesAreRemembered holds that a known device stays one over a restart,
// for thirty days.
func TestDevicesAreRemembered(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := newRigOn(t, s)
	alice := r.account("alice@postern.test", "right")
	r.expect("home", "allow", attempt("alice@postern.test", "right", from("2001:db8::1")))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	devices := devicesOf(t, s, alice.ID)
	if len(devices) != 1 || devices[0].Key != "2001:db8::/64 imap" {
		t.Fatalf("devices %+v", devices)
	}
	if c := credentialsOf(t, s, alice.ID)[0]; c.LastUsedBy != "imap from 2001:db8::/64" || c.LastUsed.IsZero() {
		t.Errorf("credential %+v", c)
	}
	again := newRigOn(t, s)
	again.pass(29 * 24 * time.Hour)
	attack := func() {
		for i := range 20 {
			again.try(attempt("alice@postern.test", fmt.Sprint("guess", i), from("198.51.100.1")))
		}
	}
	attack()
	again.pass(time.Minute)
	again.expect("home after 29 days", "allow", attempt("alice@postern.test", "right", from("2001:db8::2")))
	again.pass(31 * 24 * time.Hour)
	attack()
	again.expect("home after 31 days more", "unavailable throttled", attempt("alice@postern.test", "right", from("2001:db8::2")))
}

func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	th := newThrottle()
	now := time.Unix(1_700_000_000, 0)
	for i := range throttleUnknown + 20_000 {
		w := target{name: [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 1, 2, 3, 4, byte(i)}}
		k := th.reserve(now, w, [32]byte{}, place{}, []byte("x"), func(policy.Throttle) bool { return false })
		k.settle(now, true)
	}
	n := 0
	for i := range th.shards {
		n += th.shards[i].unknown.len()
	}
	if n > throttleUnknown {
		t.Errorf("%d names are held, want at most %d", n, throttleUnknown)
	}
	// A right password leaves nothing behind.
	w := target{account: 7}
	th.reserve(now, w, [32]byte{}, place{}, []byte("x"), func(policy.Throttle) bool { return false }).settle(now, false)
	if s := th.shard(w); s.known.len() != 0 {
		t.Error("a right password left its guess behind")
	}
}

func TestCacheIsNeverShared(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "same")
	r.account("bob@postern.test", "other")
	r.expect("alice", "allow", attempt("alice@postern.test", "same"))
	n := r.Stats().Verifications
	r.expect("alice again", "allow", attempt("alice@postern.test", "same"))
	if m := r.Stats().Verifications; m != n {
		t.Errorf("a cached sign-in made %d verifications", m-n)
	}
	r.expect("bob with alice's password", "deny wrong-password", attempt("bob@postern.test", "same"))
	if _, err := r.ApplyPolicy(t.Context(), []byte("# another\n"), "", ""); err != nil {
		t.Fatal(err)
	}
	n = r.Stats().Verifications
	r.expect("a new revision leaves the cache warm", "allow", attempt("alice@postern.test", "same"))
	if m := r.Stats().Verifications; m != n {
		t.Error("a new revision made the cache cold")
	}
	if _, err := r.ApplyPolicy(t.Context(), []byte("[class.everyone]\nprotocols-off = [\"imap\"]\n"), "", ""); err != nil {
		t.Fatal(err)
	}
	r.expect("policy is judged afresh", "deny protocol-off", attempt("alice@postern.test", "same"))
	if m := r.Stats().Verifications; m != n+1 {
		t.Errorf("a denial with a cached password made %d verifications, want 1 like every denial", m-n)
	}
	if err := r.SetPassword(t.Context(), alice.ID, secret("new")); err != nil {
		t.Fatal(err)
	}
	r.expect("the old password", "deny wrong-password", attempt("alice@postern.test", "same"))
	c := newCache(cacheShards)
	for i := range 1000 {
		c.add(cacheKey{byte(i), byte(i >> 8)})
	}
	if c.len() > cacheShards {
		t.Errorf("%d entries in a cache of %d", c.len(), cacheShards)
	}
}

// TestRepeatedGuessIsVerifiedOnce: whoever sends one guess again and again does
// not keep the processors busy, and cannot tell accounts apart by it.
func TestRepeatedGuessIsVerifiedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Policy = []byte("[class.locked]\nprotocols-off = [\"imap\"]\n")
	})
	alice := r.account("alice@postern.test", "right")
	r.account("off@postern.test", "right", func(n *NewAccount) { n.Disabled = true })
	r.account("locked@postern.test", "right", func(n *NewAccount) { n.Classes = []string{"locked"} })
	r.account("none@postern.test", "")
	for _, at := range []Attempt{
		attempt("alice@postern.test", "guess"), attempt("nobody@postern.test", "guess"), attempt("off@postern.test", "guess"),
		attempt("off@postern.test", "right"), attempt("locked@postern.test", "guess"), attempt("locked@postern.test", "right"),
		attempt("none@postern.test", "guess"),
	} {
		before := r.Stats().Verifications
		for range 50 {
			if v := r.SignIn(t.Context(), at); v.Outcome != Deny {
				t.Errorf("%s: %v %s, want a denial", at.Name, v.Outcome, v.Reason)
			}
		}
		if n := r.Stats().Verifications - before; n != 1 {
			t.Errorf("%s: 50 times the same guess made %d verifications, want 1", at.Name, n)
		}
	}
	// What was wrong may be right when the password has changed.
	if err := r.SetPassword(t.Context(), alice.ID, secret("guess")); err != nil {
		t.Fatal(err)
	}
	r.expect("the new password, tried before", "allow", attempt("alice@postern.test", "guess"))

	// Two networks that take turns are bounded each.
	before := r.Stats().Verifications
	for i := range 400 {
		r.try(attempt("nobody@postern.test", "turns", from(fmt.Sprintf("198.51.%d.1", i%2))))
	}
	if n := r.Stats().Verifications - before; n > 200 {
		t.Errorf("two networks that took turns with one guess made %d verifications, want at most 200", n)
	}
}

// TestGuessAcrossKeys gives every place back, also when the key of the guesses'
// hashes changes while one is verified.
func TestGuessAcrossKeys(t *testing.T) {
	t.Parallel()
	th, w := newThrottle(), target{account: 7}
	free := func(policy.Throttle) bool { return false }
	now := time.Unix(3600*500_000, 0)
	first := th.reserve(now.Add(-time.Second), w, [32]byte{}, place{}, []byte("x"), free)
	second := th.reserve(now, w, [32]byte{}, place{}, []byte("x"), free)
	second.settle(now, false)
	first.settle(now, false)
	if c := th.peek(now, w, place{}); c.Account != 0 {
		t.Errorf("%d guesses are left of right ones", c.Account)
	}
}
