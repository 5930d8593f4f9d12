package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/fault"
	"postern/store"
)

// canary is a password that may be found nowhere.
const canary = "canary-Zw7xQ4-password"

func entries(t testing.TB, r *rig, f Filter) (list []Entry) {
	t.Helper()
	if err := r.Attempts(t.Context(), f, func(e Entry) error {
		list = append(list, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSignInLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "right", func(n *NewAccount) { n.Aliases = []string{"al@postern.test"} })
	r.expect("allow", "allow", attempt("al@postern.test", "right", func(at *Attempt) { at.Started = r.clock().Add(-1500 * time.Microsecond) }))
	r.expect("deny", "deny unknown-account", attempt("no\r\nbody\x00@postern.test", "right", func(at *Attempt) {
		at.TLS.Version, at.ClientName, at.Protocol, at.Mechanism = "1.2", "", "pop3", "USER"
	}))
	r.expect("no TLS", "deny no-tls", attempt("alice@postern.test", "right", func(at *Attempt) { at.TLS = nil }))
	r.HandshakeRefused(Handshake{
		Protocol: "imap", Listener: "imaps", Client: netip.MustParseAddrPort("[::ffff:192.0.2.9]:5"), OfferedVersions: []string{"1.0"}, Reason: "tls-version", ID: "h1",
	})
	var got []string
	if err := r.Attempts(t.Context(), Filter{}, func(e Entry) error {
		b, err := json.Marshal(e)
		got = append(got, string(b))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"time":"2026-01-02T03:04:05Z","account":"","protocol":"imap","mechanism":"","listener":"imaps","clientAppUsed":"IMAP4","ipAddress":"192.0.2.9","tlsVersion":null,"tlsCipher":"","offeredVersions":["1.0"],"status":{"errorCode":1002016,"failureReason":"tls-version"},"outcome":"deny","revision":1,"node":"n1","latencyMs":0,"correlationId":"h1"}`,
		`{"time":"2026-01-02T03:04:05Z","account":"alice@postern.test","protocol":"imap","mechanism":"PLAIN","listener":"imaps","clientAppUsed":"Thunderbird 140.0","ipAddress":"192.0.2.7","tlsVersion":null,"tlsCipher":"","offeredVersions":[],"status":{"errorCode":1002016,"failureReason":"no-tls"},"outcome":"deny","revision":1,"node":"n1","latencyMs":0,"correlationId":"c1"}`,
		`{"time":"2026-01-02T03:04:05Z","account":"no` + "\ufffd\ufffd" + `body` + "\ufffd" + `@postern.test","protocol":"pop3","mechanism":"USER","listener":"imaps","clientAppUsed":"POP3","ipAddress":"192.0.2.7","tlsVersion":"1.2","tlsCipher":"TLS_AES_128_GCM_SHA256","offeredVersions":["1.2","1.3"],"status":{"errorCode":50034,"failureReason":"unknown-account"},"outcome":"deny","revision":1,"node":"n1","latencyMs":0,"correlationId":"c1"}`,
		`{"time":"2026-01-02T03:04:05Z","account":"alice@postern.test","protocol":"imap","mechanism":"PLAIN","listener":"imaps","clientAppUsed":"Thunderbird 140.0","ipAddress":"192.0.2.7","tlsVersion":"1.3","tlsCipher":"TLS_AES_128_GCM_SHA256","offeredVersions":["1.2","1.3"],"status":{"errorCode":0,"failureReason":""},"outcome":"allow","revision":1,"node":"n1","latencyMs":1.5,"correlationId":"c1"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, tc := range map[string]struct {
		filter Filter
		want   int
	}{
		"account":  {Filter{Account: alice.ID}, 1},
		"name":     {Filter{Name: "ALICE@postern.test"}, 2},
		"protocol": {Filter{Protocol: "pop3"}, 1},
		"outcome":  {Filter{Outcome: "deny"}, 3},
		"limit":    {Filter{Limit: 2}, 2},
		"since":    {Filter{Since: r.clock().Add(time.Second)}, 0},
	} {
		if got := entries(t, r, tc.filter); len(got) != tc.want {
			t.Errorf("by %s: %d entries, want %d", name, len(got), tc.want)
		}
	}
	stop := errors.New("enough")
	if err := r.Attempts(t.Context(), Filter{}, func(Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of fn: %v", err)
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "right")
	say := func(id string) Attempt {
		return attempt("alice@postern.test", "right", func(at *Attempt) { at.ID = id })
	}
	for i := range 5 {
		r.expect("past", "allow", say(fmt.Sprint("past", i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan string, 100)
	over := make(chan error, 1)
	go func() {
		over <- r.Follow(ctx, Filter{Limit: 2, Outcome: "allow"}, func(e Entry) error {
			seen <- e.CorrelationID
			return nil
		})
	}()
	for _, want := range []string{"past3", "past4"} {
		if got := <-seen; got != want {
			t.Errorf("followed %s, want %s", got, want)
		}
	}
	r.expect("wrong", "deny wrong-password", attempt("alice@postern.test", "wrong"))
	for i := range 3 {
		r.expect("live", "allow", say(fmt.Sprint("live", i)))
	}
	for i := range 3 {
		if got, want := <-seen, fmt.Sprint("live", i); got != want {
			t.Errorf("followed %s, want %s", got, want)
		}
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// TestLogSurvivesRestart holds that ids go on and what was noted before Close
// is there, and that old entries are pruned.
func TestLogSurvivesRestart(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := newRigOn(t, s)
	r.account("alice@postern.test", "right")
	for range 10 {
		r.expect("allow", "allow", attempt("alice@postern.test", "right"))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = newRigOn(t, s)
	r.pass(-time.Hour) // a clock that was set back
	r.expect("allow", "allow", attempt("alice@postern.test", "right", func(at *Attempt) { at.ID = "newest" }))
	list := entries(t, r, Filter{})
	if len(list) != 11 || list[0].CorrelationID != "newest" {
		t.Errorf("%d entries, the newest %+v", len(list), list[0])
	}
	if err := r.log.prune(t.Context(), r.clock().Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if list := entries(t, r, Filter{}); len(list) != 0 {
		t.Errorf("%d entries are left", len(list))
	}
}

// blockedLog is a store that takes no log.
type blockedLog struct {
	store.Store
	blocked atomic.Bool
}

func (b *blockedLog) Update(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error {
	if b.blocked.Load() && parts[0] == store.Attempts {
		return fault.New(fault.Full, "blocked", "no room")
	}
	return b.Store.Update(ctx, fn, parts...)
}

// TestLogNeverBlocks holds that sign-ins go on while the log cannot be written,
// that it is bounded and that what it loses is counted.
func TestLogNeverBlocks(t *testing.T) {
	t.Parallel()
	s := &blockedLog{Store: openStore(t)}
	r := newRigOn(t, s)
	r.account("alice@postern.test", "right")
	s.blocked.Store(true)
	for range logNotes + logRows {
		if v := r.SignIn(t.Context(), attempt("alice@postern.test", "right")); v.Grant != nil {
			v.Grant.Release()
		} else {
			t.Fatalf("%v %s", v.Outcome, v.Reason)
		}
		if r.log.lost() > 0 {
			break
		}
	}
	if err := r.Attempts(t.Context(), Filter{}, func(Entry) error { return nil }); !fault.Is(err, fault.Full) {
		t.Errorf("reading the log while it cannot be written: %v", err)
	}
	s.blocked.Store(false)
	if n := len(entries(t, r, Filter{Limit: 10})); n != 10 {
		t.Errorf("%d entries after the store came back", n)
	}
}

// TestCanary signs in in every way and looks for the password in all that was
// written: logs, entries, errors, verdicts, the store.
func TestCanary(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := newRigOn(t, s)
	alice := r.account("alice@postern.test", canary)
	var out strings.Builder
	for _, at := range []Attempt{
		attempt("alice@postern.test", canary), attempt("alice@postern.test", canary+"x"), attempt("nobody@postern.test", canary),
		attempt("alice@postern.test", canary, func(at *Attempt) { at.TLS = nil }),
		attempt("alice@postern.test", canary, func(at *Attempt) { at.Authorize = "bob@postern.test" }),
	} {
		v := r.SignIn(t.Context(), at)
		fmt.Fprintf(&out, "%+v %#v %v %+v\n", v, v, spoken(v), at)
		slog.New(slog.NewTextHandler(&out, nil)).Info("attempt", slog.Any("attempt", at), slog.Any("verdict", v))
		b, err := json.Marshal(at.Proof)
		fmt.Fprintln(&out, string(b), err)
		if v.Grant != nil {
			v.Grant.Release()
		}
	}
	fmt.Fprintln(&out, r.SetPassword(t.Context(), alice.ID+1, secret(canary)))
	fmt.Fprintln(&out, r.ImportCredential(t.Context(), alice.ID, "{PLAIN}"+canary))
	fmt.Fprintln(&out, r.ImportCredential(t.Context(), alice.ID, canary))
	for _, e := range entries(t, r, Filter{}) {
		b, err := json.Marshal(e)
		fmt.Fprintln(&out, string(b), err)
	}
	fmt.Fprintf(&out, "%+v\n%s\n", r.Stats(), r.logs)
	fmt.Fprintf(&out, "%+v\n%+v\n", credentialsOf(t, s, alice.ID), devicesOf(t, s, alice.ID))
	if i := strings.Index(out.String(), canary); i >= 0 {
		t.Errorf("the password is in what was written: …%s", out.String()[max(0, i-100):i+len(canary)])
	}
	if strings.Count(out.String(), "correlationId") < 5 {
		t.Error("the sign-in log was not looked through")
	}
}

func TestUnfinished(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 5 {
		r.NoVerdict(Unfinished{"imap", "imaps", netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 1), "timeout"})
	}
	for i := range unfinishedKinds + 100 {
		r.NoVerdict(Unfinished{"imap", "imap", netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}), 1), "closed"})
	}
	for range 5 {
		r.NoVerdict(Unfinished{"imap", "imaps", netip.MustParseAddrPort("192.0.2.1:1"), "timeout"})
	}
	list := r.Stats().Unfinished
	if len(list) != unfinishedKinds {
		t.Errorf("%d kinds, want at most %d", len(list), unfinishedKinds)
	}
	want := UnfinishedCount{UnfinishedKind{"imap", "imaps", "timeout", netip.MustParsePrefix("192.0.2.0/24")}, 5}
	if list[0] != want {
		t.Errorf("%+v, want %+v", list[0], want)
	}
}

// TestStrangersFillNoMemory holds that long names and mechanisms, which cost
// whoever sends them nothing, are not kept.
func TestStrangersFillNoMemory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := newLog(r.store, r.clock, "n1", r.logger) // has no writer
	long := strings.Repeat("x", 8<<10)
	l.note(r.clock(), note{name: long, attempt: Attempt{Name: long, Authorize: long, Mechanism: long, ClientName: long}})
	n := &l.notes[0].note
	if kept := len(n.name) + len(n.attempt.Name) + len(n.attempt.Authorize) + len(n.attempt.Mechanism) + len(n.attempt.ClientName); kept > 3*longestText {
		t.Errorf("a note that waits has %d bytes of its client's", kept)
	}
	for i := range 20 {
		r.try(attempt(fmt.Sprint(i, long), "x"))
		r.try(attempt(fmt.Sprint(i, "nobody"), "x", from("127.0.0.1")))
	}
	kept := 0
	r.people.mu.RLock()
	defer r.people.mu.RUnlock()
	for name := range r.people.nobody {
		kept += len(name)
	}
	if len(r.people.nobody) < 20 || kept > 20*longestAddress {
		t.Errorf("%d names of strangers are kept, with %d bytes", len(r.people.nobody), kept)
	}
}

// TestUnreadableEntryIsLeftOut holds that one damaged row hides nothing that is
// older, and is told.
func TestUnreadableEntryIsLeftOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "right")
	r.expect("older", "allow", attempt("alice@postern.test", "right"))
	entries(t, r, Filter{})
	r.pass(time.Second)
	if err := r.store.Update(t.Context(), func(tx store.Tx) error {
		return tx.Attempts().AppendAttempts([]store.AttemptRow{{ID: store.AttemptID{Time: r.clock().UnixNano()}, JSON: []byte(`{"time":`)}})
	}, store.Attempts); err != nil {
		t.Fatal(err)
	}
	r.pass(time.Second)
	r.expect("newer", "allow", attempt("alice@postern.test", "right"))
	if n := len(entries(t, r, Filter{})); n != 2 {
		t.Errorf("%d entries around a damaged one, want 2", n)
	}
	if logs := r.logs.String(); !strings.Contains(logs, `cannot be read and were left out","entries":1,"newest":"2026-01-02T03:04:06Z"`) {
		t.Errorf("the server's log does not tell of it: %s", logs)
	}
}
