package credential

import (
	"strings"

	"postern/fault"
)

// Hash is a stored hash of a password that a person chose: ours or another
// server's.
type Hash struct{ h hasher }

type hasher interface {
	Scheme() string
	memory() int64 // bytes that matches needs
	matches(password []byte) bool
	shape() string // scheme and parameters: hashes of one shape take the same time
}

// Parse reads a hash: PHC argon2, crypt(3) ($2y$, $5$, $6$), PBKDF2 as passlib
// writes it, or any of them and the salted SHA kinds after a scheme in braces
// as Dovecot and LDAP write it. Unsupported for schemes that are not taken.
func Parse(s string) (Hash, error) {
	if len(s) > maxHashText {
		return Hash{}, fault.New(fault.TooLarge, "credential.Parse", "a hash of %d bytes, want at most %d", len(s), maxHashText)
	}
	if strings.HasPrefix(s, "{") {
		return parseBraced(s)
	}
	h, err := parseCrypt(s)
	return Hash{h}, err
}

// parseCrypt reads what has its scheme between dollar signs.
func parseCrypt(s string) (hasher, error) {
	switch {
	case strings.HasPrefix(s, "$argon2id$"), strings.HasPrefix(s, "$argon2i$"):
		return parseArgon(s)
	case strings.HasPrefix(s, "$2a$"), strings.HasPrefix(s, "$2b$"), strings.HasPrefix(s, "$2y$"), strings.HasPrefix(s, "$2x$"):
		return parseBcrypt(s)
	case strings.HasPrefix(s, "$5$"), strings.HasPrefix(s, "$6$"):
		return parseShaCrypt(s)
	case strings.HasPrefix(s, "$pbkdf2"):
		return parsePasslib(s)
	}
	return nil, fault.New(fault.Unsupported, "credential.Parse",
		"a hash of a kind that is not taken; taken are argon2, bcrypt, $5$, $6$, PBKDF2, {SSHA}, {SSHA256}, {SSHA512}: set a new password")
}

// Scheme is the kind of hash, such as "argon2id" or "bcrypt".
func (h Hash) Scheme() string {
	if h.h == nil {
		return "none"
	}
	return h.h.Scheme()
}

// Memory is how many bytes a check needs while it runs.
func (h Hash) Memory() int64 { return h.h.memory() }

// Shape is equal for hashes that take the same time to check.
func (h Hash) Shape() string { return h.h.shape() }

// Matches tells whether password is the one that was hashed. The time it takes
// does not depend on the answer.
func (h Hash) Matches(password []byte) bool {
	ours := false
	if a, ok := h.h.(*argon); ok {
		ours = a.id
	}
	long := len(password) > MaxPassword
	if long {
		password = password[:MaxPassword]
	}
	if ours {
		password = prepare(password)
	}
	return h.h.matches(password) && !long
}

// Fast tells whether a check takes next to no time, so that somebody who can
// measure would tell the account from others if nothing were done beside it.
func (h Hash) Fast() bool {
	switch h.h.(type) {
	case *salted:
		return true
	default:
		return false
	}
}

// Outdated tells whether a password that matches should be hashed anew: the
// hash is another server's or made with other parameters.
func (h Hash) Outdated(p Params) bool {
	a, ok := h.h.(*argon)
	return !ok || !a.id || a.Params != p
}

// Decoy is a hash that no password matches, of the shape of h.
func (h Hash) Decoy() Hash {
	switch k := h.h.(type) {
	case *argon:
		c := *k
		c.salt, c.sum = scrambled(k.salt), scrambled(k.sum)
		return Hash{&c}
	case *shaCrypt:
		c := *k
		c.sum = "."
		return Hash{&c}
	case *pbkdf2Hash:
		c := *k
		c.sum = scrambled(k.sum)
		return Hash{&c}
	case *bcryptHash:
		c := *k
		c.decoy = true
		return Hash{&c}
	}
	return h
}

// DecoyOf is a hash with our parameters that no password matches.
func DecoyOf(p Params) Hash {
	return Hash{&argon{Params: p, id: true, salt: make([]byte, 16), sum: make([]byte, 32)}}
}
