package credential

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"postern/fault"
)

const horse = "correct horse"

// foreign are hashes of "correct horse" made by glibc's crypt, OpenSSL and
// Python's hashlib.
var foreign = map[string]string{
	"$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0":                                 "sha512-crypt",
	"{SHA512-CRYPT}$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0":                   "sha512-crypt",
	"$6$rounds=1400$anotherlongsaltstring$BIJq9mRCZh1kev4gsEFy0R5hLBKgZM.fwvpxgy31e6bRJqRdXTpSE8TJFJysi3GwDPeX9bz4aZklq669D26ai0":        "sha512-crypt",
	"$5$abc$HEtZB/1K6XJ99xRK14R.qL6AxT3f9/cPAGbTKZddAT6":                                                                                 "sha256-crypt",
	"{CRYPT}$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e":                                                                "bcrypt",
	"$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e":                                                                       "bcrypt",
	"{SSHA}dX6YzPs5sxImqvn2qgGEgRVYnSlwZXBwZXI3Nw==":                                                                                     "ssha",
	"{ssha256.b64}Fu/1CPY96/NHl2B/239mzW3IY4tScJWEoZs5wVnnnGxwZXBwZXI3Nw==":                                                              "ssha256",
	"{SSHA256.hex}16eff508f63debf34797607fdb7f66cd6dc8638b52709584a19b39c159e79c6c7065707065723737":                                      "ssha256",
	"{SSHA512}HFFBQDRhMV/zmYUHSisAnnkIk1dzennOOY3piGqeXlNCbVG0pAjJxB4PUg/bG0isuiFAJUkhj2VLJIBDqbssCnBlcHBlcjc3":                          "ssha512",
	"{PBKDF2}$1$zxcvbnmasdf$5000$2a89eeed6449fde8158d2c94eed83e746cce4440":                                                               "pbkdf2-sha1",
	"$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$uHVoxjLD1v3uqpdY8ehNPGUYMiKj8ROQSRwMSE033NY":                                            "pbkdf2-sha256",
	"{PBKDF2-SHA512}29000$MDEyMzQ1Njc4OWFiY2RlZg$SSH4tYdnj40UcN3bNwqYRgw7G3muMxydEPt9.o3n1Hn6fy1wwD4CGySBD8KHAERUSAhpIilxI7ToAO4cbOdCZA": "pbkdf2-sha512",
}

func TestForeignHashes(t *testing.T) {
	t.Parallel()
	for text, scheme := range foreign {
		h, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if h.Scheme() != scheme || !h.Outdated(DefaultParams()) {
			t.Errorf("%s: scheme %s, outdated %v", text, h.Scheme(), h.Outdated(DefaultParams()))
		}
		if !h.Matches([]byte(horse)) {
			t.Errorf("%s: the right password does not match", text)
		}
		for _, wrong := range []string{"", "correct hors", "correct horse ", "Correct horse", strings.Repeat("x", 2000)} {
			if h.Matches([]byte(wrong)) {
				t.Errorf("%s: %q matches", text, wrong)
			}
		}
		d := h.Decoy()
		if d.Shape() != h.Shape() || (!h.Fast() && d.Matches([]byte(horse))) {
			t.Errorf("%s: a decoy of shape %s, want %s, that nothing matches", text, d.Shape(), h.Shape())
		}
	}
}

// TestDrepperVectors are test vectors of the specification of SHA-crypt.
func TestDrepperVectors(t *testing.T) {
	t.Parallel()
	for hash, password := range map[string]string{
		"$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0": "we have a short salt string but not a short password",
		"$5$rounds=1400$anotherlongsaltstring$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1":                             "a very much longer text to encrypt.  This one even stretches over morethan one line.",
	} {
		h, err := Parse(hash)
		if err != nil || !h.Matches([]byte(password)) {
			t.Errorf("%s does not match (%v)", hash, err)
		}
	}
}

func TestOwnHashes(t *testing.T) {
	t.Parallel()
	p := Params{MemoryKiB: 256, Time: 1, Threads: 1}
	text := New([]byte("pässwörd"), p)
	if !strings.HasPrefix(text, "$argon2id$v=19$m=256,t=1,p=1$") {
		t.Errorf("hash %s", text)
	}
	h, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if h.Outdated(p) || !h.Outdated(DefaultParams()) || h.Memory() != 256<<10 {
		t.Errorf("outdated %v, %v, memory %d", h.Outdated(p), h.Outdated(DefaultParams()), h.Memory())
	}
	if !h.Matches([]byte("pa\u0308sswo\u0308rd")) {
		t.Error("the same password typed decomposed does not match")
	}
	if h.Matches([]byte("passwörd")) || h.Decoy().Matches([]byte("pässwörd")) || DecoyOf(p).Matches([]byte("pässwörd")) {
		t.Error("a wrong password or a decoy matches")
	}
	if DecoyOf(p).Shape() != h.Shape() {
		t.Error("the decoy has another shape")
	}
	if New([]byte("pässwörd"), p) == text {
		t.Error("two hashes share a salt")
	}
}

func TestRefusedHashes(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]fault.Kind{
		"":                                  fault.Unsupported,
		"{PLAIN}secret":                     fault.Unsupported,
		"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=": fault.Unsupported,
		"$1$abc$def":                        fault.Unsupported,
		"{SSHA}####":                        fault.Invalid,
		"{SSHA":                             fault.Invalid,
		"{SSHA}" + base64.StdEncoding.EncodeToString(make([]byte, 20)):                         fault.Invalid,
		"$6$rounds=999999999$salt$" + strings.Repeat("a", 86):                                  fault.Invalid,
		"$6$salt$" + strings.Repeat("a", 85):                                                   fault.Invalid,
		"$2b$31$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e":                         fault.Invalid,
		"$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg":                  fault.Invalid,
		"$argon2id$v=19$m=19456,t=2,p=0$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg":                    fault.Invalid,
		"$argon2d$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg":                     fault.Unsupported,
		"{PBKDF2}$1$salt$999999999$2a89eeed6449fde8158d2c94eed83e746cce4440":                   fault.Invalid,
		"$pbkdf2-md5$29000$MDEyMzQ1Njc4OWFiY2RlZg$uHVoxjLD1v3uqpdY8ehNPGUYMiKj8ROQSRwMSE033NY": fault.Unsupported,
		strings.Repeat("a", 5000):                                                              fault.TooLarge,
	} {
		_, err := Parse(text)
		if !fault.Is(err, kind) {
			t.Errorf("%.60s: %v, want kind %v", text, err, kind)
		}
		if err != nil && len(text) > 8 && strings.Contains(err.Error(), text[8:]) {
			t.Errorf("the error for %.40s repeats the hash: %v", text, err)
		}
	}
}

func TestGeneratedSecrets(t *testing.T) {
	t.Parallel()
	s := Generate()
	if len(s) != 34 || strings.Count(s, "-") != 6 || s == Generate() {
		t.Fatalf("generated %q", s)
	}
	k, other := Key{1}, Key{2}
	d, ok := k.Digest([]byte(s))
	if !ok {
		t.Fatal("no digest of a generated secret")
	}
	for _, typed := range []string{strings.ReplaceAll(s, "-", ""), strings.ReplaceAll(s, "-", " "), strings.ToUpper(s), " " + strings.ReplaceAll(s, "0", "O") + "\t"} {
		if e, ok := k.Digest([]byte(typed)); !ok || !e.Equal(d) {
			t.Errorf("typed %q is not the same secret", typed)
		}
	}
	for _, wrong := range []string{"", "abcd", s + "a", s[:33], "pässwörd", strings.Repeat("l", 28)} {
		if _, ok := k.Digest([]byte(wrong)); ok {
			t.Errorf("%q is taken for a generated secret", wrong)
		}
	}
	if e, _ := other.Digest([]byte(s)); e.Equal(d) {
		t.Error("the digest does not depend on the key")
	}
	back, err := ParseDigest(d.Stored())
	if err != nil || !back.Equal(d) || !IsDigest(d.Stored()) {
		t.Errorf("stored %q is read as %v, %v", d.Stored(), back, err)
	}
	for _, bad := range []string{"", "$postern-keyed$", d.Stored() + "00", d.Stored()[:40], "$postern-keyed$" + strings.Repeat("zz", 32)} {
		if _, err := ParseDigest(bad); !fault.Is(err, fault.Damaged) {
			t.Errorf("stored %q: %v", bad, err)
		}
	}
}

// TestScramKeys checks the example of RFC 7677 §3.
func TestScramKeys(t *testing.T) {
	t.Parallel()
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	if err != nil {
		t.Fatal(err)
	}
	k, err := DeriveScram([]byte("pencil"), salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	const message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	want, err := base64.StdEncoding.DecodeString("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha256.New, k.Server)
	m.Write([]byte(message))
	if got := m.Sum(nil); !bytes.Equal(got, want) {
		t.Errorf("server signature %x, want %x", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for text := range foreign {
		f.Add(text)
	}
	f.Add(New([]byte("x"), Params{MemoryKiB: 8, Time: 1, Threads: 1}))
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unsupported) && !fault.Is(err, fault.TooLarge) {
				t.Fatalf("%q: kind %v", text, fault.KindOf(err))
			}
			return
		}
		if h.Scheme() == "" || h.Shape() == "" || h.Memory() <= 0 || h.Decoy().Shape() != h.Shape() {
			t.Fatalf("%q: %s %s %d", text, h.Scheme(), h.Shape(), h.Memory())
		}
		if a, ok := h.h.(*argon); ok {
			again, err := Parse(a.String())
			if err != nil || again.Shape() != h.Shape() {
				t.Fatalf("%q is not read back: %v", a.String(), err)
			}
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add("$postern-keyed$" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDigest(text); err == nil && !strings.EqualFold(d.Stored(), text) {
			t.Fatalf("%q is read as %q", text, d.Stored())
		}
	})
}

func BenchmarkArgon2id(b *testing.B) {
	h := DecoyOf(DefaultParams())
	b.ReportAllocs()
	for b.Loop() {
		h.Matches([]byte(horse))
	}
}

func BenchmarkDeriveScram(b *testing.B) {
	salt := NewSalt()
	for b.Loop() {
		if _, err := DeriveScram([]byte(horse), salt, 4096); err != nil {
			b.Fatal(err)
		}
	}
}
