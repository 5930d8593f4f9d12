package credential

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"postern/fault"
)

// Limits on the hashes that are taken in: one that is over them could stop the
// server by being checked.
const (
	maxMemoryKiB = 128 << 10
	maxTime      = 64
	maxThreads   = 16
	maxHashText  = 1024
)

// argon is an argon2 hash: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
type argon struct {
	Params
	id   bool // argon2id, else argon2i
	salt []byte
	sum  []byte
}

func (a *argon) Scheme() string {
	if a.id {
		return "argon2id"
	}
	return "argon2i"
}

func (a *argon) memory() int64 { return int64(a.MemoryKiB) << 10 }

func (a *argon) matches(password []byte) bool {
	n := uint32(len(a.sum))
	derive := argon2.Key
	if a.id {
		derive = argon2.IDKey
	}
	return subtle.ConstantTimeCompare(derive(password, a.salt, a.Time, a.MemoryKiB, a.Threads, n), a.sum) == 1
}

func (a *argon) shape() string {
	return a.Scheme() + strings.Join([]string{"", utoa(a.MemoryKiB), utoa(a.Time), utoa(uint32(a.Threads))}, ",")
}

// String is the hash in PHC form.
func (a *argon) String() string {
	b64 := base64.RawStdEncoding
	return "$" + a.Scheme() + "$v=19$m=" + utoa(a.MemoryKiB) + ",t=" + utoa(a.Time) + ",p=" + utoa(uint32(a.Threads)) +
		"$" + b64.EncodeToString(a.salt) + "$" + b64.EncodeToString(a.sum)
}

// New hashes a password that a person chose, in PHC form.
func New(password []byte, p Params) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	a := &argon{Params: p, id: true, salt: salt}
	a.sum = argon2.IDKey(prepare(password), salt, p.Time, p.MemoryKiB, p.Threads, 32)
	return a.String()
}

// Valid tells what is wrong with parameters.
func (p Params) Valid() error {
	const op = "credential.Params"
	switch {
	case p.Threads < 1 || p.Threads > maxThreads:
		return fault.New(fault.Invalid, op, "argon2 with p=%d, want 1 to %d", p.Threads, maxThreads)
	case p.Time < 1 || p.Time > maxTime:
		return fault.New(fault.Invalid, op, "argon2 with t=%d, want 1 to %d", p.Time, maxTime)
	case p.MemoryKiB < 8*uint32(p.Threads) || p.MemoryKiB > maxMemoryKiB:
		return fault.New(fault.Invalid, op, "argon2 with m=%d, want %d to %d KiB", p.MemoryKiB, 8*uint32(p.Threads), maxMemoryKiB)
	}
	return nil
}

// parseArgon reads "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
func parseArgon(s string) (*argon, error) {
	const op = "credential.Parse"
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[2] != "v=19" {
		return nil, fault.New(fault.Invalid, op, "an argon2 hash that is not $argon2id$v=19$m=,t=,p=$salt$hash")
	}
	a := &argon{id: f[1] == "argon2id"}
	var err error
	if a.Params, err = parseParams(f[3]); err != nil {
		return nil, err
	}
	var e1, e2 error
	a.salt, e1 = base64.RawStdEncoding.DecodeString(strings.TrimRight(f[4], "="))
	a.sum, e2 = base64.RawStdEncoding.DecodeString(strings.TrimRight(f[5], "="))
	if e1 != nil || e2 != nil || len(a.salt) < 8 || len(a.salt) > 64 || len(a.sum) < 16 || len(a.sum) > 64 {
		return nil, fault.New(fault.Invalid, op, "an argon2 hash whose salt or hash is not base64 of a right length")
	}
	return a, nil
}

func parseParams(s string) (p Params, err error) {
	for kv := range strings.SplitSeq(s, ",") {
		k, v, _ := strings.Cut(kv, "=")
		n, e := strconv.ParseUint(v, 10, 32)
		if e != nil {
			return p, fault.New(fault.Invalid, "credential.Parse", "an argon2 hash with %q, want a number", kv)
		}
		switch k {
		case "m":
			p.MemoryKiB = uint32(n)
		case "t":
			p.Time = uint32(n)
		case "p":
			p.Threads = uint8(min(n, 255))
		default:
			return p, fault.New(fault.Invalid, "credential.Parse", "an argon2 hash with an unknown parameter %q", k)
		}
	}
	return p, p.Valid()
}

func utoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
