package mime

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

const messageSize = 50 << 20

// hostile are messages of 50 MB made to cost memory or time. Each makes n
// repeats of its middle.
func hostile() map[string]struct{ head, each, tail string } {
	return map[string]struct{ head, each, tail string }{
		"sibling parts":     {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", "--b--\r\n"},
		"parts with fields": {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\nContent-Type: a/b; c=d; e=f; g=h; i=j; k=l\r\nContent-Disposition: x; a=b; c=d\r\nContent-Language: a,b,c,d,e\r\n\r\n", "--b--\r\n"},
		"nested multiparts": {"", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "x\r\n"},
		"nested messages":   {"", "Content-Type: message/rfc822\r\n\r\n", "x\r\n"},
		"nested in digests": {"", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n", "x\r\n"},
		"addresses":         {"From: a@b\r\nTo: a@b", ",\r\n \"A B\" <a@b>", "\r\n\r\nx\r\n"},
		"address fields":    {"", "To: a@b\r\n", "\r\nx\r\n"},
		"words":             {"To: a", " a", "\r\n\r\nx\r\n"},
		"open comments":     {"To: (", "(", "\r\n\r\nx\r\n"},
		"open quotes":       {"To: ", "\"\\", "\r\n\r\nx\r\n"},
		"open brackets":     {"To: ", "<@,", ">\r\n\r\nx\r\n"},
		"groups":            {"To: ", "a:b;", "\r\n\r\nx\r\n"},
		"parameters":        {"Content-Type: text/plain", "; a=b", "\r\n\r\nx\r\n"},
		"continuations":     {"Content-Type: text/plain", ";\r\n name*1*=b", "\r\n\r\nx\r\n"},
		"header fields":     {"", "X: y\r\n", "\r\nx\r\n"},
		"one header line":   {"Subject: ", "s", "\r\n\r\nx\r\n"},
		"folded header":     {"Subject: s\r\n", " s\r\n", "\r\nx\r\n"},
		"encoded words":     {"Content-Type: text/plain; name=\"", "=?", "\"\r\n\r\nx\r\n"},
		"references":        {"References: ", "<a@b> <", "\r\n\r\nx\r\n"},
		"line feeds":        {"\r\n", "\n", ""},
		"hyphens":           {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--\n", ""},
		"near boundaries":   {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--c\n", ""},
		"one hyphen line":   {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "-", ""},
		"empty texts":       {"Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\nContent-Type: text/html\r\n\r\n<\r\n", "--b--\r\n"},
		"carriage returns":  {"", "\r", ""},
	}
}

// repeat streams a hostile message of the given size without holding it.
func repeat(tb testing.TB, w io.Writer, head, each, tail string, size int) {
	tb.Helper()
	const block = 64 << 10
	middle := bytes.Repeat([]byte(each), block/len(each))
	for _, b := range [][]byte{[]byte(head), middle, []byte(tail)} {
		for n := 0; n == 0 || len(b) == len(middle) && n < size/block; n++ {
			if _, err := w.Write(b); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// TestHostileMemory: whatever 50 MB are made of, all that is ever allocated
// for them, freed or not, is less than 64 MB; so what is held at a time is too.
// The tree is lawful, and its compact form decodes.
func TestHostileMemory(t *testing.T) {
	for name, h := range hostile() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s := NewScanner(Limits{})
			repeat(t, s, h.head, h.each, h.tail, messageSize)
			m, err := s.Close()
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d MB allocated", used>>20)
			}
			if err := lawful(m); err != nil {
				t.Error(err)
			}
			checkTree(t, m.Root)
		})
	}
}

// TestHostileAllocationsLinear: without limits that matter, 4 times the bytes
// allocate about 4 times as much, never 16 times.
func TestHostileAllocationsLinear(t *testing.T) {
	big := Limits{
		Depth: MaxDepth, Parts: 1 << 20, HeaderFields: 1 << 20, HeaderBytes: 1 << 24, FieldBytes: 1 << 24,
		TotalBytes: 1 << 24, Params: 1 << 20, Addresses: 1 << 20, References: 1 << 20, PreviewBytes: 1 << 20,
	}
	for name, h := range hostile() {
		t.Run(name, func(t *testing.T) {
			used := func(size int) uint64 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				s := NewScanner(big)
				repeat(t, s, h.head, h.each, h.tail, size)
				if _, err := s.Close(); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc
			}
			small, large := used(1<<18), used(1<<20)
			if large > 8*small+1<<20 {
				t.Errorf("4 times the bytes allocate %d KiB after %d KiB", large>>10, small>>10)
			}
		})
	}
}

func TestFolding(t *testing.T) {
	parts := func(n int) string {
		var b strings.Builder
		b.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
		for i := range n {
			fmt.Fprintf(&b, "--b\r\nContent-Type: text/plain\r\n\r\n%d\r\n", i)
		}
		return b.String() + "--b--\r\n"
	}
	m := Parse([]byte(parts(9)), Limits{Parts: 4})
	last := m.Root.Children[len(m.Root.Children)-1]
	if len(m.Root.Children) != 4 || m.Traits&Folded == 0 || last.Type != "application" || last.BodyEnd != m.Size {
		t.Errorf("9 parts with a limit of 4 give:\n%s", dump(m))
	}
	if m := Parse([]byte(parts(3)), Limits{Parts: 4}); m.Traits&Folded != 0 || len(m.Root.Children) != 3 {
		t.Errorf("3 parts with a limit of 4 give:\n%s", dump(m))
	}

	nested := ""
	for i := range 9 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	nested += "\r\nx\r\n"
	m = Parse([]byte(nested), Limits{Depth: 3})
	depth, p := 0, m.Root
	for ; p.IsMultipart(); p = p.Children[0] {
		depth++
	}
	if depth != 3 || p.Type != "application" || p.Subtype != "octet-stream" || p.BodyEnd != m.Size || m.Traits&Folded == 0 {
		t.Errorf("9 levels with a limit of 3 give:\n%s", dump(m))
	}

	m = Parse([]byte("To: a@b, c@d, e@f\r\nCc: g@h\r\nContent-Type: text/plain; a=1; b=2; c=3\r\nSubject: 12345678\r\n\r\n"),
		Limits{Addresses: 2, Params: 2, FieldBytes: 42})
	if len(m.Envelope.To) != 2 || m.Envelope.Cc != nil || len(m.Root.Params) != 2 || m.Envelope.Subject != "12345678" || m.Traits&Folded == 0 {
		t.Errorf("limits on values give:\n%s", dump(m))
	}
	m = Parse([]byte("To: a@b, c@d, e@f\r\nSubject: 12345678\r\n\r\n"), Limits{HeaderBytes: 12, FieldBytes: 4})
	if got := addresses(m.Envelope.To); got != "||a|b ; ||c|d" {
		t.Errorf("a cut address list gives %s", got)
	}
	m = Parse([]byte("References: <1> <2> <3> <4> <5>\r\n\r\n"), Limits{References: 3})
	if got := strings.Join(m.References, " "); got != "1 4 5" {
		t.Errorf("cut references give %s", got)
	}
}

func BenchmarkAttachment(b *testing.B) {
	var body bytes.Buffer
	body.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for body.Len() < 4<<20 {
		body.WriteString(strings.Repeat("QUJD", 19) + "\r\n")
	}
	body.WriteString("--b--\r\n")
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		s := NewScanner(Limits{})
		for p := body.Bytes(); len(p) > 0; p = p[min(len(p), 32<<10):] {
			_, _ = s.Write(p[:min(len(p), 32<<10)])
		}
		_, _ = s.Close()
	}
}

// BenchmarkMessage is an ordinary message of 4 KiB: 25 header fields, text.
func BenchmarkMessage(b *testing.B) {
	var m strings.Builder
	for i := range 8 {
		fmt.Fprintf(&m, "Received: from mx%d.example.org (mx%d.example.org [192.0.2.%d])\n\tby mail.example.net with ESMTPS id %d\n\tfor <bob@example.net>; Mon, 5 Jan 2026 09:30:00 +0100\n", i, i, i, i)
	}
	m.WriteString("DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1;\n\tb=" + strings.Repeat("x", 300) + "\n")
	m.WriteString("From: Anna Example <anna@example.org>\nTo: Bob <bob@example.net>, Carol <carol@example.net>\nCc: dan@example.net\n" +
		"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from the coast\nDate: Mon, 5 Jan 2026 09:30:00 +0100\nMessage-ID: <m1@example.org>\n" +
		"In-Reply-To: <m0@example.net>\nReferences: <a@example.net> <b@example.org> <m0@example.net>\nMIME-Version: 1.0\n" +
		"Content-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\n")
	for m.Len() < 4<<10-80 {
		m.WriteString("The quick brown fox jumps over the lazy dog and writes a line about it.\n")
	}
	msg := []byte(crlf(m.String()))
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(msg, Limits{})
	}
}
