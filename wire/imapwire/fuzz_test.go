package imapwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecoder reads any bytes as a session. Whatever was understood must be
// understood in the same way after a client has written it again.
func FuzzDecoder(f *testing.F) {
	for _, s := range []string{
		"LOGIN {5}\r\nalice \"p\\\"w\"", "ID (\"name\" \"x\" \"os\" NIL)", "SELECT a (QRESYNC (1 2 1:9 (1,3 5:6)) CONDSTORE)",
		"CREATE foo (USE (\\Drafts))", "LIST (SUBSCRIBED) \"\" (a \"b*\") RETURN (CHILDREN STATUS (MESSAGES))",
		"STATUS &AOQ- (MESSAGES SIZE)", "APPEND x (\\Seen $x) \" 1-Jan-2020 00:00:00 +0130\" {3+}\r\nabc",
		"APPEND x UTF8 (~{3+}\r\nabc)", "UID SEARCH RETURN (MIN) CHARSET UTF-8 OR (SEEN NOT FROM x) UID $ MODSEQ 7 ON 1-Feb-1994",
		"SEARCH CHARSET ISO-8859-1 TEXT {1+}\r\n\xe4 HEADER a \"\"", "UID FETCH 1:* (FLAGS BODY.PEEK[1.HEADER.FIELDS (A B)]<0.5> PREVIEW (LAZY)) (CHANGEDSINCE 5 VANISHED)",
		"FETCH 1 FULL", "STORE 1 (UNCHANGEDSINCE 0) +FLAGS.SILENT \\Deleted", "UID MOVE 4:*,2 b", "SETQUOTA \"\" (STORAGE 512)",
		"AUTHENTICATE PLAIN AGEAYg==", "ENABLE CONDSTORE", "FROB {3+}\r\nabc",
	} {
		f.Add([]byte("a "+s+"\r\nb NOOP\r\n"), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, utf8 bool) {
		d := NewDecoder(bytes.NewReader(in), AfterSignIn(), func() error { return nil })
		d.SetUTF8(utf8)
		for {
			tag, cmd, err := d.Next()
			var e *SyntaxError
			if errors.As(err, &e) {
				if strings.ContainsAny(e.Text, "\r\n\x00") || e.Text == "" {
					t.Fatalf("text %q", e.Text)
				}
				if e.Close {
					return
				}
				continue
			}
			if err != nil {
				return
			}
			if !ValidTag(tag) {
				t.Fatalf("tag %q", tag)
			}
			again(t, tag, cmd, utf8)
			if c, ok := cmd.(*Append); ok {
				if r, err := c.Accept(); err == nil {
					_, _ = io.Copy(io.Discard, r)
					_, _ = c.More()
				}
			}
		}
	})
}

// again writes cmd as a client and reads it.
func again(t *testing.T, tag string, cmd Command, utf8 bool) {
	t.Helper()
	if s, ok := cmd.(*Search); ok && !isUTF8(s.Charset) {
		s.Charset = "UTF-8"
	}
	b := client{utf8}.command(nil, tag, cmd)
	lim := AfterSignIn()
	lim.Line, lim.Literal, lim.NonSync, lim.Total = 1<<20, 1<<20, 1<<20, 4<<20
	d := NewDecoder(bytes.NewReader(b), lim, func() error { return nil })
	d.SetUTF8(utf8)
	tag2, cmd2, err := d.Next()
	if err != nil || tag2 != tag {
		t.Fatalf("%q: tag %q, %v", b, tag2, err)
	}
	if diff := cmp.Diff(cmd, cmd2, same()); diff != "" {
		t.Fatalf("%q: (-first +second)\n%s", b, diff)
	}
}

func FuzzUTF7(f *testing.F) {
	for _, s := range []string{"a&b", "&AOQ-", "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "&-", "&Jjo!", "\U0001f600", "&2D3cAA-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if u, ok := DecodeUTF7(s); ok && EncodeUTF7(u) != s {
			t.Fatalf("%q decodes to %q, encodes to %q", s, u, EncodeUTF7(u))
		}
		e := EncodeUTF7(s)
		if !plainASCII(e) {
			t.Fatalf("%q encodes to %q", s, e)
		}
		if u, ok := DecodeUTF7(e); !ok || u != strings.ToValidUTF8(s, "\ufffd") && u != perByte(s) {
			t.Fatalf("%q encodes to %q, decodes to %q %v", s, e, u, ok)
		}
	})
}

// perByte has U+FFFD for each byte that is no UTF-8, as range gives it.
func perByte(s string) string { return string([]rune(s)) }

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func FuzzSeqSet(f *testing.F) {
	for _, s := range []string{"1", "1:*", "*:4,5:7", "$", "3,1,2,9:5", "4294967295", "1,,2", "*"} {
		f.Add(s, uint32(8))
	}
	f.Fuzz(func(t *testing.T, in string, largest uint32) {
		s, err := ParseSeqSet([]byte(in), 50)
		if err != nil {
			return
		}
		if len(s.Ranges()) > 50 {
			t.Fatal("too many ranges")
		}
		s2, err := ParseSeqSet(s.AppendTo(nil), 50)
		if err != nil || s2.String() != s.String() {
			t.Fatalf("%q: %q %q %v", in, s, s2, err)
		}
		r := s.Resolve(largest)
		if !r.static() {
			t.Fatalf("%q resolves to %q", in, r)
		}
		for _, n := range []uint32{1, 2, 3, 5, 8, 100, largest, 1<<32 - 1} {
			if n != 0 && r.Contains(n) != naiveContains(s, n, largest) {
				t.Fatalf("%q with %d: contains %d: %v", in, largest, n, r.Contains(n))
			}
		}
	})
}

// naiveContains is RFC 9051 §9 to the letter.
func naiveContains(s SeqSet, n, largest uint32) bool {
	for _, r := range s.Ranges() {
		a, b := r.First, r.Last
		if (a == Star || b == Star) && largest == 0 {
			continue
		}
		if a == Star {
			a = largest
		}
		if b == Star {
			b = largest
		}
		if min(a, b) <= n && n <= max(a, b) {
			return true
		}
	}
	return false
}

func FuzzMatchList(f *testing.F) {
	for _, s := range [][2]string{{"*", "a/b"}, {"%", "a"}, {"a/%/*c", "a/b/x/c"}, {"inbox*", "INBOX/x"}, {"%%*%", ""}, {"a%/b", "a/b"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 200 || len(name) > 200 || strings.Count(pattern, "*")+strings.Count(pattern, "%") > 6 {
			return
		}
		if got, want := MatchList(pattern, name, '/'), naiveMatch(pattern, name, isInbox(name, '/')); got != want {
			t.Fatalf("%q %q: %v, want %v", pattern, name, got, want)
		}
	})
}

// naiveMatch is RFC 9051 §6.3.9 by trying everything.
func naiveMatch(p, n string, inbox bool) bool {
	if inbox && len(n) >= 5 && len(p) >= 5 && strings.EqualFold(p[:5], "INBOX") {
		p = "INBOX" + p[5:]
	}
	memo := map[[2]int]bool{}
	var try func(i, j int) bool
	try = func(i, j int) bool {
		if v, ok := memo[[2]int{i, j}]; ok {
			return v
		}
		v := false
		switch {
		case i == len(p):
			v = j == len(n)
		case isWild(p[i]):
			v = try(i+1, j) || j < len(n) && (p[i] == '*' || n[j] != '/') && try(i, j+1)
		case j < len(n):
			v = (p[i] == n[j] || inbox && j < 5 && isAlnum(p[i]) && p[i]|0x20 == n[j]|0x20) && try(i+1, j+1)
		}
		memo[[2]int{i, j}] = v
		return v
	}
	return try(0, 0)
}
