package signin

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/mail"
	"postern/signin/credential"
	"postern/store"
	"postern/store/pebblestore"
)

// cheap are parameters that make a hash take well under a millisecond.
var cheap = credential.Params{MemoryKiB: 64, Time: 1, Threads: 1}

// rig is an authority over a store in memory, with a clock that stands still.
type rig struct {
	*Authority
	t     testing.TB
	store store.Store
	logs  *lockedBuffer

	mu  sync.Mutex // guards the field below
	now time.Time
}

type lockedBuffer struct {
	mu sync.Mutex // guards the field below
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func openStore(t testing.TB) store.Store {
	t.Helper()
	s, err := pebblestore.Open("data", pebblestore.Options{FS: vfs.NewMem(), MemTableBytes: 4 << 20, CacheBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	return newRigOn(t, openStore(t), change...)
}

func newRigOn(t testing.TB, s store.Store, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, store: s, logs: &lockedBuffer{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	o := Options{
		Store: s, Hash: cheap, Clock: r.clock, HelpURL: "https://postern.test/help", Node: "n1",
		Logger: slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Authority = a
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// account makes an account with a password.
func (r *rig) account(address, password string, change ...func(*NewAccount)) AccountInfo {
	r.t.Helper()
	n := NewAccount{Address: address, Password: secret(password)}
	for _, c := range change {
		c(&n)
	}
	made, err := r.CreateAccount(r.ctx(), n)
	if err != nil {
		r.t.Fatal(err)
	}
	return made.Account
}

func (r *rig) ctx() context.Context { return r.t.Context() }

func secret(s string) mail.Secret { return mail.NewSecret([]byte(s)) }

// attempt is a good attempt over IMAP from a place in the world.
func attempt(name, password string, change ...func(*Attempt)) Attempt {
	at := Attempt{
		Protocol: "imap", Listener: "imaps", Mechanism: "PLAIN",
		TLS:    &TLSFacts{Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256", OfferedVersions: []string{"1.2", "1.3"}},
		Client: netip.MustParseAddrPort("192.0.2.7:40000"), ClientName: "Thunderbird 140.0",
		Name: name, Proof: Password{secret(password)}, ID: "c1",
	}
	for _, c := range change {
		c(&at)
	}
	return at
}

// from puts the client elsewhere.
func from(ip string) func(*Attempt) {
	return func(at *Attempt) { at.Client = netip.AddrPortFrom(netip.MustParseAddr(ip), 40000) }
}

// try signs in, lets go of the grant, and says what came of it: "allow",
// "deny wrong-password", …
func (r *rig) try(at Attempt) string {
	r.t.Helper()
	v := r.SignIn(r.ctx(), at)
	if (v.Grant != nil) != (v.Outcome == Allow) {
		r.t.Errorf("outcome %v with grant %v", v.Outcome, v.Grant)
	}
	if v.Grant != nil {
		v.Grant.Release()
		return "allow"
	}
	return fmt.Sprintf("%v %s", v.Outcome, v.Reason)
}

// expect tries and compares.
func (r *rig) expect(what, want string, at Attempt) {
	r.t.Helper()
	if got := r.try(at); got != want {
		r.t.Errorf("%s: %s, want %s", what, got, want)
	}
}
