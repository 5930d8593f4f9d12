package credential

import (
	"crypto/rand"

	"postern/mail"
	"postern/wire/sasl"
)

// ScramSHA256 is the mechanism of the verifiers that we write.
const ScramSHA256 = "SCRAM-SHA-256"

// ScramKeys are what a server keeps to check SCRAM-SHA-256 proofs.
type ScramKeys struct{ Stored, Server []byte }

// DeriveScram makes the keys of RFC 5802 §3 for SCRAM-SHA-256 (RFC 7677) from a
// password, with the account's one salt and iteration count. A generated secret
// is taken in the form that Generate gives it.
func DeriveScram(password, salt []byte, iterations int) (ScramKeys, error) {
	v, err := sasl.NewScramVerifier(mail.NewSecret(password), salt, iterations)
	if err != nil {
		return ScramKeys{}, err
	}
	return ScramKeys{Stored: v.StoredKey[:], Server: v.ServerKey[:]}, nil
}

// NewSalt is a salt for an account's SCRAM verifiers.
func NewSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return salt
}
