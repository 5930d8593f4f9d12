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
