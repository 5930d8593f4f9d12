package imapserver_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mailbox"
	"postern/server/imapserver"
	"postern/signin"
	"postern/signin/grant"
)

// TestStartTLSInjection sends commands behind STARTTLS in the clear, split at
// every byte: none of them may be answered under TLS, and the connection must
// not become one that looks well (RELIABILITY 13, RFC 9051 §11.1).
func TestStartTLSInjection(t *testing.T) {
	h := newHouse(t)
	const wire = "a STARTTLS\r\nb NOOP\r\nc LOGIN alice secret\r\n"
	for split := range len(wire) + 1 {
		c := h.raw()
		r := bufio.NewReader(c)
		deadline(t, c)
		greeting(t, r)
		for _, piece := range []string{wire[:split], wire[split:]} {
			if _, err := io.WriteString(c, piece); err != nil && split < len("a STARTTLS\r\n") {
				t.Fatalf("split %d: %v", split, err)
			}
			runtime.Gosched()
		}
		answer, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("split %d: no answer: %v", split, err)
		}
		if strings.HasPrefix(answer, "a OK") {
			// The rest came after the answer was decided: it is a broken handshake.
			tc := tls.Client(readFirst{c, r}, &tls.Config{RootCAs: h.roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
			if err := tc.HandshakeContext(t.Context()); err == nil {
				t.Fatalf("split %d: the handshake succeeded over injected bytes", split)
			}
			continue
		}
		if !strings.HasPrefix(answer, "a BAD") {
			t.Fatalf("split %d: %q", split, answer)
		}
		rest, err := io.ReadAll(r)
		if err != nil && !isReset(err) {
			t.Fatalf("split %d: %v", split, err)
		}
		if strings.Contains(string(rest), "b ") || strings.Contains(string(rest), "c ") {
			t.Fatalf("split %d: injected command answered: %q", split, rest)
		}
	}
	for _, a := range h.auth.attempts() {
		t.Errorf("an injected sign-in reached the authority: %+v", a)
	}
}

// readFirst is a connection whose reads come from a buffered reader.
type readFirst struct {
	net.Conn
	r io.Reader
}

func (c readFirst) Read(p []byte) (int, error) { return c.r.Read(p) }

// TestStartTLS signs in under TLS after STARTTLS; what was said in the clear is
// forgotten.
func TestStartTLS(t *testing.T) {
	h := newHouse(t, withoutPlaintext)
	c := h.dial()
	c.ok(`ID ("name" "liar")`)
	c.ok("STARTTLS")
	tc := tls.Client(c.conn, &tls.Config{RootCAs: h.roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	must(t, tc.HandshakeContext(t.Context()))
	c.conn, c.r = tc, bufio.NewReader(tc)
	caps := strings.Join(c.ok("CAPABILITY"), "\n")
	if strings.Contains(caps, "LOGINDISABLED") || strings.Contains(caps, "STARTTLS") || !strings.Contains(caps, "AUTH=PLAIN") {
		t.Errorf("capabilities under TLS: %s", caps)
	}
	c.ok("LOGIN alice secret")
	if _, tagged := c.cmd("STARTTLS"); !strings.HasPrefix(tagged, "BAD ") {
		t.Errorf("a second STARTTLS: %s", tagged)
	}
	seen := h.auth.attempts()
	if len(seen) != 1 || seen[0].TLS == nil || seen[0].ClientName != "" || !seen[0].Client.IsValid() || seen[0].ID == "" {
		t.Errorf("attempts: %+v", seen)
	}
}

// TestForeign drops connections that speak HTTP or TLS, without reflecting a
// byte (RELIABILITY 22).
func TestForeign(t *testing.T) {
	h := newHouse(t)
	for _, hello := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\n\r\n", "PUT /x HTTP/1.0\r\n",
		"OPTIONS * HTTP/1.1\r\n", "CONNECT mail:143 HTTP/1.1\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	} {
		c := h.raw()
		deadline(t, c)
		r := bufio.NewReader(c)
		greeting(t, r)
		if _, err := io.WriteString(c, hello); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(r); err != nil && !isReset(err) || len(rest) != 0 {
			t.Errorf("%.20q: answered %q, %v", hello, rest, err)
		}
	}
}

// TestTagsAreNotReflected sends tags that are none (RELIABILITY 22).
func TestTagsAreNotReflected(t *testing.T) {
	h := newHouse(t)
	for _, tag := range []string{"<script>(x)", "a(b", "a%b", `a"b`, "a\x00b", "\x1b[31m", strings.Repeat("x", 5000)} {
		c := h.dial()
		c.send(tag + " NOOP\r\n")
		if l := c.line(); !strings.HasPrefix(l, "* BAD ") || strings.Contains(l, tag) {
			t.Errorf("%.20q: %q", tag, l)
		}
	}
}

// TestPipelining sends a batch at once and wants the answers in order.
func TestPipelining(t *testing.T) {
	h := newHouse(t)
	c := h.dial()
	var b strings.Builder
	b.WriteString("l LOGIN alice secret\r\ns SELECT INBOX\r\n")
	for i := range 200 {
		fmt.Fprintf(&b, "p%d NOOP\r\n", i)
	}
	c.send(b.String())
	for _, tag := range []string{"l", "s", "p0", "p1"} {
		if _, tagged := c.until(tag); !strings.HasPrefix(tagged, "OK") {
			t.Fatalf("%s %s", tag, tagged)
		}
	}
	if untagged, tagged := c.until("p199"); len(untagged) != 197 || !strings.HasPrefix(tagged, "OK") {
		t.Fatalf("%d lines before p199 %s", len(untagged), tagged)
	}
}

// TestRevocation ends sessions whose grant is revoked with BYE, IDLE included.
func TestRevocation(t *testing.T) {
	h := newHouse(t)
	waiting, idling := h.signedIn("alice"), h.signedIn("alice")
	idling.ok("SELECT INBOX")
	idling.send("i IDLE\r\n")
	if l := idling.line(); !strings.HasPrefix(l, "+ ") {
		t.Fatal(l)
	}
	h.auth.mu.Lock()
	for _, revoke := range h.auth.revoke {
		revoke()
	}
	h.auth.mu.Unlock()
	for _, c := range []*client{waiting, idling} {
		if l := c.line(); !strings.HasPrefix(l, "* BYE ") {
			t.Errorf("wanted BYE, got %q", l)
		}
		if l, err := c.tryLine(); err == nil {
			t.Errorf("wanted the end, got %q", l)
		}
	}
}

// TestShutdown says goodbye to everybody.
func TestShutdown(t *testing.T) {
	h := newHouse(t)
	c := h.signedIn("alice")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	must(t, h.srv.Close(ctx))
	if l := c.line(); !strings.HasPrefix(l, "* BYE ") {
		t.Errorf("wanted BYE, got %q", l)
	}
	if late := (&client{t: t, conn: h.raw()}); true {
		late.r = bufio.NewReader(late.conn)
		if l := late.line(); !strings.HasPrefix(l, "* BYE [UNAVAILABLE] ") {
			t.Errorf("after Close: %q", l)
		}
	}
}

// TestTimeouts ends silent and slow clients.
func TestTimeouts(t *testing.T) {
	h := newHouse(t, func(o *imapserver.Options, _ *authority, _ *mailbox.Options) {
		o.Timeouts = imapserver.Timeouts{SignIn: 50 * time.Millisecond, Idle: 100 * time.Millisecond, Command: 50 * time.Millisecond}
	})
	silent := h.dial()
	slow := h.dial()
	slow.send("a NO")
	signed := h.signedIn("alice")
	idling := h.signedIn("alice")
	idling.send("i IDLE\r\n")
	idling.line()
	for name, c := range map[string]*client{"silent": silent, "slow": slow, "signed in": signed, "idling": idling} {
		if l := c.line(); !strings.HasPrefix(l, "* BYE ") {
			t.Errorf("%s: wanted BYE, got %q", name, l)
		}
	}
}

// TestTooManyAttempts ends the connection after five refusals.
func TestTooManyAttempts(t *testing.T) {
	h := newHouse(t)
	c := h.dial()
	for range 5 {
		if _, tagged := c.cmd("LOGIN alice wrong"); !strings.HasPrefix(tagged, "NO [AUTHENTICATIONFAILED] ") {
			t.Fatal(tagged)
		}
	}
	if l := c.line(); !strings.HasPrefix(l, "* BYE ") {
		t.Errorf("wanted BYE, got %q", l)
	}
}

// broken is an engine that panics, or fails, when a mailbox is opened.
type broken struct{ open func() error }

func (b broken) Open(context.Context, grant.Grant) (*mailbox.Session, error) { return nil, b.open() }

// TestPanic answers with SERVERBUG and an id that is in the log, and ends that
// connection only.
func TestPanic(t *testing.T) {
	h := newHouse(t, func(o *imapserver.Options, _ *authority, _ *mailbox.Options) {
		o.Mailboxes = broken{func() error { panic("the floor gave way") }}
	})
	other := h.dial()
	c := h.dial()
	_, tagged := c.cmd("LOGIN alice secret")
	if !strings.HasPrefix(tagged, "NO [SERVERBUG] Internal error ") {
		t.Fatal(tagged)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(tagged, "NO [SERVERBUG] Internal error "), ";")
	if log := h.log.String(); id == "" || !strings.Contains(log, "fault="+id) || !strings.Contains(log, "the floor gave way") {
		t.Errorf("id %q is not in the log:\n%s", id, log)
	}
	if l := c.line(); !strings.HasPrefix(l, "* BYE ") {
		t.Errorf("wanted BYE, got %q", l)
	}
	other.ok("NOOP")
}

// TestEngineDown never says that a password was wrong.
func TestEngineDown(t *testing.T) {
	h := newHouse(t, func(o *imapserver.Options, _ *authority, _ *mailbox.Options) {
		o.Mailboxes = broken{func() error { return errors.New("no disk") }}
	})
	if _, tagged := h.dial().cmd("LOGIN alice secret"); !strings.HasPrefix(tagged, "NO [UNAVAILABLE] ") {
		t.Error(tagged)
	}
}

// TestMemoryBeforeSignIn holds what hostile clients make the server keep before
// sign-in to 64 KiB each (RELIABILITY 15). Each attack stops where the server
// holds most and would wait for more.
func TestMemoryBeforeSignIn(t *testing.T) {
	h := newHouse(t)
	attacks := map[string]string{
		"parentheses":     "a " + strings.Repeat("(", 8000),
		"endless tag":     strings.Repeat("x", 8000),
		"announced 4 GB":  "a LOGIN {4000000000}\r\n",
		"literal":         "a LOGIN {4096+}\r\n" + strings.Repeat("y", 4000),
		"two literals":    "a LOGIN {4096+}\r\n" + strings.Repeat("y", 4096) + " {4096+}\r\n" + strings.Repeat("y", 4000),
		"long ID":         "a ID (" + strings.Repeat(`"a" "b" `, 15) + strings.Repeat(" ", 100),
		"response":        "a AUTHENTICATE PLAIN " + strings.Repeat("A", 8000),
		"SASL":            "a AUTHENTICATE PLAIN\r\n" + strings.Repeat("A", 8000),
		"skipped literal": "a SELECT {60000+}\r\n" + strings.Repeat("y", 50000),
	}
	const each = 50
	var held []net.Conn
	h.dial()
	for name, a := range attacks {
		before := liveHeap()
		for range each {
			c := h.raw()
			deadline(t, c)
			held = append(held, c)
			line := make([]byte, 400)
			if n, err := c.Read(line); err != nil || !strings.HasPrefix(string(line[:n]), "* OK ") {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, a); err != nil && !isReset(err) {
				t.Fatal(err)
			}
		}
		// A client that comes later is answered only after the server has been given
		// the time to take in what was sent before.
		for range 3 {
			h.dial().ok("NOOP")
		}
		used := (liveHeap() - before) / each
		t.Logf("%-16s %6d bytes for each connection, this test's own side included", name, used)
		if used > 64<<10 {
			t.Errorf("%s: %d bytes for each connection, want at most 64 KiB", name, used)
		}
	}
	runtime.KeepAlive(held)
}

// TestSlowClients lets many clients trickle while a good one works: its p99 may
// at most double, or stay below what a scheduler's hiccup costs (RELIABILITY 17).
func TestSlowClients(t *testing.T) {
	h := newHouse(t)
	c := h.signedIn("alice")
	p99 := func() time.Duration {
		took := make([]time.Duration, 300)
		for i := range took {
			began := time.Now()
			c.ok("NOOP")
			took[i] = time.Since(began)
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	alone := p99()
	for range 500 {
		n := h.raw()
		if _, err := io.WriteString(n, "a LOG"); err != nil {
			t.Fatal(err)
		}
	}
	beside := p99()
	t.Logf("p99 of a round: %v alone, %v beside 500 slow clients", alone, beside)
	if beside > max(2*alone, 20*time.Millisecond) {
		t.Errorf("p99 was %v and became %v", alone, beside)
	}
}

// TestLog finds no secret in the log (RELIABILITY 31) and no line break of a
// client's making (19).
func TestLog(t *testing.T) {
	h := newHouse(t, func(o *imapserver.Options, _ *authority, _ *mailbox.Options) { o.Trace = true })
	c := h.dial()
	c.ok("ID (\"name\" {12+}\r\nevil\r\nlevel= \"version\" \"1\")")
	_, _ = c.cmd("LOGIN alice canary-password")
	_, _ = c.cmd("AUTHENTICATE PLAIN AGFsaWNlAGNhbmFyeS1wYXNzd29yZA==")
	c.ok("LOGIN alice secret")
	_, _ = c.cmd("SELECT canary-box")
	c.append("INBOX", "", "Subject: canary-subject\r\n\r\ncanary-body\r\n")
	for _, canary := range []string{"canary-password", "AGFsaWNl", "canary-subject", "canary-body", "\nlevel="} {
		if strings.Contains(h.log.String(), canary) {
			t.Errorf("the log has %q:\n%s", canary, h.log)
		}
	}
	if seen := h.auth.attempts(); seen[0].ClientName != "evillevel= 1" {
		t.Errorf("client name %q", seen[0].ClientName)
	}
}

// TestVerdictWords gives each outcome its words (RELIABILITY 25, the door's
// share: the words are the verdict's own).
func TestVerdictWords(t *testing.T) {
	h := newHouse(t)
	for _, outcome := range []signin.Outcome{signin.Deny, signin.Unavailable, signin.Delay, signin.Challenge} {
		for _, reason := range []signin.Reason{"wrong-password", "unknown-account", "disabled", "expired", "throttled", "store-down", "no-tls", "mechanism-off", "malformed", "panic"} {
			v := signin.Verdict{Outcome: outcome, Reason: reason, ID: "x1"}
			h.auth.mu.Lock()
			h.auth.answer = func(signin.Attempt) (signin.Verdict, bool) { return v, true }
			h.auth.mu.Unlock()
			status, code, text := v.IMAP()
			want := status + " " + text
			if code != "" {
				want = status + " [" + code + "] " + text
			}
			for _, cmd := range []string{"LOGIN alice x", "AUTHENTICATE PLAIN AGFsaWNlAHg="} {
				if _, tagged := h.dial().cmd(cmd); tagged != want {
					t.Errorf("%s %s: %q, want %q", outcome, reason, tagged, want)
				}
			}
		}
	}
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func deadline(t *testing.T, c net.Conn) {
	t.Helper()
	must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
}

func greeting(t *testing.T, r *bufio.Reader) {
	t.Helper()
	if g, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(g, "* OK ") {
		t.Fatalf("greeting %q, %v", g, err)
	}
}

// isReset tells whether the other end closed with our bytes unread.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !errors.Is(err, os.ErrDeadlineExceeded)
}
