package mail

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Secret is a password or token on its way to the authority. Whatever prints,
// logs or marshals it sees only "***"; Reveal is the one way to its bytes. The
// zero Secret is empty.
type Secret struct{ b []byte }

// NewSecret takes ownership of b.
func NewSecret(b []byte) Secret { return Secret{b: b} }

// Reveal returns the secret's bytes. The caller must not change or keep them.
func (s Secret) Reveal() []byte { return s.b }

// Empty tells whether the secret has no bytes.
func (s Secret) Empty() bool { return len(s.b) == 0 }

// Equal compares two secrets in time that depends on their lengths only.
func (s Secret) Equal(t Secret) bool { return subtle.ConstantTimeCompare(s.b, t.b) == 1 }

// Wipe overwrites the secret's bytes with zeros.
func (s Secret) Wipe() { clear(s.b) }

// String is "***", whatever the secret.
func (Secret) String() string { return "***" }

// GoString is "***", so that %#v shows no secret.
func (Secret) GoString() string { return "***" }

// Format prints "***" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// LogValue is "***".
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText gives "***"; JSON and TOML use it.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }
