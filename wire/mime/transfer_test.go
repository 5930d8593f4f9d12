package mime

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"postern/fault"
)

func decodeAll(t interface{ Fatal(args ...any) }, encoding, in string, oneByte bool) string {
	var r io.Reader = strings.NewReader(in)
	if oneByte {
		r = iotest.OneByteReader(r)
	}
	d, err := NewTransferDecoder(encoding, r)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestTransferDecoder(t *testing.T) {
	for _, c := range []struct{ encoding, in, want string }{
		{"BASE64", "SGVs\r\nbG8=", "Hello"},
		{"base64", "S G!V\x00sb*G8", "Hello"},
		{"base64", "SGVsbG8=SGVsbG8=", "HelloHello"},
		{"base64", "S", ""},
		{"base64;", "", ""},
		{"quoted-printable", "a=3Db=\r\nc  \r\nd=\n e\t\n", "a=bc\r\nd e\n"},
		{"quoted-printable", "=3d =ZZ =4 = x=", "= =ZZ =4 = x"},
		{"quoted-printable", "a= \t\r\nb = ", "ab "},
		{"Quoted-Printable (comment)", "==41=", "=A"},
		{"8bit", "a=41", "a=41"},
		{"", "x", "x"},
		{"x-uuencode", "junk\nbegin 644 a\n+:&5L;&\\@=V]R;&0`\n#86)C\n`\nend\nafter\n", "hello worldabc"},
		{"uuencode", "begin 644 a\n%86)C\n", "abc\x00\x00"},
	} {
		for _, oneByte := range []bool{false, true} {
			if got := decodeAll(t, c.encoding, c.in, oneByte); got != c.want {
				t.Errorf("%s %q gives %q, not %q", c.encoding, c.in, got, c.want)
			}
		}
	}
	if _, err := NewTransferDecoder("x-rot13", nil); !errors.Is(err, ErrUnknownEncoding) || !fault.Is(err, fault.Unsupported) {
		t.Errorf("an unknown encoding gives %v", err)
	}
	r, err := NewTransferDecoder("base64", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("SGVs"))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a reader's error becomes %v", err)
	}
}

// TestTransferRoundTrip: what the standard library encodes comes back.
func TestTransferRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 9000).Draw(t, "bytes")
		if got := decodeAll(t, "base64", base64.StdEncoding.EncodeToString(b), false); got != string(b) {
			t.Fatal("base64 differs")
		}
		var q bytes.Buffer
		w := quotedprintable.NewWriter(&q)
		w.Binary = true
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := decodeAll(t, "quoted-printable", q.String(), false); got != string(b) {
			t.Fatalf("quoted-printable differs: %q", got)
		}
	})
}

func TestCharsetReader(t *testing.T) {
	for _, c := range []struct {
		charset, in, want string
		known             bool
	}{
		{"UTF-8", "\xef\xbb\xbfa\xc3\xbc\xff", "aü\uFFFD", true},
		{"us-ascii", "\xc3\xbc\xfc", "üü", true},
		{"iso-8859-1", "\xfc\x80", "ü€", true},
		{`"ISO-8859-15"`, "\xa4", "€", true},
		{"iso8859_2", "\xb1", "ą", true},
		{"shift_jis", "\x93\xfa", "日", true},
		{"hz-gb-2312", "~{<:Ky2;~}", "己所不", true},
		{"big5", "\xa4\xa4", "中", true},
		{"utf-16", "\xff\xfea\x00", "a", true},
		{"macintosh", "\x8a", "ä", true},
		{"ibm437", "\x84", "ä", true},
		{"koi8-u", "\xa6", "і", true},
		{"windows-874", "\xa1", "ก", true},
		{"utf-7", "a+AOQ-+2D3cSw-b", "aä👋b", true},
		{"klingon", "a\xfc", "a\uFFFD", false},
		{"iso-2022-kr", "a\xfc", "a\uFFFD", false},
		{strings.Repeat("x", 100), "a", "a", false},
	} {
		r, known := NewCharsetReader(c.charset, iotest.OneByteReader(strings.NewReader(c.in)))
		got, err := io.ReadAll(r)
		if err != nil {
			t.Errorf("%s: %v", c.charset, err)
		}
		if string(got) != c.want || known != c.known || KnownCharset(c.charset) != known {
			t.Errorf("%s %q gives %q, %v; not %q", c.charset, c.in, got, known, c.want)
		}
	}
}

func BenchmarkBase64(b *testing.B) {
	in := strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 13000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		r, _ := NewTransferDecoder("base64", strings.NewReader(in))
		_, _ = io.Copy(io.Discard, r)
	}
}
