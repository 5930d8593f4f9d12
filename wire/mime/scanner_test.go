package mime

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write testdata/*.want anew")

// samples are the messages in testdata by name.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 40 {
		tb.Fatalf("testdata has %d messages: %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".eml")] = b
	}
	return out
}

// TestSamples compares everything that is found in the messages of testdata
// with what was found right once, and read by a person.
func TestSamples(t *testing.T) {
	for name, b := range samples(t) {
		t.Run(name, func(t *testing.T) {
			m := Parse(b, Limits{})
			if err := lawful(m); err != nil {
				t.Error(err)
			}
			got := dump(m)
			file := filepath.Join("testdata", name+".want")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// write feeds b to a Scanner in pieces that end where cuts say.
func write(tb testing.TB, b []byte, l Limits, next func(left int) int) *Message {
	tb.Helper()
	s := NewScanner(l)
	for len(b) > 0 {
		n := max(min(next(len(b)), len(b)), 1)
		piece := append([]byte(nil), b[:n]...)
		if got, err := s.Write(piece); got != n || err != nil {
			tb.Fatalf("Write gave %d, %v", got, err)
		}
		clear(piece) // the scanner may keep nothing of it
		b = b[n:]
	}
	m, err := s.Close()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestSplitAnywhere: bytes one by one, split in two at every place, and split
// at random give the same values.
func TestSplitAnywhere(t *testing.T) {
	for name, b := range samples(t) {
		t.Run(name, func(t *testing.T) {
			want := Parse(b, Limits{})
			if diff := cmp.Diff(want, write(t, b, Limits{}, func(int) int { return 1 })); diff != "" {
				t.Fatal("byte by byte:", diff)
			}
			for cut := 1; cut < len(b); cut++ {
				first := true
				got := write(t, b, Limits{}, func(left int) int {
					if first {
						first = false
						return cut
					}
					return left
				})
				if dump(got) != dump(want) {
					t.Fatalf("cut at %d: %s", cut, cmp.Diff(want, got))
				}
			}
		})
	}
}

// TestRandomMessages puts messages together from the pieces that matter to the
// scanner, with small limits, and splits them at random.
func TestRandomMessages(t *testing.T) {
	pieces := []string{
		"\r\n", "\n", "\r", "\r\n\r\n", "\n\n", "--", "--a", "--a--", "--b", "--b--", "-", " ", "\t", ":", ";", ",", "<", ">", "x", "\x00", "\xe9",
		"Content-Type: multipart/mixed; boundary=a\r\n", "Content-Type: multipart/digest; boundary=b\n", "Content-Type: message/rfc822\r\n",
		"Content-Type: text/html\r\n", "Content-Transfer-Encoding: base64\r\n", "To: a@b, c@d\r\n", "Subject: s\r\n", "\r\n--a\r\n", "\n--b\n", "\r\n--a--\r\n",
		"Content-Disposition: attachment; filename*0=x; filename*1=y\r\n", "body text\r\n", strings.Repeat("-", 700),
	}
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "pieces"), ""))
		l := Limits{}
		if rapid.Bool().Draw(t, "tight") {
			l = Limits{
				Depth: 3, Parts: 5, HeaderFields: 4, HeaderBytes: 150, FieldBytes: 40,
				TotalBytes: 400, Params: 2, Addresses: 3, References: 2, PreviewBytes: 7,
			}
		}
		want := Parse(b, l)
		if err := lawful(want); err != nil {
			t.Fatal(err)
		}
		s := NewScanner(l)
		for rest := b; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 40)).Draw(t, "n")
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		got, err := s.Close()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		checkTree(t, got.Root)
	})
}

func TestClosed(t *testing.T) {
	s := NewScanner(Limits{})
	if _, err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("x")); err == nil {
		t.Error("a Write after Close is taken")
	}
	if _, err := s.Close(); err == nil {
		t.Error("a second Close is taken")
	}
}
