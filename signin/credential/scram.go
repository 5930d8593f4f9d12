package credential

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
)

// ScramSHA256 is the mechanism of the verifiers that we write.
const ScramSHA256 = "SCRAM-SHA-256"

// ScramKeys are what a server keeps to check SCRAM-SHA-256 proofs.
type ScramKeys struct{ Stored, Server []byte }

// DeriveScram makes the keys of RFC 5802 §3 for SCRAM-SHA-256 (RFC 7677) from a
// password, with the account's one salt and iteration count. A generated secret
// is taken in the form that Generate gives it.
func DeriveScram(password, salt []byte, iterations int) (ScramKeys, error) {
	salted, err := pbkdf2.Key(sha256.New, string(prepare(password)), salt, iterations, sha256.Size)
	if err != nil {
		return ScramKeys{}, err
	}
	client := keyed(salted, "Client Key")
	stored := sha256.Sum256(client)
	return ScramKeys{Stored: stored[:], Server: keyed(salted, "Server Key")}, nil
}

// NewSalt is a salt for an account's SCRAM verifiers.
func NewSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return salt
}

func keyed(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
