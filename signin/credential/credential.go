// Package credential makes and checks what proves an account: argon2id hashes of
// passwords people choose, keyed hashes of secrets that we generate, SCRAM
// verifiers, and the hashes of other servers that accounts arrive with. Package
// signin is the caller.
package credential

// SchemeArgon2id is the scheme of the hashes that we make.
const SchemeArgon2id = "argon2id"

// Params are the parameters of argon2id. They are written into each hash, so
// they can change at any time.
type Params struct {
	MemoryKiB uint32
	Time      uint32
	Threads   uint8
}

// DefaultParams are OWASP's for argon2id (19 MiB, two passes, one lane): about
// 20 ms of one core.
func DefaultParams() Params { return Params{MemoryKiB: 19 << 10, Time: 2, Threads: 1} }
