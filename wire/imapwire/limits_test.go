package imapwire

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"postern/fault"
)

// repeat reads as head, then unit for ever.
type repeat struct {
	head, unit string
	off        int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.head)
	r.head = r.head[n:]
	for n < len(p) {
		k := copy(p[n:], r.unit[r.off:])
		r.off = (r.off + k) % len(r.unit)
		n += k
	}
	return n, nil
}

// TestMemoryBeforeSignIn plays floods on a connection nobody signed in on: all
// are refused, and no more than 64 KiB are ever allocated for them.
func TestMemoryBeforeSignIn(t *testing.T) {
	for name, in := range map[string]io.Reader{
		"literal of 4 GB":        strings.NewReader("a LOGIN {4294967296}\r\n"),
		"literal+ of 4 GB":       &repeat{head: "a LOGIN {4294967296+}\r\n", unit: "x"},
		"literal over 2^63":      strings.NewReader("a LOGIN {99999999999999999999999}\r\n"),
		"parentheses":            &repeat{head: "a ID ", unit: "("},
		"search in parentheses":  &repeat{head: "a SEARCH ", unit: "("},
		"endless tag":            &repeat{unit: "a"},
		"endless quoted":         &repeat{head: `a LOGIN "`, unit: "x"},
		"ranges":                 &repeat{head: "a FETCH ", unit: "1,"},
		"ID of a million":        &repeat{head: "a ID (", unit: `"a" "b" `},
		"append":                 strings.NewReader("a APPEND INBOX {100000+}\r\n" + strings.Repeat("x", 100000) + "\r\n"),
		"many literals":          &repeat{head: "a ID (", unit: "{4000+}\r\n" + strings.Repeat("x", 4000) + " "},
		"SASL initial":           &repeat{head: "a AUTHENTICATE PLAIN ", unit: "AAAA"},
		"literals to throw away": &repeat{head: "a FROB ", unit: "{3+}\r\nabc "},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDecoder(in, BeforeSignIn(), func() error { t.Error("+ was sent"); return nil })
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := d.Next()
			runtime.ReadMemStats(&after)
			var e *SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
				t.Fatalf("%d bytes were allocated (%v)", n, err)
			}
		})
	}
}

func TestNeedSignIn(t *testing.T) {
	d := NewDecoder(strings.NewReader("a SELECT (((\r\nb APPEND x {3+}\r\nabc\r\nz NOOP\r\n"), BeforeSignIn(), nil)
	for _, want := range []string{"SELECT needs a sign-in first", "APPEND needs a sign-in first"} {
		_, _, err := d.Next()
		var e *SyntaxError
		if !errors.As(err, &e) || e.Reason != NeedSignIn || e.Text != want || e.Close {
			t.Fatalf("error %v", err)
		}
	}
	wantNoop(t, d)
}

func TestTooBig(t *testing.T) {
	lim := AfterSignIn()
	lim.Line, lim.Literal, lim.NonSync, lim.Total, lim.Drain = 100, 50, 10, 200, 1000
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name, in string
		reason   Reason
		tag      string
		closes   bool
	}{
		{"sync literal", "a SELECT {51}\r\n", LiteralTooBig, "a", false},
		{"non-sync literal", "a SELECT {11+}\r\n12345678901\r\n", LiteralTooBig, "a", false},
		{"non-sync literal too big to skip", "a SELECT {1100+}\r\n", LiteralTooBig, "a", true},
		{"non-sync literal of all numbers", "a SELECT {9223372036854775807+}\r\n", LiteralTooBig, "a", true},
		{"total", "a ID ({50+}\r\n", LiteralTooBig, "a", false},
		{"line", "a SELECT " + long + "\r\n", LineTooLong, "a", false},
		{"line ending in a literal", "a SELECT " + long + "{20+}\r\n12345678901234567890 {2+}\r\nab\r\n", LineTooLong, "a", false},
		{"line without tag", long + "\r\n", LineTooLong, "", false},
		{"endless line", "a SELECT " + strings.Repeat("x", 3000), LineTooLong, "a", true},
		{"line after a literal", "a RENAME {3}\r\nabc " + long + "\r\n", LineTooLong, "a", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := c.in
			if c.name == "total" {
				lim := lim
				lim.NonSync = 50
				x := strings.Repeat("x", 50)
				in = "a ID ({50+}\r\n" + x + " {50+}\r\n" + x + " {50+}\r\n" + x + " {50+}\r\n" + x + ")\r\n"
				tooBig(t, in, lim, c.reason, c.tag, c.closes)
				return
			}
			tooBig(t, in, lim, c.reason, c.tag, c.closes)
		})
	}
}

func tooBig(t *testing.T, in string, lim Limits, reason Reason, tag string, closes bool) {
	t.Helper()
	d, _ := session(in+"z NOOP\r\n", lim)
	got, _, err := d.Next()
	var e *SyntaxError
	if !errors.As(err, &e) || e.Reason != reason || e.Tag != tag || got != tag || e.Close != closes {
		t.Fatalf("tag %q, error %#v", got, err)
	}
	if !fault.Is(err, fault.TooLarge) {
		t.Fatalf("kind %v", fault.KindOf(err))
	}
	if closes {
		if _, _, err := d.Next(); err == nil {
			t.Fatal("the decoder went on")
		}
		return
	}
	wantNoop(t, d)
}

func TestCounts(t *testing.T) {
	lim := AfterSignIn()
	lim.Items, lim.Ranges, lim.Depth = 3, 2, 1
	for in, want := range map[string]string{
		"FETCH 1,2,3 FLAGS":                   "too many ranges in one sequence set, the limit is 2",
		"FETCH 1 (UID FLAGS MODSEQ SAVEDATE)": "too many items in a list, the limit is 3",
		"SEARCH SEEN SEEN SEEN SEEN":          "too many search keys, the limit is 3",
		"SEARCH (((SEEN)))":                   "the search is nested too deep, the limit is 1",
		"SEARCH NOT NOT NOT SEEN":             "the search is nested too deep, the limit is 1",
		"STORE 1 FLAGS a b c d":               "too many flags, the limit is 3",
		"ENABLE A B C D":                      "too many capabilities, the limit is 3",
		"FETCH 1 BODY[1.2.3.4]":               "too many numbers in a section, the limit is 3",
	} {
		d, _ := session("a "+in+"\r\nz NOOP\r\n", lim)
		var e *SyntaxError
		if _, _, err := d.Next(); !errors.As(err, &e) || e.Text != want {
			t.Errorf("%s: %v", in, err)
		}
		wantNoop(t, d)
	}
}

func TestForeign(t *testing.T) {
	for _, in := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a?b HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n",
		"CONNECT x:143 HTTP/1.1\r\n", "PROPFIND / HTTP/1.1\r\n", "get / http/1.1\r\n", "GET http://a/ HTTP/1.1\r\n", "\x16\x03\x01\x02\x00\x01\x00",
	} {
		d, _ := session(in, BeforeSignIn())
		tag, _, err := d.Next()
		var e *SyntaxError
		if !errors.As(err, &e) || e.Reason != Foreign || !e.Close || e.Tag != "" || tag != "" {
			t.Errorf("%q: tag %q, %v", in, tag, err)
		}
		if _, _, err := d.Next(); err == nil {
			t.Errorf("%q: the decoder went on", in)
		}
	}
	d, _ := session("GET NOOP\r\nz NOOP\r\n", BeforeSignIn())
	if tag, _, err := d.Next(); tag != "GET" || err != nil {
		t.Fatalf("a tag that is an HTTP verb: %q %v", tag, err)
	}
	wantNoop(t, d)
}

// pieces gives one piece or error per Read.
type pieces []any

func (p *pieces) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	x := (*p)[0]
	*p = (*p)[1:]
	if err, ok := x.(error); ok {
		return 0, err
	}
	return copy(b, x.(string)), nil
}

func TestDeadlineBetweenBytes(t *testing.T) {
	timeout := os.ErrDeadlineExceeded
	d := NewDecoder(&pieces{timeout, "z NO", timeout, "OP\r\nDO", timeout, "NE\r\n"}, BeforeSignIn(), nil)
	for range 2 {
		if _, _, err := d.Next(); !errors.Is(err, timeout) {
			t.Fatalf("error %v", err)
		}
	}
	wantNoop(t, d)
	if err := d.ReadDone(); !errors.Is(err, timeout) {
		t.Fatalf("error %v", err)
	}
	if err := d.ReadDone(); err != nil {
		t.Fatal(err)
	}
	if err := d.Wait(); !errors.Is(err, io.EOF) {
		t.Fatalf("error %v", err)
	}
	if _, _, err := d.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("error %v", err)
	}
}

func TestSingleLines(t *testing.T) {
	d, _ := session("AGEAYg==\r\n*\r\n\r\n!\r\ndone\r\nSTOP\r\n", BeforeSignIn())
	if resp, cancelled, err := d.ReadSASL(); string(resp.Reveal()) != "\x00a\x00b" || cancelled || err != nil {
		t.Fatal(resp.Reveal(), cancelled, err)
	}
	if _, cancelled, err := d.ReadSASL(); !cancelled || err != nil {
		t.Fatal(cancelled, err)
	}
	if resp, cancelled, err := d.ReadSASL(); !resp.Empty() || cancelled || err != nil {
		t.Fatal(resp.Reveal(), cancelled, err)
	}
	var e *SyntaxError
	if _, _, err := d.ReadSASL(); !errors.As(err, &e) {
		t.Fatal(err)
	}
	if err := d.ReadDone(); err != nil {
		t.Fatal(err)
	}
	if err := d.ReadDone(); !errors.As(err, &e) {
		t.Fatal(err)
	}
}

func TestResetForgets(t *testing.T) {
	d, _ := session("a STARTTLS\r\nb LOGIN x y\r\n", BeforeSignIn())
	if _, cmd, err := d.Next(); err != nil || cmd.Verb() != "STARTTLS" {
		t.Fatal(cmd, err)
	}
	if d.Buffered() != len("b LOGIN x y\r\n") {
		t.Fatalf("%d bytes buffered", d.Buffered())
	}
	d.Reset(strings.NewReader("z NOOP\r\n"))
	wantNoop(t, d)
}
