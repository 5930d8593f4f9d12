package credential

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // hashes of other servers, replaced at the first sign-in
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"postern/fault"
)

const (
	maxBcryptCost  = 15
	maxRounds      = 2_000_000
	opParse        = "credential.Parse"
	bcryptPassword = 72 // bytes of a password that bcrypt looks at
)

type bcryptHash struct {
	text  []byte
	cost  int
	decoy bool
}

func parseBcrypt(s string) (*bcryptHash, error) {
	// $2y$, $2b$ and $2a$ of today's libraries are the same for our purpose.
	text := []byte("$2a$" + s[4:])
	cost, err := bcrypt.Cost(text)
	if err != nil || len(s) != 60 || s[2] == 'x' {
		return nil, fault.New(fault.Invalid, opParse, "a bcrypt hash that is not $2b$cost$ and 53 characters")
	}
	if cost > maxBcryptCost {
		return nil, fault.New(fault.Invalid, opParse, "a bcrypt hash of cost %d, want at most %d", cost, maxBcryptCost)
	}
	return &bcryptHash{text: text, cost: cost}, nil
}

func (*bcryptHash) Scheme() string  { return "bcrypt" }
func (*bcryptHash) memory() int64   { return 8 << 10 }
func (b *bcryptHash) shape() string { return "bcrypt," + strconv.Itoa(b.cost) }
func (b *bcryptHash) matches(password []byte) bool {
	if len(password) > bcryptPassword {
		password = password[:bcryptPassword] // as the servers did that made these hashes
	}
	return bcrypt.CompareHashAndPassword(b.text, password) == nil && !b.decoy
}

// salted is {SSHA}, {SSHA256}, {SSHA512}: base64 of the digest and the salt.
type salted struct {
	scheme    string
	newHash   func() hash.Hash
	sum, salt []byte
}

func (s *salted) Scheme() string { return strings.ToLower(s.scheme) }
func (*salted) memory() int64    { return 1 << 10 }
func (*salted) shape() string    { return "fast" }
func (s *salted) matches(password []byte) bool {
	h := s.newHash()
	h.Write(password)
	h.Write(s.salt)
	return subtle.ConstantTimeCompare(h.Sum(nil), s.sum) == 1
}

type pbkdf2Hash struct {
	name    string
	newHash func() hash.Hash
	rounds  int
	salt    []byte
	sum     []byte
}

func (p *pbkdf2Hash) Scheme() string { return "pbkdf2-" + p.name }
func (*pbkdf2Hash) memory() int64    { return 1 << 10 }
func (p *pbkdf2Hash) shape() string {
	return p.Scheme() + "," + strconv.Itoa(p.rounds) + "," + strconv.Itoa(len(p.sum))
}

func (p *pbkdf2Hash) matches(password []byte) bool {
	sum, err := pbkdf2.Key(p.newHash, string(password), p.salt, p.rounds, len(p.sum))
	return err == nil && subtle.ConstantTimeCompare(sum, p.sum) == 1
}

// parsePasslib reads "$pbkdf2-sha256$rounds$salt$hash" with passlib's base64.
func parsePasslib(s string) (*pbkdf2Hash, error) {
	f := strings.Split(s, "$")
	if len(f) != 5 {
		return nil, fault.New(fault.Invalid, opParse, "a PBKDF2 hash that is not $pbkdf2-sha256$rounds$salt$hash")
	}
	p := &pbkdf2Hash{}
	switch f[1] {
	case "pbkdf2":
		p.name, p.newHash = "sha1", sha1.New
	case "pbkdf2-sha256":
		p.name, p.newHash = "sha256", sha256.New
	case "pbkdf2-sha512":
		p.name, p.newHash = "sha512", sha512.New
	default:
		return nil, fault.New(fault.Unsupported, opParse, "PBKDF2 with another digest than SHA-1, SHA-256 or SHA-512")
	}
	var e1, e2 error
	b64 := func(s string) ([]byte, error) {
		return base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.ReplaceAll(s, ".", "+"), "="))
	}
	p.salt, e1 = b64(f[3])
	p.sum, e2 = b64(f[4])
	if e1 != nil || e2 != nil {
		return nil, fault.New(fault.Invalid, opParse, "a PBKDF2 hash whose salt or hash is not base64")
	}
	return p, p.check(f[2])
}

// parseDovecotPBKDF2 reads "$1$salt$rounds$hexadecimal": PBKDF2 with SHA-1,
// the salt taken as text.
func parseDovecotPBKDF2(s string) (*pbkdf2Hash, error) {
	f := strings.Split(s, "$")
	if len(f) != 5 || f[0] != "" || f[1] != "1" {
		return nil, fault.New(fault.Invalid, opParse, "a {PBKDF2} hash that is not $1$salt$rounds$hash")
	}
	sum, err := hex.DecodeString(f[4])
	if err != nil {
		return nil, fault.New(fault.Invalid, opParse, "a {PBKDF2} hash that is not hexadecimal at its end")
	}
	p := &pbkdf2Hash{name: "sha1", newHash: sha1.New, salt: []byte(f[2]), sum: sum}
	return p, p.check(f[3])
}

func (p *pbkdf2Hash) check(rounds string) error {
	n, err := strconv.Atoi(rounds)
	if err != nil || n < 1 || n > maxRounds {
		return fault.New(fault.Invalid, opParse, "a PBKDF2 hash of %q rounds, want 1 to %d", rounds, maxRounds)
	}
	if len(p.sum) < 16 || len(p.sum) > 64 || len(p.salt) == 0 {
		return fault.New(fault.Invalid, opParse, "a PBKDF2 hash with an empty salt or a hash of %d bytes, want 16 to 64", len(p.sum))
	}
	p.rounds = n
	return nil
}

// parseBraced reads "{SCHEME}…" as Dovecot's passwd-file and LDAP have it,
// also with an encoding: "{SSHA512.b64}", "{SSHA.hex}".
func parseBraced(s string) (Hash, error) {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return Hash{}, fault.New(fault.Invalid, opParse, "a scheme without its closing brace")
	}
	scheme, encoding, _ := strings.Cut(strings.ToUpper(s[1:end]), ".")
	rest := s[end+1:]
	var h hasher
	var err error
	switch scheme {
	case "CRYPT", "BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "ARGON2ID", "ARGON2I":
		h, err = parseCrypt(rest)
	case "PBKDF2":
		h, err = parseDovecotPBKDF2(rest)
	case "PBKDF2-SHA256", "PBKDF2-SHA512":
		h, err = parsePasslib("$" + strings.ToLower(scheme) + "$" + strings.TrimPrefix(rest, "$"))
	case "SSHA":
		h, err = parseSalted(scheme, encoding, rest, sha1.Size, sha1.New)
	case "SSHA256":
		h, err = parseSalted(scheme, encoding, rest, sha256.Size, sha256.New)
	case "SSHA512":
		h, err = parseSalted(scheme, encoding, rest, sha512.Size, sha512.New)
	default:
		return Hash{}, fault.New(fault.Unsupported, opParse, "a hash of a scheme that is not taken; set a new password")
	}
	return Hash{h}, err
}

func parseSalted(scheme, encoding, rest string, size int, newHash func() hash.Hash) (*salted, error) {
	decode := base64.StdEncoding.DecodeString
	if encoding == "HEX" {
		decode = hex.DecodeString
	}
	b, err := decode(rest)
	if err != nil || len(b) <= size {
		return nil, fault.New(fault.Invalid, opParse, "a {%s} hash that is not the encoding of a digest and a salt", scheme)
	}
	return &salted{scheme, newHash, b[:size], b[size:]}, nil
}

// scrambled is random bytes of the same length that are not b.
func scrambled(b []byte) []byte {
	out := make([]byte, len(b))
	for {
		_, _ = rand.Read(out) // never fails (crypto/rand)
		if !bytes.Equal(out, b) || len(b) == 0 {
			return out
		}
	}
}
