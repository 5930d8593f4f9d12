package credential

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"strconv"
	"strings"

	"postern/fault"
)

// shaCrypt is crypt(3)'s "$5$" and "$6$", as glibc and Dovecot make them.
type shaCrypt struct {
	long   bool // SHA-512
	rounds int
	salt   string
	sum    string
}

const (
	shaCryptRounds = 5000 // if the hash does not say
	cryptAlphabet  = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func parseShaCrypt(s string) (*shaCrypt, error) {
	c := &shaCrypt{long: s[1] == '6', rounds: shaCryptRounds}
	f := strings.Split(s[3:], "$")
	if text, ok := strings.CutPrefix(f[0], "rounds="); ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 || n > maxRounds {
			return nil, fault.New(fault.Invalid, opParse, "a SHA-crypt hash of %q rounds, want 1000 to %d", text, maxRounds)
		}
		c.rounds, f = n, f[1:]
	}
	size := 43
	if c.long {
		size = 86
	}
	if len(f) != 2 || len(f[0]) == 0 || len(f[1]) != size {
		return nil, fault.New(fault.Invalid, opParse, "a SHA-crypt hash that is not $6$salt$hash")
	}
	for i := range len(f[1]) {
		if strings.IndexByte(cryptAlphabet, f[1][i]) < 0 {
			return nil, fault.New(fault.Invalid, opParse, "a SHA-crypt hash with a character that cannot be in one")
		}
	}
	c.salt, c.sum = f[0][:min(16, len(f[0]))], f[1]
	return c, nil
}

func (c *shaCrypt) Scheme() string {
	if c.long {
		return "sha512-crypt"
	}
	return "sha256-crypt"
}
func (*shaCrypt) memory() int64   { return 4 << 10 }
func (c *shaCrypt) shape() string { return c.Scheme() + "," + strconv.Itoa(c.rounds) }
func (c *shaCrypt) matches(password []byte) bool {
	return subtle.ConstantTimeCompare([]byte(c.digest(password)), []byte(c.sum)) == 1
}

// digest follows the steps of "Unix crypt using SHA-256 and SHA-512" (Drepper).
func (c *shaCrypt) digest(password []byte) string {
	newHash, order := sha256.New, order256[:]
	if c.long {
		newHash, order = sha512.New, order512[:]
	}
	salt := []byte(c.salt)
	sum := firstDigest(newHash(), newHash(), password, salt)

	// Steps 13 to 20: the byte sequences P and S.
	dp, ds := newHash(), newHash()
	for range len(password) {
		dp.Write(password)
	}
	for range 16 + int(sum[0]) {
		ds.Write(salt)
	}
	p, s := stretch(dp.Sum(nil), len(password)), stretch(ds.Sum(nil), len(salt))

	// Step 21: the rounds.
	h := newHash()
	for i := range c.rounds {
		h.Reset()
		pick(h, i%2 != 0, p, sum)
		if i%3 != 0 {
			h.Write(s)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		pick(h, i%2 != 0, sum, p)
		sum = h.Sum(sum[:0])
	}
	return encodeCrypt(sum, order)
}

// firstDigest is steps 1 to 12.
func firstDigest(a, b hash.Hash, password, salt []byte) []byte {
	for _, part := range [][]byte{password, salt, password} {
		b.Write(part)
	}
	sumB := b.Sum(nil)
	a.Write(password)
	a.Write(salt)
	a.Write(stretch(sumB, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		pick(a, n&1 != 0, sumB, password)
	}
	return a.Sum(nil)
}

func pick(h hash.Hash, first bool, a, b []byte) {
	if first {
		h.Write(a)
		return
	}
	h.Write(b)
}

func stretch(sum []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(out) < n {
		out = append(out, sum[:min(len(sum), n-len(out))]...)
	}
	return out
}

// The order in which groups of three bytes are encoded; the last, short group
// is written apart.
var (
	order256 = [...]int{0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29} //nolint:gochecknoglobals // a constant table
	order512 = [...]int{                                                                                                              //nolint:gochecknoglobals // a constant table
		0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30, 51, 31, 52, 10,
		53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39, 60, 40, 61, 19, 62, 20, 41,
	}
)

func encodeCrypt(sum []byte, order []int) string {
	out := make([]byte, 0, 86)
	put := func(v uint32, n int) {
		for range n {
			out = append(out, cryptAlphabet[v&63])
			v >>= 6
		}
	}
	for i := 0; i < len(order); i += 3 {
		put(uint32(sum[order[i]])<<16|uint32(sum[order[i+1]])<<8|uint32(sum[order[i+2]]), 4)
	}
	if len(sum) == sha256.Size {
		put(uint32(sum[31])<<8|uint32(sum[30]), 3)
	} else {
		put(uint32(sum[63]), 2)
	}
	return string(out)
}
