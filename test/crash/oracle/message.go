package oracle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
)

// marked is the least size of a message that carries its id; smaller ones are
// known by their bytes and stay in their worker's own mailboxes.
const marked = 300

// Make makes a message of exactly size bytes. From 300 bytes on it carries an
// id and the SHA-256 of its body.
func Make(r *rand.Rand, id string, size int) []byte {
	if size < marked {
		return noise(r, size)
	}
	const form = "Message-ID: <%s@crash.test>\r\nSubject: %s\r\nX-Body-SHA256: %064d\r\n\r\n"
	body := noise(r, size-len(fmt.Sprintf(form, id, id, 0)))
	sum := sha256.Sum256(body)
	return append(fmt.Appendf(nil, form[:len(form)-len("%064d\r\n\r\n")]+"%x\r\n\r\n", id, id, sum), body...)
}

// noise is text that does not compress well.
func noise(r *rand.Rand, size int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, size)
	for i := 0; i < size; {
		for n, bits := 0, r.Uint64(); n < 10 && i < size; n, bits = n+1, bits>>6 {
			b[i] = letters[bits&63]
			i++
		}
	}
	for i := 76; i+2 <= size; i += 78 {
		b[i], b[i+1] = '\r', '\n'
	}
	if size > 0 && b[size-1] == '\r' {
		b[size-1] = '.'
	}
	return b
}

// Size draws a size: mostly what people write, and enough of what is kept in
// blobs, in shared segments (above 32 KiB) and in ones of their own (above 256).
func Size(r *rand.Rand) int {
	switch n := r.IntN(100); {
	case n < 10:
		return 1 + r.IntN(100)
	case n < 75:
		return marked + r.IntN(20<<10)
	case n < 85:
		return 28<<10 + r.IntN(8<<10) // around the bound of what is kept inline
	case n < 95:
		return 32<<10 + r.IntN(224<<10)
	default:
		return 256<<10 + r.IntN(2<<20-256<<10)
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
