package imapserver_test

import (
	"bufio"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mailbox"
	"postern/server/imapserver"
)

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

func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
