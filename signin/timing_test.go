package signin

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"postern/signin/credential"
)

// kinds of names that nobody may tell apart.
var suspects = []string{"existing", "missing", "disabled", "locked", "generated"}

func timingRig(t *testing.T, p credential.Params, each int) *rig {
	t.Helper()
	r := newRig(t, func(o *Options) {
		o.Hash = p
		// Nobody is throttled here, but for those who shall be.
		o.Policy = []byte("[limits]\nnetwork-guesses-per-hour = 1000000\n")
	})
	shared, err := r.SharePassword(secret("right"))
	if err != nil {
		t.Fatal(err)
	}
	var list []NewAccount
	for i := range each {
		list = append(list,
			NewAccount{Address: fmt.Sprintf("existing%d@postern.test", i), Shared: shared},
			NewAccount{Address: fmt.Sprintf("disabled%d@postern.test", i), Shared: shared, Disabled: true},
			NewAccount{Address: fmt.Sprintf("locked%d@postern.test", i), Shared: shared, Classes: []string{"locked"}},
			NewAccount{Address: fmt.Sprintf("generated%d@postern.test", i), Generate: true})
	}
	if _, err := r.CreateAccounts(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ApplyPolicy(t.Context(), []byte("[limits]\nnetwork-guesses-per-hour = 1000000\n[class.locked]\nprotocols-off = [\"imap\"]\n"), "", ""); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSameWork holds that every denial of a name costs one slow verification of
// one shape, whatever the account is and whether the password is right.
func TestSameWork(t *testing.T) {
	t.Parallel()
	r := timingRig(t, cheap, 1)
	r.account("ssha@postern.test", "", func(n *NewAccount) { n.Hash = "{SSHA}dX6YzPs5sxImqvn2qgGEgRVYnSlwZXBwZXI3Nw==" })
	r.account("none@postern.test", "")
	app, err := r.AccountByAddress(t.Context(), "existing0@postern.test")
	if err != nil {
		t.Fatal(err)
	}
	_, appSecret, err := r.AddAppPassword(t.Context(), app.ID, AppPassword{Protocols: []string{"pop3"}})
	if err != nil {
		t.Fatal(err)
	}
	tries := []Attempt{
		attempt("disabled0@postern.test", "right"), attempt("locked0@postern.test", "right"), attempt("ssha@postern.test", "wrong"),
		attempt("none@postern.test", "wrong"), attempt("existing0@postern.test", appSecret),
	}
	for _, kind := range suspects {
		tries = append(tries, attempt(kind+"0@postern.test", "wrong"))
	}
	for _, at := range tries {
		before := r.Stats().Verifications
		v := r.SignIn(t.Context(), at)
		if n := r.Stats().Verifications - before; v.Outcome != Deny || n != 1 {
			t.Errorf("%s: %v %s with %d verifications, want a denial with 1", at.Name, v.Outcome, v.Reason, n)
		}
	}
}

// TestDecoysFollowTheDirectory holds that names that are no account cost what
// the directory's own accounts cost, in the same shares, each always the same.
func TestDecoysFollowTheDirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const bcrypt = "{BLF-CRYPT}$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
	for i := range 30 {
		n := NewAccount{Address: fmt.Sprintf("user%d@postern.test", i), Hash: bcrypt}
		if i%3 == 0 {
			n.Hash, n.Generate = "", true
		}
		if _, err := r.CreateAccount(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.decoys.scan(t.Context(), r.store); err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for i := range 3000 {
		var tr trial
		tr.begin(r.Authority)
		tr.name = fmt.Sprintf("nobody%d@postern.test", i)
		tr.know(r.Authority, nil)
		h := r.decoys.of(tr.target.name)
		if again := r.decoys.of(tr.target.name); again.Shape() != h.Shape() {
			t.Fatal("a name changed its decoy")
		}
		counts[h.Shape()]++
	}
	if n := counts["bcrypt,4"]; n < 1850 || n > 2150 || len(counts) != 2 {
		t.Errorf("decoys %v, want two thirds bcrypt", counts)
	}
	r.expect("decoy of a foreign kind", "deny unknown-account", attempt("nobody@postern.test", "correct horse"))
}

// TestNoAccountIsFoundByTiming measures: whoever has the times of two kinds of
// names may not tell which is which much better than by a coin. It measures
// only when asked for, on a quiet machine; otherwise it is a smoke test of
// itself with the work counted by TestSameWork.
func TestNoAccountIsFoundByTiming(t *testing.T) {
	samples, limit := 200, 0.75
	params := cheap
	if long() {
		samples, limit = 10_000, 0.52
		params = credential.Params{MemoryKiB: 1 << 10, Time: 2, Threads: 1} // a shorter hash hides less
	}
	const each = 50
	r := timingRig(t, params, each)
	times := make(map[string][]time.Duration)
	for i := range samples {
		for k := range suspects {
			kind := suspects[(k+i)%len(suspects)]
			at := attempt(fmt.Sprintf("%s%d@postern.test", kind, i%each), fmt.Sprint("wrong", i/each/15),
				from(fmt.Sprintf("10.%d.%d.1", i>>8, i&255)))
			start := time.Now()
			v := r.SignIn(t.Context(), at)
			times[kind] = append(times[kind], time.Since(start))
			if v.Outcome != Deny {
				t.Fatalf("%s: %v %s", at.Name, v.Outcome, v.Reason)
			}
		}
		if i%(each*15) == each*15-1 {
			r.pass(2 * time.Hour)
		}
	}
	for _, kind := range suspects[1:] {
		auc := areaUnderCurve(times["existing"], times[kind])
		t.Logf("existing against %s: AUC %.4f over %d", kind, auc, samples)
		if auc > limit {
			t.Errorf("existing and %s are told apart: AUC %.4f, want at most %.2f", kind, auc, limit)
		}
	}
}

// areaUnderCurve is how often a time of one sample is over one of the other,
// counted the way that tells more: 0.5 is a coin.
func areaUnderCurve(a, b []time.Duration) float64 {
	type timed struct {
		d time.Duration
		a bool
	}
	all := make([]timed, 0, len(a)+len(b))
	for _, d := range a {
		all = append(all, timed{d, true})
	}
	for _, d := range b {
		all = append(all, timed{d, false})
	}
	slices.SortFunc(all, func(x, y timed) int { return cmp.Compare(x.d, y.d) })
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].d == all[i].d {
			j++
		}
		for k := i; k < j; k++ {
			if all[k].a {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	auc := (ranks - n*(n+1)/2) / (n * m)
	return max(auc, 1-auc)
}
