package mail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSecretPrintsAsStars(t *testing.T) {
	const canary = "hunter2-canary"
	s := NewSecret([]byte(canary))
	type holder struct{ S Secret }
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "s", s, "h", holder{s})
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "s", s, "h", holder{s})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb, s)
		fmt.Fprintf(&b, verb, holder{s})
	}
	j, err := json.Marshal(holder{s})
	if err != nil {
		t.Fatal(err)
	}
	b.Write(j)
	hex := fmt.Sprintf("%x", canary)
	if out := b.String(); strings.Contains(out, canary) || strings.Contains(out, hex) || !strings.Contains(out, "***") {
		t.Errorf("the secret shows, or nothing does: %s", out)
	}
	if string(s.Reveal()) != canary || !s.Equal(NewSecret([]byte(canary))) || s.Equal(NewSecret([]byte("x"))) {
		t.Error("Reveal or Equal is wrong")
	}
	s.Wipe()
	if strings.Contains(string(s.Reveal()), "hunter") {
		t.Error("Wipe left the secret")
	}
}

func TestObjectIDsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Min(1).Draw(t, "n")
		if got, err := ParseEmailID(EmailID(n).String()); err != nil || got != EmailID(n) {
			t.Fatalf("%d became %d, %v", n, got, err)
		}
		if _, err := ParseThreadID(EmailID(n).String()); err == nil {
			t.Fatal("an email id was read as a thread id")
		}
	})
	for _, bad := range []string{"", "m", "m0", "mxyz", "e1", "m11111111111111111", "m-1"} {
		if _, err := ParseMailboxID(bad); err == nil {
			t.Errorf("ParseMailboxID(%q) took it", bad)
		}
	}
}

func TestFlags(t *testing.T) {
	f, unknown := ParseFlags([]string{`\seen`, "$Forwarded", `\Recent`, "b", "B", "a", `\DELETED`})
	if got := f.Names(); !slices.Equal(got, []string{`\Seen`, `\Deleted`, "$Forwarded", "a", "b"}) {
		t.Errorf("names: %v", got)
	}
	if !slices.Equal(unknown, []string{`\Recent`}) {
		t.Errorf("unknown: %v", unknown)
	}
}

func TestFlagsAreASetThatIgnoresCase(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) Flags {
		names := rapid.SliceOfN(rapid.SampledFrom([]string{`\Seen`, `\Draft`, "x", "X", "y", "$Z", "zz"}), 0, 6).Draw(t, "names")
		f, _ := ParseFlags(names)
		return f
	})
	rapid.Check(t, func(t *rapid.T) {
		f, g := gen.Draw(t, "f"), gen.Draw(t, "g")
		u := f.Union(g)
		if !u.Has(f) || !u.Has(g) {
			t.Fatalf("%v ∪ %v = %v lacks something", f, g, u)
		}
		d := u.Without(g)
		for _, k := range g.Keywords {
			if d.HasKeyword(strings.ToUpper(k)) {
				t.Fatalf("%v without %v still has %s", u, g, k)
			}
		}
		if d.System&g.System != 0 || !d.Union(g).Equal(u) {
			t.Fatalf("%v without %v = %v", u, g, d)
		}
	})
}
