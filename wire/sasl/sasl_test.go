package sasl

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"postern/fault"
	"postern/mail"
)

func TestParsePlain(t *testing.T) {
	for in, want := range map[string][3]string{
		"\x00tim\x00tanstaaftanstaaf": {"", "tim", "tanstaaftanstaaf"}, // RFC 4616 §4
		"Ursel\x00Kurt\x00xipj3plmq":  {"Ursel", "Kurt", "xipj3plmq"},
		"\x00jürgen\x00p\xe4ß":        {"", "jürgen", "p\xe4ß"},
		"\x00" + strings.Repeat("n", 1024) + "\x00" + strings.Repeat("p", 4096): {"", strings.Repeat("n", 1024), strings.Repeat("p", 4096)},
	} {
		p, err := ParsePlain([]byte(in))
		if err != nil || p.AuthorizationID != want[0] || p.Name != want[1] || string(p.Password.Reveal()) != want[2] {
			t.Errorf("%q: %+v, %v", in, p, err)
		}
	}
	for in, kind := range map[string]fault.Kind{
		"": fault.Invalid, "a": fault.Invalid, "a\x00b": fault.Invalid, "\x00a\x00": fault.Invalid, "\x00\x00p": fault.Invalid,
		"\x00a\x00p\x00": fault.Invalid, "\x00a\x00p\x00q": fault.Invalid, "\x00\xff\x00secret": fault.Invalid, "\xff\x00a\x00secret": fault.Invalid,
		"\x00" + strings.Repeat("n", 1025) + "\x00p": fault.TooLarge, "\x00n\x00" + strings.Repeat("p", 4097): fault.TooLarge,
	} {
		_, err := ParsePlain([]byte(in))
		if !fault.Is(err, kind) {
			t.Errorf("%q: %v", in, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error has the password: %v", in, err)
		}
	}
}

func TestParsePlainCopies(t *testing.T) {
	in := []byte("\x00a\x00secret")
	p, err := ParsePlain(in)
	if err != nil {
		t.Fatal(err)
	}
	clear(in)
	if string(p.Password.Reveal()) != "secret" {
		t.Fatal("the password is in the caller's bytes")
	}
}

func FuzzParsePlain(f *testing.F) {
	f.Add([]byte("a\x00b\x00c"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := ParsePlain(in)
		if err != nil {
			return
		}
		if again := p.AuthorizationID + "\x00" + p.Name + "\x00" + string(p.Password.Reveal()); again != string(in) {
			t.Fatalf("%q became %q", in, again)
		}
	})
}

// TestScramVector plays the exchange of RFC 7677 §3 with a derived verifier.
func TestScramVector(t *testing.T) {
	salt := unbase64(t, "W22ZaJ0SNY7soEsUEjb6gQ==")
	v, err := NewScramVerifier(mail.NewSecret([]byte("pencil")), salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	auth := "n=user,r=rOprNGfwEbeRWgbNEkqO," +
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096," +
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	if got := mac(v.ServerKey[:], auth); !bytes.Equal(got, unbase64(t, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")) {
		t.Errorf("server signature %x", got)
	}
	key := unbase64(t, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
	for i, b := range mac(v.StoredKey[:], auth) {
		key[i] ^= b
	}
	if sha256.Sum256(key) != v.StoredKey {
		t.Error("the proof of the RFC does not match the stored key")
	}
	if !bytes.Equal(v.Salt, salt) || v.Iterations != 4096 || &v.Salt[0] == &salt[0] {
		t.Error("salt or iterations are wrong, or the salt is not a copy")
	}
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestScramVerifierBounds(t *testing.T) {
	p := mail.NewSecret([]byte("x"))
	for _, c := range []struct {
		salt, iterations int
	}{{16, 4095}, {16, MaxIterations + 1}, {7, 4096}} {
		if _, err := NewScramVerifier(p, make([]byte, c.salt), c.iterations); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestScramPreparesPasswords checks that two spellings of a password have one
// verifier and that a password SASLprep refuses has one too.
func TestScramPreparesPasswords(t *testing.T) {
	derive := func(p string) ScramVerifier {
		v, err := NewScramVerifier(mail.NewSecret([]byte(p)), []byte("saltsaltsalt"), 4096)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if derive("I\u00adX").StoredKey != derive("IX").StoredKey || derive("e\u0301").StoredKey != derive("\u00e9").StoredKey {
		t.Error("spellings differ")
	}
	if derive("\xff").StoredKey == derive("\xfe").StoredKey || derive("a\x07").StoredKey == derive("a").StoredKey {
		t.Error("passwords that cannot be prepared are the same")
	}
}

func TestScramVerifierIsNotPrinted(t *testing.T) {
	v, err := NewScramVerifier(mail.NewSecret([]byte("x")), []byte("saltsaltsalt"), 4096)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	for _, s := range []string{fmt.Sprint(v), fmt.Sprintf("%v %+v %#v %x", v, v, v, v), log.String()} {
		if !strings.Contains(s, "***") || strings.Contains(s, "4096") {
			t.Errorf("printed: %s", s)
		}
	}
}

// TestSASLprep has the examples of RFC 4013 §3 first.
func TestSASLprep(t *testing.T) {
	for in, want := range map[string]string{
		"I\u00adX": "IX", "user": "user", "USER": "USER", "\u00aa": "a", "\u2168": "IX",
		"": "", "a\u00a0b\u3000": "a b ", "a\u0308": "ä", "\u0627\u0628": "\u0627\u0628", "😀": "😀", "p\u200bw": "pw",
	} {
		if got, err := SASLprep(in); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"\u0007", "\u0627\u0031", "a\u0627", "\u0627a\u0627", "\xff", "\ue000", "\ufdd0", "\U0001ffff", "\ufffd", "\u2ff0", "\u200e", "\u202e", "\U000e0041", "\u2028", "\x7f",
	} {
		if got, err := SASLprep(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func FuzzSASLprep(f *testing.F) {
	f.Add("I\u00adX")
	f.Add("\u0627\u0031")
	f.Fuzz(func(t *testing.T, in string) {
		once, err := SASLprep(in)
		if err != nil {
			return
		}
		if twice, err := SASLprep(once); err == nil && twice != once {
			t.Fatalf("%q became %q, then %q", in, once, twice)
		}
	})
}
