package policy

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

func compile(t testing.TB, doc string) *Revision {
	t.Helper()
	r, err := Compile(7, []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// good is an attempt that the default policy allows.
func good() *Facts {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &Facts{
		ID: "c1", Time: now, Protocol: "imap", Listener: "imaps", Mechanism: "PLAIN",
		TLS:     TLS{Version: VersionTLS13, Cipher: "TLS_AES_128_GCM_SHA256"},
		Client:  Client{Addr: netip.MustParseAddr("192.0.2.7")},
		Account: Account{Found: true, ID: 1, Version: 3, Classes: []string{"staff", "kiosk"}},
		Results: []Result{
			{Credential: 1, Version: 1, Matched: true},
			{Credential: 2, Version: 1, App: true, Generated: true},
		},
	}
}

// strict is a policy with a rule of every kind.
const strict = `
[tls]
floor = "1.3"
[passwords]
plaintext-listeners = ["imap"]
[protocol.pop3]
enabled = false
[protocol.imap]
mechanisms = ["PLAIN"]
[class.kiosk]
protocols-off = ["submission"]
app-password-required = ["http"]
[class.staff]
networks = ["192.0.2.0/24"]
`

func TestJudge(t *testing.T) {
	t.Parallel()
	late := func(n uint32) Throttle {
		return Throttle{Account: n, FreeAt: good().Time.Add(20 * time.Minute)}
	}
	tests := map[string]struct {
		change func(*Facts)
		want   Decision
	}{
		"allowed":      {func(*Facts) {}, Decision{Outcome: Allow, Credential: 1}},
		"floor":        {func(f *Facts) { f.TLS.Version = VersionTLS12 }, Decision{Outcome: Deny, Reason: TLSVersion}},
		"no tls":       {func(f *Facts) { f.TLS = TLS{} }, Decision{Outcome: Deny, Reason: NoTLS}},
		"plain remote": {func(f *Facts) { f.TLS = TLS{}; f.Listener = "imap" }, Decision{Outcome: Deny, Reason: NoTLS}},
		"plain loopback": {func(f *Facts) {
			f.TLS = TLS{}
			f.Listener = "imap"
			f.Client.Addr = netip.MustParseAddr("127.0.0.1")
			f.Account.Classes = nil
		}, Decision{Outcome: Allow, Credential: 1}},
		"protocol off":   {func(f *Facts) { f.Protocol = "pop3" }, Decision{Outcome: Deny, Reason: ProtocolOff}},
		"no protocol":    {func(f *Facts) { f.Protocol = "nntp" }, Decision{Outcome: Deny, Reason: ProtocolOff}},
		"mechanism off":  {func(f *Facts) { f.Mechanism = "LOGIN" }, Decision{Outcome: Deny, Reason: MechanismOff}},
		"malformed":      {func(f *Facts) { f.Malformed = true }, Decision{Outcome: Deny, Reason: Malformed}},
		"trouble":        {func(f *Facts) { f.Trouble = StoreDown; f.Results = nil }, Decision{Outcome: Unavailable, Reason: StoreDown}},
		"unknown":        {func(f *Facts) { f.Account = Account{}; f.Results = nil }, Decision{Outcome: Deny, Reason: UnknownAccount}},
		"disabled":       {func(f *Facts) { f.Account.Disabled = true }, Decision{Outcome: Deny, Reason: Disabled}},
		"wrong":          {func(f *Facts) { f.Results[0].Matched = false }, Decision{Outcome: Deny, Reason: WrongPassword}},
		"expired":        {func(f *Facts) { f.Results[0].Expires = f.Time }, Decision{Outcome: Deny, Reason: Expired}},
		"other identity": {func(f *Facts) { f.OtherIdentity = true }, Decision{Outcome: Deny, Reason: OtherIdentity}},
		"class protocol": {func(f *Facts) { f.Protocol = "submission" }, Decision{Outcome: Deny, Reason: ProtocolOff}},
		"app needed":     {func(f *Facts) { f.Protocol, f.Mechanism = "http", "BASIC" }, Decision{Outcome: Deny, Reason: AppPasswordRequired}},
		"app given": {func(f *Facts) {
			f.Protocol, f.Mechanism = "http", "BASIC"
			f.Results[1].Matched = true
		}, Decision{Outcome: Allow, Credential: 2}},
		"class network":       {func(f *Facts) { f.Client.Addr = netip.MustParseAddr("198.51.100.1") }, Decision{Outcome: Deny, Reason: NetworkNotAllowed}},
		"credential network":  {func(f *Facts) { f.Results[0].Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, Decision{Outcome: Deny, Reason: NetworkNotAllowed}},
		"mapped address":      {func(f *Facts) { f.Client.Addr = netip.MustParseAddr("::ffff:192.0.2.9") }, Decision{Outcome: Allow, Credential: 1}},
		"credential protocol": {func(f *Facts) { f.Results[0].Protocols = []string{"pop3"} }, Decision{Outcome: Deny, Reason: ProtocolOff}},
		"nineteen guesses":    {func(f *Facts) { f.Throttle = late(19) }, Decision{Outcome: Allow, Credential: 1}},
		"twenty guesses":      {func(f *Facts) { f.Throttle = late(20) }, Decision{Outcome: Unavailable, Reason: Throttled, RetryAfter: 20 * time.Minute}},
		"repeated guess":      {func(f *Facts) { f.Throttle = late(20); f.Throttle.Repeat = true }, Decision{Outcome: Allow, Credential: 1}},
		"known device":        {func(f *Facts) { f.Throttle = late(20); f.Client.Success = f.Time.AddDate(0, 0, -29) }, Decision{Outcome: Allow, Credential: 1}},
		"forgotten device":    {func(f *Facts) { f.Throttle = late(20); f.Client.Success = f.Time.AddDate(0, 0, -30) }, Decision{Outcome: Unavailable, Reason: Throttled, RetryAfter: 20 * time.Minute}},
		"guessing device": {func(f *Facts) {
			f.Throttle = late(20)
			f.Throttle.Device = 20
			f.Client.Success = f.Time.AddDate(0, 0, -1)
		}, Decision{Outcome: Unavailable, Reason: Throttled, RetryAfter: 20 * time.Minute}},
		"spraying network": {func(f *Facts) { f.Throttle.Network = 100 }, Decision{Outcome: Unavailable, Reason: Throttled, RetryAfter: time.Second}},
		"exempt network":   {func(f *Facts) { f.Throttle.Network = 100; f.Throttle.Exempt = true }, Decision{Outcome: Allow, Credential: 1}},
		"generated secret": {func(f *Facts) { f.Throttle = late(20); f.Results[1].Matched = true; f.Results[0].Matched = false }, Decision{Outcome: Allow, Credential: 2}},
		"revoked app secret while held": {func(f *Facts) {
			f.Throttle = late(20)
			f.Results = []Result{{Credential: 2, App: true, Generated: true, Matched: true, Expires: f.Time.Add(-1)}}
		}, Decision{Outcome: Unavailable, Reason: Throttled, RetryAfter: 20 * time.Minute}},
	}
	r := compile(t, strict)
	for name, tc := range tests {
		f := good()
		tc.change(f)
		tc.want.Revision = 7
		if got := Judge(r, f); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
	if got := Judge(nil, good()); got.Outcome != Unavailable || got.Reason != NoRevision {
		t.Errorf("without a revision: %+v", got)
	}
}

func TestMechanisms(t *testing.T) {
	t.Parallel()
	r := compile(t, "[passwords]\nplaintext-listeners = [\"imap\"]\n[protocol.imap]\nmechanisms = [\"LOGIN\", \"PLAIN\"]\n[protocol.pop3]\nenabled = false\n")
	for _, tc := range []struct {
		protocol, listener string
		tls                bool
		want               string
	}{
		{"imap", "imaps", true, "PLAIN LOGIN"},
		{"imap", "imaps", false, ""},
		{"imap", "imap", false, "PLAIN LOGIN"},
		{"pop3", "pop3s", true, ""},
		{"nntp", "nntps", true, ""},
		{"submission", "submission", true, "PLAIN LOGIN"},
	} {
		if got := strings.Join(r.Mechanisms(tc.protocol, tc.listener, tc.tls), " "); got != tc.want {
			t.Errorf("%s on %s, TLS %v: %q, want %q", tc.protocol, tc.listener, tc.tls, got, tc.want)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ doc, want string }{
		"syntax":         {"[tls\nfloor = 1", "line 1: expected ']' to close table name; mend the TOML there"},
		"unknown key":    {"[tls]\nfloor = \"1.2\"\nceiling = \"1.3\"\n", "line 3: tls.ceiling: unknown key; remove it, or see the commented default for the keys there are"},
		"wrong type":     {"[limits]\n\nguesses-per-hour = \"many\"\n", "line 3: limits.guesses-per-hour: a TOML string does not fit here; write it as in the commented default"},
		"floor":          {"[tls]\nfloor = \"1.0\"\n", "line 2: tls.floor: no TLS floor \"1.0\"; use \"1.2\" or \"1.3\"; older versions need a legacy listener"},
		"network":        {"[limits]\nnetwork-exempt = [\"10.0.0.1/8\"]\n", "line 2: limits.network-exempt: \"10.0.0.1/8\" has bits set beyond its length, the network is \"10.0.0.0/8\"; write networks as \"192.0.2.0/24\" or \"2001:db8::/32\""},
		"protocol":       {"[protocol.nntp]\nenabled = true\n", "line 1: protocol.nntp: no such protocol; the protocols are http, imap, pop3, submission"},
		"mechanism":      {"[protocol.imap]\nmechanisms = [\"PLAIN\", \"CRAM-MD5\"]\n", "line 2: protocol.imap.mechanisms: no mechanism \"CRAM-MD5\" here; choose from PLAIN, LOGIN"},
		"nobody":         {"[protocol.imap]\nmechanisms = []\n", "line 2: protocol.imap.mechanisms: the protocol is on and nobody could sign in to it; name a mechanism, or set enabled = false"},
		"class protocol": {"[class.staff]\nprotocols-off = [\"gopher\"]\n", "line 2: class.staff.protocols-off: no protocol \"gopher\"; the protocols are http, imap, pop3, submission"},
		"several, by line": {
			"[limits]\nguesses-per-hour = 0\ndevice-days = 0\n[scram]\niterations = 1\n",
			"line 2: limits.guesses-per-hour: 0 guesses; use 1 to 1000\nline 3: limits.device-days: 0 days; use 1 to 400\nline 5: scram.iterations: 1 rounds; use 4096 (RFC 7677 §4) to 1000000",
		},
		"listener": {"passwords = { plaintext-listeners = [\"*\"] }\n", "line 1: passwords.plaintext-listeners: no listener name \"*\"; name listeners one by one, such as \"imap\""},
	}
	for name, tc := range tests {
		_, err := Compile(1, []byte(tc.doc))
		var ps Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s: got %v, want problems", name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, ps.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := Compile(1, make([]byte, MaxDocument+1)); err == nil {
		t.Error("a document over the limit was taken")
	}
}

// TestDefault holds that removing any key of the commented default changes
// nothing: defaults() and the document say the same.
func TestDefault(t *testing.T) {
	t.Parallel()
	full, empty := compile(t, string(Default())), compile(t, "")
	full.hash, full.source, empty.hash, empty.source = "", nil, "", nil
	if !reflect.DeepEqual(full, empty) {
		t.Errorf("the commented default and no document differ:\n%+v\n%+v", full, empty)
	}
	if r := compile(t, string(Default("imap", "pop3"))); !r.plaintext["imap"] || !r.plaintext["pop3"] {
		t.Error("plaintext listeners are not in the default made with them")
	}
}

// TestScopes holds that every key says whether it acts before or after there
// is an account name, and that the commented default shows it.
func TestScopes(t *testing.T) {
	t.Parallel()
	var walk func(reflect.Type)
	walk = func(ty reflect.Type) {
		for f := range ty.Fields() {
			key := f.Tag.Get("toml")
			switch elem := f.Type; {
			case elem.Kind() == reflect.Struct:
				walk(elem)
			case elem.Kind() == reflect.Map:
				walk(elem.Elem())
			default:
				if s := f.Tag.Get("scope"); s != "account" && s != "connection" {
					t.Errorf("key %s has scope %q", key, s)
				}
			}
			if !strings.Contains(defaultDocument, key) {
				t.Errorf("key %s is not in the commented default", key)
			}
		}
	}
	walk(reflect.TypeFor[Document]())
}

func TestJudgeAllocatesNothing(t *testing.T) {
	r, f := compile(t, string(Default())+"[class.staff]\nnetworks = [\"192.0.2.0/24\"]\n"), good()
	if n := testing.AllocsPerRun(1000, func() { Judge(r, f) }); n != 0 {
		t.Errorf("Judge allocates %v times", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	r, f := compile(b, string(Default())+"[class.staff]\nnetworks = [\"192.0.2.0/24\"]\n"), good()
	b.ReportAllocs()
	for b.Loop() {
		if Judge(r, f).Outcome != Allow {
			b.Fatal("not allowed")
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(string(Default()))
	f.Add("[tls]\nfloor = \"1.4\"\n[class.'a b'.x]\n")
	f.Add("[[class]]\n")
	f.Add("protocol.imap.mechanisms = [1, 'PLAIN']\nclass = {}")
	f.Fuzz(func(t *testing.T, doc string) {
		r, err := Compile(1, []byte(doc))
		if err != nil {
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("%q: error without problems: %v", doc, err)
			}
			for _, p := range ps {
				if p.Reason == "" || p.Remedy == "" || p.Line < 0 || p.Line > strings.Count(doc, "\n")+1 {
					t.Fatalf("%q: poor problem %+v", doc, p)
				}
			}
			return
		}
		if first, again := Judge(r, good()), Judge(r, good()); first != again {
			t.Fatal("not pure")
		}
		var d Document
		if err := toml.Unmarshal([]byte(doc), &d); err != nil {
			t.Fatalf("%q was compiled but is no TOML: %v", doc, err)
		}
	})
}
