package signin

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// told are the entries by reason: how many there are, and how many attempts they
// stand for.
func told(t *testing.T, r *rig) (written, attempts map[string]int) {
	t.Helper()
	written, attempts = map[string]int{}, map[string]int{}
	for _, e := range entries(t, r, Filter{Limit: 1 << 20}) {
		written[e.Status.FailureReason]++
		attempts[e.Status.FailureReason] += max(1, int(e.Count))
	}
	return written, attempts
}

// TestFloodsAreSummedUp holds that what costs a stranger nothing fills no store:
// a number takes the place of the entries, and what was verified or allowed is
// written whatever happens beside it.
func TestFloodsAreSummedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "right")
	malformed := func(at *Attempt) { at.Proof = MalformedProof{} }
	noTLS := func(at *Attempt) { at.TLS = nil }
	const many = 1000
	for i := range many {
		id := func(at *Attempt) { at.ID = fmt.Sprint(i) }
		r.expect("malformed", "deny malformed", attempt("", "", malformed, id, from(fmt.Sprintf("192.0.2.%d", i%200))))
		r.expect("no TLS", "deny no-tls", attempt(fmt.Sprint("name", i), "x", noTLS, id))
		r.expect("one wrong password", "deny wrong-password", attempt("alice@postern.test", "wrong", id))
		r.HandshakeRefused(Handshake{
			Protocol: "imap", Listener: "imaps", Client: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.9"), uint16(i)), OfferedVersions: []string{"1.0"}, Reason: "tls-version",
		})
	}
	for range 200 {
		r.expect("the owner", "allow", attempt("alice@postern.test", "right"))
	}
	r.expect("verified", "deny unknown-account", attempt("bob@postern.test", "x"))
	written, _ := told(t, r)
	for reason, want := range map[string]int{"malformed": floodEach, "no-tls": floodEach, "wrong-password": 1 + floodEach, "tls-version": floodEach, "": 200, "unknown-account": 1} {
		if written[reason] != want {
			t.Errorf("%q: %d entries within the minute, want %d", reason, written[reason], want)
		}
	}
	r.pass(floodMinute)
	written, attempts := told(t, r)
	for reason, want := range map[string]int{"malformed": many, "no-tls": many, "wrong-password": many, "tls-version": many, "": 200, "unknown-account": 1} {
		if attempts[reason] != want {
			t.Errorf("%q: entries of %d attempts, want %d", reason, attempts[reason], want)
		}
	}
	if written["malformed"] != floodEach+1 {
		t.Errorf("%d entries, want one sum", written["malformed"])
	}
	counted := uint64(0)
	for _, v := range r.Stats().Verdicts {
		if v.Reason == "malformed" {
			counted += v.Count
		}
	}
	if counted != many {
		t.Errorf("%d are counted, want %d", counted, many)
	}
	r.expect("the next minute", "deny malformed", attempt("", "", malformed))
	if again, _ := told(t, r); again["malformed"] != floodEach+2 {
		t.Errorf("%d entries in the next minute", again["malformed"]-floodEach-1)
	}
}

// TestSumsSayWhatIsCommon holds that a sum names what all of its attempts had in
// common, and nothing else.
func TestSumsSayWhatIsCommon(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "right")
	for range floodEach + 10 {
		r.try(attempt("alice@postern.test", "wrong"))
	}
	for i := range floodEach + 10 {
		r.try(attempt(fmt.Sprint("name", i), "x", from(fmt.Sprintf("198.51.100.%d", i)), func(at *Attempt) {
			at.Proof, at.Mechanism, at.ClientName, at.ID = MalformedProof{}, []string{"PLAIN", "LOGIN"}[i%2], fmt.Sprint("C", i), fmt.Sprint("id", i)
			at.TLS.Version = []string{"1.2", "1.3"}[i%2]
		}))
	}
	r.pass(floodMinute)
	list := entries(t, r, Filter{Account: alice.ID, Limit: 1})
	if len(list) != 1 || list[0].Count != 9 || list[0].Account != "alice@postern.test" || list[0].IPAddress != "192.0.2.7" ||
		list[0].Mechanism != "PLAIN" || list[0].ClientAppUsed != "Thunderbird 140.0" || *list[0].TLSVersion != "1.3" || !list[0].Time.Equal(r.clock()) {
		t.Errorf("the sum of a phone with an old password: %+v", list)
	}
	for _, e := range entries(t, r, Filter{}) {
		if e.Status.FailureReason == "malformed" && e.Count > 0 {
			if e.Count != 10 || e.Account != "" || e.IPAddress != "198.51.100.0/24" || e.Mechanism != "" || e.ClientAppUsed != "IMAP4" || e.TLSVersion != nil || e.CorrelationID != "" {
				t.Errorf("the sum of many clients: %+v", e)
			}
			return
		}
	}
	t.Errorf("no sum of many clients: %+v", entries(t, r, Filter{Limit: 5}))
}

// TestFloodOfNetworks holds that who has many networks fills the log no more.
func TestFloodOfNetworks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 2*floodKinds + floodAll
	a := netip.MustParseAddr("2001:db8::").As16()
	for i := range many {
		a[6], a[7] = byte(i>>8), byte(i)
		r.HandshakeRefused(Handshake{Protocol: "imap", Listener: "imaps", Client: netip.AddrPortFrom(netip.AddrFrom16(a), 1), Reason: "tls-failed"})
	}
	if written, _ := told(t, r); written["tls-failed"] != floodAll {
		t.Errorf("%d entries within the minute, want %d", written["tls-failed"], floodAll)
	}
	r.pass(floodMinute)
	written, attempts := told(t, r)
	if attempts["tls-failed"] != many || written["tls-failed"] > floodKinds+1 {
		t.Errorf("%d entries of %d handshakes, want at most %d of %d", written["tls-failed"], attempts["tls-failed"], floodKinds+1, many)
	}
}

// TestSumsAtTheEnd holds that sums are written when the authority closes.
func TestSumsAtTheEnd(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := newRigOn(t, s)
	for range 2 * floodEach {
		r.try(attempt("", "", func(at *Attempt) { at.Proof = MalformedProof{} }))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = newRigOn(t, s)
	r.pass(time.Second)
	if _, attempts := told(t, r); attempts["malformed"] != 2*floodEach {
		t.Errorf("entries of %d attempts, want %d", attempts["malformed"], 2*floodEach)
	}
}
