package signin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/fault"
	"postern/signin/grant"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.DefaultDomain = "postern.test" })
	alice := r.account("Alice@Postern.TEST", "pass phrase", func(n *NewAccount) { n.Aliases = []string{"al@bücher.example"} })
	for name, tc := range map[string]struct{ name, password, want string }{
		"right":              {"alice@postern.test", "pass phrase", "allow"},
		"capitals":           {"ALICE@Postern.Test", "pass phrase", "allow"},
		"bare name":          {"alice", "pass phrase", "allow"},
		"alias":              {"al@BÜCHER.example", "pass phrase", "allow"},
		"alias in A-labels":  {"al@xn--bcher-kva.example", "pass phrase", "allow"},
		"wrong":              {"alice@postern.test", "Pass phrase", "deny wrong-password"},
		"subaddress":         {"alice+lists@postern.test", "pass phrase", "deny unknown-account"},
		"unknown":            {"bob@postern.test", "pass phrase", "deny unknown-account"},
		"no name of anybody": {"a b@@", "pass phrase", "deny unknown-account"},
		"empty password":     {"alice@postern.test", "", "deny malformed"},
		"empty name":         {"", "pass phrase", "deny malformed"},
		"long password":      {"alice@postern.test", strings.Repeat("pass phrase", 1000), "deny wrong-password"},
		"long name":          {strings.Repeat("a", 100000) + "@postern.test", "pass phrase", "deny unknown-account"},
	} {
		r.expect(name, tc.want, attempt(tc.name, tc.password))
	}
	v := r.SignIn(t.Context(), attempt("alice", "pass phrase"))
	g := v.Grant
	if g == nil || g.Account() != alice.ID || g.Address() != "alice@postern.test" || g.Rights() != grant.Owner || g.Revision() != 1 || v.Revision != 1 || v.ID != "c1" {
		t.Fatalf("verdict %+v, grant %+v", v, g)
	}
	g.Release()
	if v := r.SignIn(t.Context(), attempt("alice", "pass phrase", func(at *Attempt) { at.ID = "" })); v.ID == "" {
		t.Error("no correlation id was made up")
	}
}

func TestAuthorizationIdentity(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "a", func(n *NewAccount) { n.Aliases = []string{"al@postern.test"} })
	r.account("bob@postern.test", "b")
	as := func(z string) func(*Attempt) { return func(at *Attempt) { at.Authorize = z } }
	r.expect("own address", "allow", attempt("al@postern.test", "a", as("Alice@postern.test")))
	r.expect("the name that was sent", "allow", attempt("al@postern.test", "a", as("AL@postern.test")))
	r.expect("another account", "deny other-identity", attempt("alice@postern.test", "a", as("bob@postern.test")))
	r.expect("another account, wrong password", "deny wrong-password", attempt("alice@postern.test", "b", as("bob@postern.test")))
}

func TestConnectionRules(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "a")
	r.expect("no TLS", "deny no-tls", attempt("alice@postern.test", "a", func(at *Attempt) { at.TLS = nil }))
	r.expect("old TLS", "deny tls-version", attempt("alice@postern.test", "a", func(at *Attempt) { at.TLS.Version = "1.1" }))
	r.expect("mechanism", "deny mechanism-off", attempt("alice@postern.test", "a", func(at *Attempt) { at.Mechanism = "CRAM-MD5" }))
	r.expect("malformed", "deny malformed", attempt("alice@postern.test", "a", func(at *Attempt) { at.Proof = MalformedProof{} }))
	r.expect("no proof", "deny malformed", attempt("alice@postern.test", "a", func(at *Attempt) { at.Proof = nil }))
	if n := r.Stats().Verifications; n != 0 {
		t.Errorf("%d verifications for attempts that nobody could make", n)
	}
	if got := r.Mechanisms("imap", "imaps", true); !slices.Equal(got, []string{"PLAIN", "LOGIN"}) {
		t.Errorf("mechanisms %v", got)
	}
	if got := r.Mechanisms("imap", "imap", false); got != nil {
		t.Errorf("mechanisms without TLS %v", got)
	}
}

func TestAppPasswords(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Policy = []byte("[class.staff]\napp-password-required = [\"imap\"]\n")
	})
	alice := r.account("alice@postern.test", "main", func(n *NewAccount) { n.Classes = []string{"staff"} })
	info, app, err := r.AddAppPassword(t.Context(), alice.ID, AppPassword{
		Label: "phone", Protocols: []string{"imap"}, Networks: []string{"192.0.2.0/24"}, Expires: r.clock().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.expect("main password", "deny app-password-required", attempt("alice@postern.test", "main"))
	r.expect("main password elsewhere", "allow", attempt("alice@postern.test", "main", func(at *Attempt) { at.Protocol, at.Mechanism = "pop3", "USER" }))
	r.expect("app password", "allow", attempt("alice@postern.test", app))
	r.expect("app password as typed", "allow", attempt("alice@postern.test", strings.ToUpper(strings.ReplaceAll(app, "-", " "))))
	r.expect("its protocols", "deny protocol-off", attempt("alice@postern.test", app, func(at *Attempt) { at.Protocol = "pop3" }))
	r.expect("its networks", "deny network-not-allowed", attempt("alice@postern.test", app, from("198.51.100.1")))
	r.pass(time.Hour)
	r.expect("expired", "deny expired", attempt("alice@postern.test", app))
	if err := r.RemoveAppPassword(t.Context(), alice.ID, info.ID); err != nil {
		t.Fatal(err)
	}
	r.expect("removed", "deny wrong-password", attempt("alice@postern.test", app))
	if err := r.RemoveAppPassword(t.Context(), alice.ID, info.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("removing it twice: %v", err)
	}
	again, _, err := r.AddAppPassword(t.Context(), alice.ID, AppPassword{Label: "tablet"})
	if err != nil || again.ID == info.ID {
		t.Errorf("credential id %d was used again (%v)", again.ID, err)
	}
}

// TestRevocation holds law 7: what takes a right away ends the sessions it
// opened, at once.
func TestRevocation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "a")
	r.account("bob@postern.test", "b")
	info, app, err := r.AddAppPassword(t.Context(), alice.ID, AppPassword{})
	if err != nil {
		t.Fatal(err)
	}
	open := func(name, password string) grant.Grant {
		t.Helper()
		v := r.SignIn(t.Context(), attempt(name, password))
		if v.Grant == nil {
			t.Fatalf("%s: %v %s", name, v.Outcome, v.Reason)
		}
		return v.Grant
	}
	over := func(g grant.Grant) bool {
		select {
		case <-g.Done():
			return true
		default:
			return false
		}
	}
	bob := open("bob@postern.test", "b")
	main, phone := open("alice@postern.test", "a"), open("alice@postern.test", app)
	if err := r.RemoveAppPassword(t.Context(), alice.ID, info.ID); err != nil {
		t.Fatal(err)
	}
	if over(main) || !over(phone) {
		t.Error("removing an app password must end the sessions opened with it, and no other")
	}
	if err := r.SetPassword(t.Context(), alice.ID, secret("a2")); err != nil {
		t.Fatal(err)
	}
	if !over(main) {
		t.Error("a session outlived the password")
	}
	r.expect("old password", "deny wrong-password", attempt("alice@postern.test", "a"))
	main = open("alice@postern.test", "a2")
	service, err := r.Service(t.Context(), "import", alice.ID, grant.Read|grant.Insert)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetEnabled(t.Context(), alice.ID, false); err != nil {
		t.Fatal(err)
	}
	if !over(main) || over(service) {
		t.Error("disabling must end sessions, and no service grant")
	}
	r.expect("disabled", "deny disabled", attempt("alice@postern.test", "a2"))
	if err := r.SetEnabled(t.Context(), alice.ID, true); err != nil {
		t.Fatal(err)
	}
	main = open("alice@postern.test", "a2")
	if !r.Kill(main.ID()) || !over(main) || r.Kill(main.ID()) {
		t.Error("killing a session must end it, once")
	}
	if err := r.DeleteAccount(t.Context(), alice.ID); err != nil {
		t.Fatal(err)
	}
	if !over(service) || over(bob) {
		t.Error("deleting must end all of the account's grants and nobody else's")
	}
	r.expect("deleted", "deny unknown-account", attempt("alice@postern.test", "a2"))
	if s := r.Sessions(); len(s) != 1 || s[0].Address != "bob@postern.test" || s[0].ID != bob.ID() {
		t.Errorf("sessions %+v", s)
	}
	bob.Release()
	bob.Release()
	if s := r.Sessions(); len(s) != 0 {
		t.Errorf("sessions %+v after the release", s)
	}
}

func TestServiceGrants(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	alice := r.account("alice@postern.test", "a")
	g, err := r.Service(t.Context(), "backup", alice.ID, grant.Read)
	if err != nil {
		t.Fatal(err)
	}
	if g.Purpose() != "backup" || g.Rights() != grant.Read || g.Address() != "alice@postern.test" || r.Sessions()[0].Protocol != "service" {
		t.Errorf("grant %+v", g)
	}
	if !strings.Contains(r.logs.String(), `"msg":"service grant","purpose":"backup"`) {
		t.Errorf("the service grant is not in the log: %s", r.logs)
	}
	for _, tc := range []struct {
		purpose string
		account bool
		rights  grant.Rights
		want    fault.Kind
	}{
		{"snooping", true, grant.Read, fault.Invalid},
		{"backup", true, grant.Read | grant.Remove, fault.Denied},
		{"backup", true, 0, fault.Denied},
		{"backup", false, grant.Read, fault.NotFound},
	} {
		id := alice.ID
		if !tc.account {
			id = 4711
		}
		if _, err := r.Service(t.Context(), tc.purpose, id, tc.rights); !fault.Is(err, tc.want) {
			t.Errorf("%s %#x: %v, want %v", tc.purpose, tc.rights, err, tc.want)
		}
	}
}

// TestRehash holds that another server's hash is replaced by ours at the first
// sign-in, with SCRAM verifiers, without ending the session.
func TestRehash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made, err := r.CreateAccount(t.Context(), NewAccount{
		Address: "alice@postern.test", Hash: "{SHA512-CRYPT}$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0",
	})
	if err != nil {
		t.Fatal(err)
	}
	r.expect("wrong", "deny wrong-password", attempt("alice@postern.test", "wrong horse"))
	v := r.SignIn(t.Context(), attempt("alice@postern.test", "correct horse"))
	if v.Grant == nil {
		t.Fatalf("%v %s", v.Outcome, v.Reason)
	}
	wait(t, "the hash is ours", func() bool {
		info, err := r.Account(t.Context(), made.Account.ID)
		return err == nil && info.Credentials[0].Scheme == "argon2id"
	})
	select {
	case <-v.Grant.Done():
		t.Error("hashing anew ended the session")
	default:
	}
	r.expect("after", "allow", attempt("alice@postern.test", "correct horse"))
	creds := credentialsOf(t, r.store, made.Account.ID)
	if len(creds[0].Scram) != 1 || creds[0].Scram[0].Mechanism != "SCRAM-SHA-256" {
		t.Errorf("credentials %+v", creds)
	}
}

func TestPolicyRevisions(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := newRigOn(t, s)
	r.account("alice@postern.test", "a")
	r.expect("first", "allow", attempt("alice@postern.test", "a"))
	if _, err := r.ApplyPolicy(t.Context(), []byte("[tls]\nfloor = \"1.1\"\n"), "admin", "try"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "line 2: tls.floor") {
		t.Errorf("a bad document: %v", err)
	}
	doc := []byte("[protocol.imap]\nenabled = false\n")
	rev, err := r.ApplyPolicy(t.Context(), doc, "admin", "holidays")
	if err != nil || rev.Number() != 2 {
		t.Fatalf("revision %v, %v", rev, err)
	}
	if again, err := r.ApplyPolicy(t.Context(), doc, "admin", "again"); err != nil || again.Number() != 2 {
		t.Errorf("the same document made revision %d (%v)", again.Number(), err)
	}
	v := r.SignIn(t.Context(), attempt("alice@postern.test", "a"))
	if v.Revision != 2 || v.Reason != "protocol-off" {
		t.Errorf("verdict %+v", v)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if v := r.SignIn(t.Context(), attempt("alice@postern.test", "a", func(at *Attempt) { at.Protocol = "submission" })); v.Outcome != Unavailable {
		t.Errorf("after Close: %v %s", v.Outcome, v.Reason)
	}

	// A revision that cannot be used is passed over for the last good one.
	putRevision(t, s, 3, []byte("[future]\nkey = 1\n"), "")
	putRevision(t, s, 4, []byte("# cut short"), "0000")
	r = newRigOn(t, s)
	if n := r.Policy().Number(); n != 2 || strings.Count(r.logs.String(), "cannot be used") != 2 {
		t.Errorf("revision %d is in force; log %s", n, r.logs)
	}
	if rev, err := r.ApplyPolicy(t.Context(), []byte("# new\n"), "admin", ""); err != nil || rev.Number() != 5 {
		t.Errorf("the next revision is %v (%v)", rev, err)
	}
	// Generated secrets outlive a restart: the keys are in the store.
	r.expect("after the restart", "allow", attempt("alice@postern.test", "a"))
}

func TestCreateAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made, err := r.CreateAccounts(t.Context(), []NewAccount{
		{Address: "alice@postern.test", Generate: true, Name: "Alice"},
		{Address: "ALICE@postern.test", Generate: true},
		{Address: "bob@postern.test", Aliases: []string{"postmaster@postern.test", "Bob@postern.test"}},
		{Address: "carol@postern.test", Aliases: []string{"Postmaster@Postern.test"}},
		{Address: "nobody"},
		{Address: "dave@postern.test", Hash: "{PLAIN}dave"},
		{Address: "erin@postern.test", Classes: []string{"two words"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []fault.Kind{0, fault.Exists, 0, fault.Exists, fault.Invalid, fault.Unsupported, fault.Invalid}
	for i, m := range made {
		if (m.Err == nil) != (want[i] == 0) || (m.Err != nil && fault.KindOf(m.Err) != want[i]) {
			t.Errorf("account %d: %v, want kind %v", i, m.Err, want[i])
		}
	}
	r.expect("generated", "allow", attempt("alice@postern.test", made[0].Secret))
	r.expect("no password", "deny wrong-password", attempt("bob@postern.test", "x"))
	var all []string
	if err := r.Accounts(t.Context(), func(a AccountInfo) error {
		all = append(all, a.Address)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alice@postern.test", "bob@postern.test"}, all); diff != "" {
		t.Error(diff)
	}
	info, err := r.AccountByAddress(t.Context(), "POSTMASTER@postern.test")
	if err != nil || info.Address != "bob@postern.test" || !slices.Equal(info.Aliases, []string{"postmaster@postern.test"}) {
		t.Errorf("%+v, %v", info, err)
	}
	info, err = r.SetAccount(t.Context(), info.ID, func(a *AccountInfo) {
		a.Name, a.Aliases, a.Classes = "Bob", []string{"robert@postern.test"}, []string{"staff"}
	})
	if err != nil || info.Name != "Bob" || info.Version != 2 {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := r.SetAccount(t.Context(), info.ID, func(a *AccountInfo) { a.Aliases = []string{"alice@postern.test"} }); !fault.Is(err, fault.Exists) {
		t.Errorf("taking another's address: %v", err)
	}
	if _, err := r.AccountByAddress(t.Context(), "postmaster@postern.test"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a dropped alias: %v", err)
	}
}

// TestManyAccounts makes the accounts of a large demonstration: with generated
// passwords, and with one password for all.
func TestManyAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Hash = DefaultHash() })
	shared, err := r.SharePassword(secret("demo"))
	if err != nil {
		t.Fatal(err)
	}
	list := make([]NewAccount, 2000)
	for i := range list {
		list[i] = NewAccount{Address: "user" + string(rune('a'+i%26)) + strings.Repeat("x", i/26%50) + "." + time.Duration(i).String() + "@postern.test", Generate: i%2 == 0}
		if i%2 != 0 {
			list[i].Shared = shared
		}
	}
	start := time.Now()
	made, err := r.CreateAccounts(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d accounts in %v", len(list), time.Since(start))
	for i, m := range made {
		if m.Err != nil {
			t.Fatalf("%s: %v", list[i].Address, m.Err)
		}
	}
	r.expect("generated", "allow", attempt(list[1998].Address, made[1998].Secret))
	r.expect("shared", "allow", attempt(list[1999].Address, "demo"))
}

func TestQueueFull(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.account("alice@postern.test", "a")
	r.hashing = busyQueue(t)
	for _, name := range []string{"alice@postern.test", "nobody@postern.test"} {
		for _, password := range []string{"a", "b"} {
			r.expect(name, "unavailable hash-queue-full", attempt(name, password))
		}
	}
	if n := r.throttle.peek(r.clock(), target{account: 1}, place{}).Account; n != 0 {
		t.Errorf("%d guesses are counted though none was verified", n)
	}
}
