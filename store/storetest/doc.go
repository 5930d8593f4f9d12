// Package storetest checks the laws of package store on an engine. Every engine
// has a test that calls Run with a function that opens it; nothing else may
// decide whether an engine is right.
//
// Histories are random. Each prints its seed when it fails; POSTERN_SEED
// replays one. POSTERN_LONG=1 asks for the full counts.
package storetest

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"postern/fault"
	"postern/store"
)

// Harness is an engine under test. What an engine cannot do is nil; the checks
// that need it do not run then.
type Harness struct {
	// Store is open and empty.
	Store store.Store
	// OnWrite has fn called before every write, sync and change of a file, on
	// whatever goroutine does it; nil stops it.
	OnWrite func(fn func())
	// Image keeps what a power loss would leave at this moment, with that share
	// of the data that was not synced, and returns a function that opens it. The
	// caller closes that store.
	Image func(seed uint64, keptPercent int) func(t testing.TB) store.Store
	// FailSync lets the next sync fail once and all later ones succeed.
	FailSync func()
	// OpenAt opens what Checkpoint wrote into a folder of the harness's choice;
	// Folder is a fresh folder name for it.
	OpenAt func(t testing.TB, dir string) store.Store
	Folder string
	// SetRoom leaves that many bytes free on the disk; negative is no limit.
	SetRoom func(bytes int64)
}

// Run checks every law. open makes a new, empty engine; it ends with the test.
func Run(t *testing.T, open func(t testing.TB) *Harness) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, h *Harness)
	}{
		{"Mailboxes", testMailboxes},
		{"Messages", testMessages},
		{"Emails", testEmails},
		{"ChangeLog", testChangeLog},
		{"RemovedOfDeleted", testRemovedOfDeleted},
		{"Wipe", testWipe},
		{"Accounts", testAccounts},
		{"Credentials", testCredentials},
		{"Attempts", testAttempts},
		{"System", testSystem},
		{"OneWriter", testOneWriter},
		{"SeveralPartitions", testSeveralPartitions},
		{"AllOrNothing", testAllOrNothing},
		{"Cancel", testCancel},
		{"Snapshot", testSnapshot},
		{"Subscribe", testSubscribe},
		{"SubscribeCancel", testSubscribeCancel},
		{"Partitions", testPartitions},
		{"Closed", testClosed},
		{"Checkpoint", testCheckpoint},
		{"Histories", testHistories},
		{"FailedSync", testFailedSync},
		{"FullDisk", testFullDisk},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
	t.Run("Crashes", func(t *testing.T) { testCrashes(t, open) })
	t.Run("FailedSyncs", func(t *testing.T) { testFailedSyncs(t, open) })
}

// long tells whether the full counts are wanted.
func long() bool { return os.Getenv("POSTERN_LONG") == "1" }

// refused tells whether err is more than the cancelling that histories do on
// purpose.
func refused(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || !fault.Is(err, fault.Canceled))
}

// count is the usual or the full count of something.
func count(usual, full int) int {
	if long() {
		return full
	}
	return usual
}

// seedOf is a new seed, or the one to replay; it is printed if the test fails.
func seedOf(t testing.TB) uint64 {
	seed := rand.Uint64()
	if s := os.Getenv("POSTERN_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("POSTERN_SEED: %v", err)
		}
		seed = n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("replay with POSTERN_SEED=%d", seed)
		}
	})
	return seed
}

func newRand(seed, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, stream))
}

// patient bounds what must not take long, so that a deadlock is a failure.
func patient(t testing.TB) context.Context {
	limit := 2 * time.Minute
	if long() {
		limit = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}
