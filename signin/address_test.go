package signin

import (
	"strings"
	"testing"

	"postern/fault"
)

func TestNormalAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Alice@Postern.TEST":                     "alice@postern.test",
		"a.b+c@x.test.":                          "a.b+c@x.test",
		"o'brien@localhost":                      "o'brien@localhost",
		"j\u00f6rg@b\u00fccher.example":          "j\u00f6rg@xn--bcher-kva.example",
		"Jo\u0308rg@B\u00dcCHER.example":         "j\u00f6rg@xn--bcher-kva.example",
		"x@xn--bcher-kva.example":                "x@xn--bcher-kva.example",
		"\u4f60\u597d@\u4f8b\u5b50.\u6d4b\u8bd5": "\u4f60\u597d@xn--fsqu00a.xn--0zwm56d",
		"x@\u65e5\u672c\u8a9e\u3002jp":           "x@xn--wgv71a119e.jp",
		"x@\u0645\u062b\u0627\u0644.\u0625\u062e\u062a\u0628\u0627\u0631": "x@xn--mgbh0fb.xn--kgbechtv",
	} {
		got, err := NormalAddress(in)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "alice", "@postern.test", "alice@", "alice@-x.test", "alice@x..test", "a b@x.test", "a\r\n@x.test", "a\x00@x.test",
		"\"a b\"@x.test", "a@[127.0.0.1]", ".a@x.test", "a..b@x.test", "a@x y.test", "a@\xff.test", "\xff@x.test",
		strings.Repeat("a", 65) + "@x.test", "a@" + strings.Repeat("b", 64) + ".test", "a@" + strings.Repeat("b.", 200) + "test",
		"a@x\u2028.test", "a\u202eb@x.test",
	} {
		if got, err := NormalAddress(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q became %q, %v", bad, got, err)
		}
	}
}

func FuzzNormalAddress(f *testing.F) {
	f.Add("Alice@B\u00fccher.example")
	f.Add("\u0130@\u0130.x")
	f.Add("a@xn--0")
	f.Fuzz(func(t *testing.T, in string) {
		n, err := NormalAddress(in)
		if err != nil {
			return
		}
		if again, err := NormalAddress(n); err != nil || again != n {
			t.Fatalf("%q became %q, and that %q (%v)", in, n, again, err)
		}
		if strings.ContainsAny(n, "\r\n\x00 ") {
			t.Fatalf("%q became %q", in, n)
		}
	})
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Thunderbird 140.0":      "Thunderbird 140.0",
		"a\r\nb\x1b[2J\u202ec":   "a\ufffd\ufffdb\ufffd[2J\ufffdc",
		"\xff\xfe":               "\ufffd\ufffd",
		strings.Repeat("x", 400): strings.Repeat("x", 320),
	} {
		if got := clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
