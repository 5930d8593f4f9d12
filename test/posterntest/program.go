package posterntest

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Binary is the program under test: POSTERN_BIN, or built now from the sources
// of this checkout into its .cache.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("POSTERN_BIN"); path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return abs
	}
	root := Root(t)
	path := filepath.Join(root, ".cache", "bin", "postern")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/postern")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/postern: %v\n%s", err, out)
	}
	return path
}

// Root is the root of the checkout.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("not below a checkout of Postern")
		}
	}
}

// Need fails the test if a program is missing, and names all that are.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		t.Fatalf("missing: %s\nremedy: run scripts/deps.sh as root (make deps)", strings.Join(missing, ", "))
	}
}

// Share is how much a test does: the usual share, or all of it with
// POSTERN_LONG=1.
func Share(usual, all int) int {
	if os.Getenv("POSTERN_LONG") == "1" {
		return all
	}
	return usual
}

// Seed is what a test draws its chances from: POSTERN_SEED, or a new one. It is
// logged, so that a failure can be played again.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64N(1 << 32)
	if text := os.Getenv("POSTERN_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("POSTERN_SEED=%s: write a whole number", text)
		}
	}
	t.Logf("POSTERN_SEED=%d plays this again", seed)
	return seed
}

// Tail is the end of a log file, for the words of a failure.
func Tail(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-6<<10):])
}
