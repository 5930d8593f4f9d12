package imapwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMailboxNamesInUTF8Mode(t *testing.T) {
	for in, want := range map[string]string{
		"a SELECT \"\u00e4\"\r\n":               "\u00e4",
		"a SELECT a&b\r\n":                      "a&b",
		"a SELECT \"a\u0308\"\r\n":              "\u00e4", // NFC
		"a SELECT \u65e5\u672c\r\n":             "\u65e5\u672c",
		"a SELECT {4+}\r\n&AO-\r\n":             "&AO-",
		"a SELECT \"\\\\x\\\"\" \r\n":           `\x"`,
		"a SELECT {10}\r\nInBoX\xc3\xa4abc\r\n": "InBoXäabc",
	} {
		_, cmd, err := decodeOne(in, true)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := cmd.(*Select).Mailbox; got != want {
			t.Errorf("%q: mailbox %q, want %q", in, got, want)
		}
	}
}

// TestMailboxNamesBeforeEnable: go-imap v2's client sends UTF-8 names without
// ENABLE; modified UTF-7 goes on to mean what it means.
func TestMailboxNamesBeforeEnable(t *testing.T) {
	for in, want := range map[string]string{
		"a SELECT \"\u00dcbersicht\"\r\n": "\u00dcbersicht",
		"a SELECT &ANw-bersicht\r\n":      "\u00dcbersicht",
		"a SELECT {5+}\r\n\u00dc&co\r\n":  "\u00dc&co",
	} {
		_, cmd, err := decodeOne(in, false)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := cmd.(*Select).Mailbox; got != want {
			t.Errorf("%q: mailbox %q, want %q", in, got, want)
		}
	}
	if _, _, err := decodeOne("a SELECT \"\xfc\"\r\n", false); err == nil {
		t.Error("a name in Latin-1 was taken")
	}
}

// TestChunks feeds the same bytes in every split into two and byte by byte.
func TestChunks(t *testing.T) {
	in := "a LOGIN {5}\r\nalice {3+}\r\npw1\r\nb FROB {3+}\r\nx y\r\nc APPEND x (\\Seen) {5+}\r\nhello {3}\r\nabc\r\nd NOOP\n"
	want := transcript(t, strings.NewReader(in))
	if !strings.Contains(want, "hello") || !strings.Contains(want, "NOOP") {
		t.Fatal(want)
	}
	for i := range in {
		if got := transcript(t, io.MultiReader(strings.NewReader(in[:i]), strings.NewReader(in[i:]))); got != want {
			t.Fatalf("split at %d:\n%s\nwant\n%s", i, got, want)
		}
	}
	if got := transcript(t, iotest.OneByteReader(strings.NewReader(in))); got != want {
		t.Fatalf("byte by byte:\n%s\nwant\n%s", got, want)
	}
}

// transcript plays a session over r and says what was seen.
func transcript(t *testing.T, r io.Reader) string {
	t.Helper()
	var out bytes.Buffer
	d := NewDecoder(r, AfterSignIn(), func() error { out.WriteString("+\n"); return nil })
	for {
		tag, cmd, err := d.Next()
		var e *SyntaxError
		switch {
		case errors.As(err, &e):
			out.WriteString(tag + " " + e.Verb + " " + e.Text + "\n")
			if e.Close {
				return out.String()
			}
			continue
		case err != nil:
			return out.String() + err.Error()
		}
		out.WriteString(tag + " " + cmd.Verb() + "\n")
		if c, ok := cmd.(*Append); ok {
			for more := true; more && err == nil; more, err = c.More() {
				var r io.Reader
				if r, err = c.Accept(); err != nil {
					break
				}
				if _, err = io.Copy(&out, r); err != nil {
					break
				}
				out.WriteByte('\n')
			}
			if err != nil {
				out.WriteString(err.Error() + "\n")
			}
		}
	}
}
