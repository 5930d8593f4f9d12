package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"log/slog"

	"postern/fault"
	"postern/mail"
)

// The bounds of a verifier.
const (
	MinIterations = 4096 // RFC 7677 §3
	MaxIterations = 10_000_000
	MinSalt       = 8 // bytes
)

// ScramVerifier is what a server keeps to check SCRAM-SHA-256 (RFC 5802 §3).
// Whoever steals it can pose as the server and guess passwords, so it prints as
// "***".
type ScramVerifier struct {
	Salt       []byte
	Iterations int
	StoredKey  [sha256.Size]byte
	ServerKey  [sha256.Size]byte
}

// NewScramVerifier derives the verifier of a password. It takes a copy of
// salt. The password is prepared with SASLprep; one that cannot be (it is no
// UTF-8, or has forbidden characters) is taken as its bytes, as PostgreSQL does
// and clients without SASLprep do too, so that every password has a verifier.
// The time it takes is that of PBKDF2: bound how many run at a time.
func NewScramVerifier(password mail.Secret, salt []byte, iterations int) (ScramVerifier, error) {
	const op = "sasl.NewScramVerifier"
	if iterations < MinIterations || iterations > MaxIterations {
		return ScramVerifier{}, fault.New(fault.Invalid, op, "%d iterations, expected %d to %d", iterations, MinIterations, MaxIterations)
	}
	if len(salt) < MinSalt {
		return ScramVerifier{}, fault.New(fault.Invalid, op, "a salt of %d bytes, expected at least %d", len(salt), MinSalt)
	}
	prepared, err := SASLprep(string(password.Reveal()))
	if err != nil {
		prepared = string(password.Reveal())
	}
	salted, err := pbkdf2.Key(sha256.New, prepared, salt, iterations, sha256.Size)
	if err != nil {
		return ScramVerifier{}, fault.Wrap(fault.Internal, op, err)
	}
	defer clear(salted)
	v := ScramVerifier{Salt: append([]byte(nil), salt...), Iterations: iterations}
	clientKey := mac(salted, "Client Key")
	defer clear(clientKey)
	v.StoredKey = sha256.Sum256(clientKey)
	copy(v.ServerKey[:], mac(salted, "Server Key"))
	return v, nil
}

// mac is HMAC(key, text) of RFC 5802 §2.2.
func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

// String is "***".
func (ScramVerifier) String() string { return "***" }

// GoString is "***".
func (ScramVerifier) GoString() string { return "***" }

// Format prints "***" for every verb.
func (ScramVerifier) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// LogValue is "***".
func (ScramVerifier) LogValue() slog.Value { return slog.StringValue("***") }
