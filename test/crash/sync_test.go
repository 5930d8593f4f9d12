//go:build crash

package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"postern/test/crash/oracle"
	"postern/test/crash/trace"
	"postern/test/posterntest"
)

// TestAckAfterSync traces the program while one client changes things in every
// way that IMAP has. By the time an OK is written to the socket, everything
// that was written since the command came is synced: the log, the blob, and
// the name of a file that is new.
func TestAckAfterSync(t *testing.T) {
	posterntest.Need(t, "strace")
	w := newWorld(t, 1)
	file := filepath.Join(t.TempDir(), "trace")
	w.opts.Wrap = []string{"strace", "-D", "-f", "-ttt", "-y", "-s", "4096", "-e", "trace=" + trace.Calls, "-e", "signal=none", "-o", file}
	w.start()
	conn, err := posterntest.Login(t.Context(), w.server.IMAP, w.server.User(0), password)
	w.must(err)
	// The sign-in is written to its log a moment later; then it is quiet.
	after(3*time.Second, w.server.Done())
	r := rand.New(rand.NewPCG(w.seed, 0))
	done := 0
	ok := func(a *posterntest.Answer, err error) {
		t.Helper()
		w.must(err)
		if !a.OK() {
			t.Fatal(a)
		}
		done++
	}
	for round := range posterntest.Share(6, 100) {
		msg := func(size int) []byte { return oracle.Make(r, fmt.Sprintf("sync.%d", round), size) }
		for _, m := range [][][]byte{{msg(1)}, {msg(5000)}, {msg(64<<10 + 1)}, {msg(600 << 10)}, {msg(900), msg(80 << 10), msg(300 << 10)}} {
			ok(conn.Append("INBOX", `\Seen`, round%2 == 0, m...))
		}
		for _, c := range []string{
			"CREATE a", "SUBSCRIBE a", "SELECT INBOX", "STORE 1:* +FLAGS (blue)", "UID STORE 1:* -FLAGS.SILENT (blue)", "COPY 1:* a", "UID COPY * a",
			"MOVE 1:2 a", "UID MOVE * a", `STORE 1 +FLAGS.SILENT (\Deleted)`, "EXPUNGE", `STORE 1:* +FLAGS.SILENT (\Deleted)`, "CLOSE",
			"SELECT a", `STORE 1:4 +FLAGS.SILENT (\Deleted)`, "UID EXPUNGE 1:*", "UNSELECT", "RENAME a b", "UNSUBSCRIBE a", "DELETE b",
		} {
			ok(conn.Do(c))
		}
	}
	conn.Close()
	w.stop()
	f, err := os.Open(file)
	w.must(err)
	defer f.Close()
	events, err := trace.Parse(f)
	w.must(err)
	changes := 0
	acks := trace.Acks(events)
	for _, a := range acks {
		switch a.Verb {
		case "LOGIN", "SELECT", "UNSELECT":
			continue
		}
		changes++
		if a.Wrote == 0 {
			t.Errorf("%s %s was acknowledged and nothing was written", a.Tag, a.Verb)
		}
		if len(a.Unsynced) > 0 {
			t.Errorf("%s %s was acknowledged before the sync of %v", a.Tag, a.Verb, a.Unsynced)
		}
	}
	if len(acks) != done+1 { // the sign-in
		t.Errorf("%d acknowledgements in the trace, the client had %d", len(acks), done+1)
	}
	t.Logf("%d acknowledged changes, each after its sync", changes)
}
