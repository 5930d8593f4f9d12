package imapserver_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/mail"
	"postern/mailbox"
	"postern/server/imapserver"
	"postern/signin"
	"postern/signin/credential"
	"postern/signin/policy"
	"postern/store/pebblestore"
)

// realHouse is a house with the real authority and the accounts of
// TestSignInCauses.
func realHouse(t *testing.T, document []byte) (*house, *signin.Authority, map[string]mail.AccountID) {
	t.Helper()
	st, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem(), MemTableBytes: 8 << 20})
	must(t, err)
	a, err := signin.New(signin.Options{
		Store: st, Policy: document, Hash: credential.Params{MemoryKiB: 64, Time: 1, Threads: 1}, StorePatience: 50 * time.Millisecond,
	})
	must(t, err)
	t.Cleanup(func() {
		_ = a.Close()
		_ = st.Close()
	})
	ids := make(map[string]mail.AccountID)
	for _, n := range []signin.NewAccount{
		{Address: "ann@postern.test", Password: mail.NewSecret([]byte("right horse battery"))},
		{Address: "off@postern.test", Password: mail.NewSecret([]byte("right horse battery")), Disabled: true},
		{Address: "app@postern.test", Password: mail.NewSecret([]byte("right horse battery")), Classes: []string{"apps"}},
		{Address: "web@postern.test", Password: mail.NewSecret([]byte("right horse battery")), Classes: []string{"webonly"}},
		{Address: "far@postern.test", Password: mail.NewSecret([]byte("right horse battery")), Classes: []string{"office"}},
		{Address: "new@postern.test"},
	} {
		made, err := a.CreateAccount(t.Context(), n)
		must(t, err)
		ids[n.Address] = made.Account.ID
	}
	h := newHouse(t, func(o *imapserver.Options, _ *authority, m *mailbox.Options) {
		o.Authority, o.MaxFailures = a, 100
		m.Store = st
	})
	return h, a, ids
}

const causesPolicy = `
[class.apps]
app-password-required = ["*"]
[class.webonly]
protocols-off = ["imap"]
[class.office]
networks = ["192.0.2.0/24"]
`

// secure opens a connection and takes it to TLS.
func (h *house) secure() *client {
	h.t.Helper()
	c := h.dial()
	c.ok("STARTTLS")
	tc := tls.Client(c.conn, &tls.Config{RootCAs: h.roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	must(h.t, tc.HandshakeContext(h.t.Context()))
	c.conn, c.r = tc, bufio.NewReader(tc)
	return c
}

// TestSignInCauses goes through the causes for which a sign-in does not succeed
// and wants exactly the words of each, by LOGIN and by AUTHENTICATE PLAIN
// (RELIABILITY 25).
func TestSignInCauses(t *testing.T) {
	h, a, ids := realHouse(t, append(policy.Default(), causesPolicy...))
	expired, secretOf := expiredAppPassword(t, a, ids["ann@postern.test"])
	must(t, a.RemoveAppPassword(t.Context(), ids["ann@postern.test"], expired))
	const (
		right = "right horse battery"
		wrong = "NO [AUTHENTICATIONFAILED] "
	)
	texts := make(map[string]bool)
	for _, cause := range []struct{ name, account, authz, password, want string }{
		{"right password", "ann@postern.test", "", right, "OK [CAPABILITY "},
		{"own identity named", "ann@postern.test", "ann@postern.test", right, "OK [CAPABILITY "},
		{"wrong password", "ann@postern.test", "", "wrong", wrong},
		{"unknown account", "nobody@postern.test", "", right, wrong},
		{"unknown domain", "ann@elsewhere.test", "", right, wrong},
		{"no address", "ann", "", right, wrong},
		{"disabled account", "off@postern.test", "", right, wrong},
		{"app password needed", "app@postern.test", "", right, wrong},
		{"protocol off", "web@postern.test", "", right, wrong},
		{"network not allowed", "far@postern.test", "", right, wrong},
		{"no password set", "new@postern.test", "", right, wrong},
		{"revoked app password", "ann@postern.test", "", secretOf, wrong},
		{"other identity", "ann@postern.test", "off@postern.test", right, wrong},
		{"control characters", "ann\x01@postern.test", "", right, wrong},
		{"very long name", strings.Repeat("x", 900) + "@postern.test", "", right, wrong},
	} {
		c := h.secure()
		if cause.authz == "" && !strings.ContainsAny(cause.account, "\x01") {
			_, tagged := c.cmd(`LOGIN "` + cause.account + `" "` + cause.password + `"`)
			if !strings.HasPrefix(tagged, cause.want) {
				t.Errorf("LOGIN, %s: %s", cause.name, tagged)
			}
			if cause.want == wrong {
				texts[tagged] = true
			}
			c = h.secure()
		}
		resp := base64.StdEncoding.EncodeToString([]byte(cause.authz + "\x00" + cause.account + "\x00" + cause.password))
		_, tagged := c.cmd("AUTHENTICATE PLAIN " + resp)
		if !strings.HasPrefix(tagged, cause.want) {
			t.Errorf("AUTHENTICATE, %s: %s", cause.name, tagged)
		}
		if cause.want == wrong {
			texts[tagged] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("wrong passwords have %d different texts: %v", len(texts), texts)
	}
	for cmd, want := range map[string]string{
		"AUTHENTICATE PLAIN !!":                   "BAD ",
		"AUTHENTICATE PLAIN =":                    "BAD ",
		"AUTHENTICATE PLAIN YWJj":                 "BAD ",
		"AUTHENTICATE CRAM-MD5":                   "NO [CANNOT] ",
		"AUTHENTICATE XOAUTH2 dXNlcj1hAQE=":       "NO [CANNOT] ",
		"AUTHENTICATE GSSAPI":                     "NO [CANNOT] ",
		`LOGIN "ann@postern.test" {99999999}`:     "NO [TOOBIG] ",
		"AUTHENTICATE PLAIN AGFubkBwb3N0ZXJuLnRl": "BAD ",
	} {
		if _, tagged := h.secure().cmd(cmd); !strings.HasPrefix(tagged, want) {
			t.Errorf("%s: %s, want %s", cmd, tagged, want)
		}
	}
	// Without TLS nothing is told of the account.
	for _, cmd := range []string{`LOGIN "ann@postern.test" "right horse battery"`, `LOGIN "nobody@postern.test" "x"`, "AUTHENTICATE PLAIN"} {
		if _, tagged := h.dial().cmd(cmd); !strings.HasPrefix(tagged, "NO [PRIVACYREQUIRED] ") {
			t.Errorf("in the clear %s: %s", cmd, tagged)
		}
	}
	wantLogged(t, a)
}

// wantLogged finds the true reasons in the sign-in log.
func wantLogged(t *testing.T, a *signin.Authority) {
	t.Helper()
	reasons := make(map[string]int)
	must(t, a.Attempts(t.Context(), signin.Filter{Limit: 1000}, func(e signin.Entry) error {
		reasons[e.Status.FailureReason]++
		if e.Protocol != "imap" || e.Listener != "imap" || e.IPAddress != "127.0.0.1" || e.CorrelationID == "" {
			t.Errorf("logged %+v", e)
		}
		return nil
	}))
	for _, r := range []string{
		"", "wrong-password", "unknown-account", "disabled", "app-password-required", "protocol-off", "network-not-allowed",
		"other-identity", "no-tls", "mechanism-off", "malformed",
	} {
		if reasons[r] == 0 {
			t.Errorf("reason %q is not in the log: %v", r, reasons)
		}
	}
}

func expiredAppPassword(t *testing.T, a *signin.Authority, id mail.AccountID) (credential uint64, secret string) {
	t.Helper()
	info, secret, err := a.AddAppPassword(t.Context(), id, signin.AppPassword{Label: "old phone"})
	must(t, err)
	return info.ID, secret
}

// TestRevokedByPassword ends an IDLE session when its password is changed.
func TestRevokedByPassword(t *testing.T) {
	h, a, ids := realHouse(t, policy.Default("imap"))
	c := h.dial()
	c.ok(`LOGIN "ann@postern.test" "right horse battery"`)
	c.ok("SELECT INBOX")
	c.send("i IDLE\r\n")
	c.line()
	must(t, a.SetPassword(t.Context(), ids["ann@postern.test"], mail.NewSecret([]byte("another horse battery"))))
	if l := c.line(); !strings.HasPrefix(l, "* BYE ") {
		t.Errorf("wanted BYE, got %q", l)
	}
}

// TestAuthorityDown never says that a password was wrong when it is we who fail
// (RELIABILITY 26).
func TestAuthorityDown(t *testing.T) {
	h, a, _ := realHouse(t, policy.Default("imap"))
	must(t, a.Close())
	for range 20 {
		if _, tagged := h.dial().cmd(`LOGIN "ann@postern.test" "right horse battery"`); !strings.HasPrefix(tagged, "NO [UNAVAILABLE] ") {
			t.Errorf("authority closed: %s", tagged)
		}
	}
}
