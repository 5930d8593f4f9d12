package imapserver_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// filled is a house whose alice has n messages in INBOX.
func filled(t testing.TB, n int, body string) *house {
	t.Helper()
	h := newHouse(t)
	c := h.signedIn("alice")
	msg := crlf("From: ann@example.com\nTo: bob@example.com\nSubject: hello\nMessage-ID: <1@example.com>\nDate: Mon, 1 Jan 2024 10:00:00 +0100\n\n" + body + "\n")
	for done := 0; done < n; {
		batch := min(500, n-done)
		var b strings.Builder
		b.WriteString("a APPEND INBOX")
		for range batch {
			fmt.Fprintf(&b, ` (\Seen) {%d+}`+"\r\n%s", len(msg), msg)
		}
		c.send(b.String() + "\r\n")
		if _, tagged := c.until("a"); !strings.HasPrefix(tagged, "OK ") {
			t.Fatal(tagged)
		}
		done += batch
	}
	return h
}

// benchFetch measures a FETCH of all of 20,000 messages, in messages per second.
func benchFetch(b *testing.B, size int, command string) {
	const n = 20_000
	h := filled(b, n, strings.Repeat("x", size))
	c := h.signedIn("alice")
	c.ok("SELECT INBOX")
	buf := make([]byte, 1<<20)
	total := 0
	for b.Loop() {
		c.send("f " + command + "\r\n")
		total += drain(b, c, buf)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(total)/b.Elapsed().Seconds()/1e6, "MB/s")
}

// drain reads up to the tagged line of f, without looking at lines.
func drain(b *testing.B, c *client, buf []byte) int {
	b.Helper()
	total, tail := 0, ""
	for {
		n, err := c.r.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		total += n
		if tail += string(buf[max(0, n-200):n]); len(tail) > 400 {
			tail = tail[len(tail)-400:]
		}
		if i := strings.LastIndex(tail, "\r\nf "); i >= 0 && strings.HasSuffix(tail, "\r\n") {
			if !strings.HasPrefix(tail[i:], "\r\nf OK") {
				b.Fatal(tail[i:])
			}
			return total
		}
	}
}

func BenchmarkFetchFlags(b *testing.B) { benchFetch(b, 10, "UID FETCH 1:* (FLAGS)") }

func BenchmarkFetchEnvelope(b *testing.B) {
	benchFetch(b, 10, "FETCH 1:* (UID ENVELOPE BODYSTRUCTURE)")
}

func BenchmarkFetchBody(b *testing.B) { benchFetch(b, 4000, "UID FETCH 1:* (BODY.PEEK[])") }

func BenchmarkSelect(b *testing.B) {
	h := filled(b, 20_000, "x")
	c := h.signedIn("alice")
	for b.Loop() {
		c.ok("SELECT INBOX")
	}
}

func BenchmarkNoop(b *testing.B) {
	c := newHouse(b).signedIn("alice")
	for b.Loop() {
		c.ok("NOOP")
	}
}

func BenchmarkStore(b *testing.B) {
	c := filled(b, 100, "x").signedIn("alice")
	c.ok("SELECT INBOX")
	op := "+"
	for b.Loop() {
		c.ok(`STORE 50 ` + op + `FLAGS (\Flagged)`)
		if op == "+" {
			op = "-"
		} else {
			op = "+"
		}
	}
}

// TestIdlePush measures how long a change takes to reach a session in IDLE.
func TestIdlePush(t *testing.T) {
	h := filled(t, 10, "x")
	idling, other := h.signedIn("alice"), h.signedIn("alice")
	idling.ok("SELECT INBOX")
	other.ok("SELECT INBOX")
	idling.send("i IDLE\r\n")
	idling.line()
	var took []time.Duration
	for i := range 200 {
		op := "+"
		if i%2 == 1 {
			op = "-"
		}
		other.send("s STORE 1 " + op + `FLAGS.SILENT (\Flagged)` + "\r\n")
		began := time.Now()
		if l := idling.line(); !strings.Contains(l, "FETCH (UID 1 FLAGS") {
			t.Fatal(l)
		}
		took = append(took, time.Since(began))
		other.until("s")
	}
	slices.Sort(took)
	t.Logf("command sent to push received: median %v, p95 %v", took[len(took)/2], took[len(took)*95/100])
	if m := took[len(took)/2]; m > 10*time.Millisecond {
		t.Errorf("median %v, want at most 10 ms", m)
	}
}

// TestMemoryOfIdleSessions measures what a session costs that waits, in IDLE
// with a mailbox selected, and what it does not cost: goroutines.
func TestMemoryOfIdleSessions(t *testing.T) {
	const n = 1000
	h := filled(t, 100, "x")
	h.signedIn("alice").ok("SELECT INBOX")
	goroutines, before := runtime.NumGoroutine(), liveHeap()
	clients := make([]io.Closer, n)
	for i := range n {
		c := h.raw()
		clients[i] = c
		r := bufio.NewReaderSize(c, 16)
		if _, err := io.WriteString(c, "l LOGIN alice secret\r\ns SELECT INBOX\r\ni IDLE\r\n"); err != nil {
			t.Fatal(err)
		}
		for {
			l, err := r.ReadString('\n')
			must(t, err)
			if strings.HasPrefix(l, "+ ") {
				break
			}
		}
	}
	used := (liveHeap() - before) / n
	more := runtime.NumGoroutine() - goroutines
	t.Logf("%d bytes and %.2f goroutines for each session in IDLE, the test's own side included", used, float64(more)/n)
	if used > 24<<10 {
		t.Errorf("%d bytes for each session, want at most 24 KiB", used)
	}
	if more > n+10 {
		t.Errorf("%d goroutines for %d sessions", more, n)
	}
	runtime.KeepAlive(clients)
}
