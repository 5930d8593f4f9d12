package credential

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"postern/fault"
)

// secretAlphabet is the small letters and digits without i, l, o and 1, which
// are taken for each other when read and typed.
const (
	secretAlphabet = "abcdefghjkmnpqrstuvwxyz023456789"
	secretLength   = 28                // 140 bits
	secretPrefix   = "$postern-keyed$" //nolint:gosec // the name of a scheme, no secret
)

// Generate makes a secret of 140 bits, in groups of four for people to type:
// "abcd-efgh-jkmn-pqrs-tvwx-yz23-4567".
func Generate() string {
	var raw [secretLength]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	out := make([]byte, 0, secretLength+secretLength/4)
	for i, c := range raw {
		if i > 0 && i%4 == 0 {
			out = append(out, '-')
		}
		out = append(out, secretAlphabet[c&31])
	}
	return string(out)
}

// normalSecret brings what a person typed for a generated secret into the one
// form that is hashed, in dst: spaces and dashes dropped, small letters. It is
// false if the text cannot be a generated secret.
func normalSecret(dst *[secretLength]byte, typed []byte) bool {
	n := 0
	for _, c := range typed {
		switch {
		case c == ' ' || c == '-' || c == '\t':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if c == 'o' {
			c = '0'
		}
		if n == secretLength || strings.IndexByte(secretAlphabet, c) < 0 {
			return false
		}
		dst[n] = c
		n++
	}
	return n == secretLength
}

// Key is the server's key for hashing generated secrets.
type Key [32]byte

// Digest is the keyed hash of a generated secret.
type Digest [sha256.Size]byte

// Digest hashes what a person typed; false if that cannot be a generated
// secret of ours.
func (k *Key) Digest(typed []byte) (d Digest, ok bool) {
	var norm [secretLength]byte
	if !normalSecret(&norm, typed) {
		return d, false
	}
	m := hmac.New(sha256.New, k[:])
	m.Write(norm[:])
	m.Sum(d[:0])
	return d, true
}

// Stored is the digest as a credential row keeps it.
func (d Digest) Stored() string { return secretPrefix + hex.EncodeToString(d[:]) }

// Equal compares in constant time.
func (d Digest) Equal(e Digest) bool { return subtle.ConstantTimeCompare(d[:], e[:]) == 1 }

// IsDigest tells whether a stored hash is that of a generated secret.
func IsDigest(stored string) bool { return strings.HasPrefix(stored, secretPrefix) }

// ParseDigest reads what Stored wrote.
func ParseDigest(stored string) (d Digest, err error) {
	text, ok := strings.CutPrefix(stored, secretPrefix)
	if n, e := hex.Decode(d[:], []byte(text[:min(len(text), 2*len(d))])); !ok || e != nil || n != len(d) || len(text) != 2*len(d) {
		return Digest{}, fault.New(fault.Damaged, "credential.ParseDigest", "a stored secret that is not %s and 64 hexadecimal digits", secretPrefix)
	}
	return d, nil
}
