//go:build crash

package crash

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/test/bench/peer"
	"postern/test/crash/oracle"
	"postern/test/posterntest"
)

const password = "crash-pass-1"

// world is a program, its data folder and the clients that know what is in it.
type world struct {
	*testing.T
	binary string
	opts   posterntest.Options
	server *posterntest.Server // nil while none runs
	oracle *oracle.Oracle
	seed   uint64
	disk   string // the small disk, as we see it; empty for none
}

// newWorld makes clients: so many for each of two accounts. Nothing runs yet.
func newWorld(t *testing.T, each int) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{T: t, binary: posterntest.Binary(t), seed: posterntest.Seed(t)}
	base, err := peer.FreeBase(t.Context())
	w.must(err)
	w.opts = posterntest.Options{Dir: filepath.Join(dir, "data"), Base: base, Accounts: 2, Password: password}
	journal, err := oracle.NewJournal(filepath.Join(dir, "journal"))
	w.must(err)
	w.oracle = oracle.New(journal, w.seed, password, []string{"user0@" + posterntest.Domain, "user1@" + posterntest.Domain}, each)
	t.Cleanup(func() {
		if w.server != nil {
			w.must(w.server.Kill())
		}
		w.must(journal.Close())
		if t.Failed() {
			w.keep(dir)
		}
	})
	return w
}

// keep saves what a failure left for those who look into it.
func (w *world) keep(dir string) {
	kept, err := os.MkdirTemp("", "postern-crash-")
	if err == nil {
		err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			to := filepath.Join(kept, strings.TrimPrefix(name, dir))
			switch {
			case err != nil:
				return err
			case d.IsDir():
				return os.MkdirAll(to, 0o700)
			case !d.Type().IsRegular() || d.Name() == "BALLAST":
				return nil
			}
			raw, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return os.WriteFile(to, raw, 0o600)
		})
	}
	w.Logf("journal, data and log are kept in %s (%v); the server said last:\n%s", kept, err, posterntest.Tail(w.opts.Dir+".log"))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) start() {
	w.Helper()
	var err error
	w.server, err = posterntest.Start(w.Context(), w.binary, w.opts)
	w.must(err)
}

func (w *world) stop() {
	w.Helper()
	code, _, err := w.server.Stop(20 * time.Second)
	w.must(err)
	if code != 0 {
		w.Errorf("exit code %d after SIGTERM\n%s", code, posterntest.Tail(w.server.Log))
	}
	w.server = nil
}

func (w *world) kill() {
	w.Helper()
	w.must(w.server.Kill())
	w.server = nil
}

func (w *world) baseline() {
	w.Helper()
	w.must(w.oracle.Baseline(w.Context(), w.server.IMAP))
}

func (w *world) load() *oracle.Running {
	w.Helper()
	running, err := w.oracle.Load(w.Context(), w.server.IMAP)
	w.must(err)
	return running
}

// verify holds everything against what the clients know.
func (w *world) verify(when string) {
	w.Helper()
	wrong, err := w.oracle.Verify(w.Context(), w.server.IMAP)
	if err != nil {
		w.Fatalf("%s: %v", when, err)
	}
	if len(wrong) > 0 {
		w.Fatalf("%s: %d things are wrong:\n%s", when, len(wrong), strings.Join(wrong[:min(len(wrong), 30)], "\n"))
	}
}

// fsck wants nothing to be found, whether the server runs or not.
func (w *world) fsck(when string) {
	w.Helper()
	if out, code := w.command("fsck", "--data", w.opts.Dir); code != 0 || !strings.Contains(out, " 0 findings") {
		w.Fatalf("%s: fsck ended with %d:\n%s", when, code, out)
	}
}

// command runs a command of the program where its data is.
func (w *world) command(args ...string) (string, int) {
	w.Helper()
	args = append(append(w.inside(), w.binary), args...)
	cmd := exec.CommandContext(w.Context(), args[0], args[1:]...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		w.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// inside is what enters the name space of a server in one of its own.
func (w *world) inside() []string {
	if len(w.opts.Wrap) > 0 && w.opts.Wrap[0] == "nsenter" {
		return append([]string{}, w.opts.Wrap...)
	}
	return nil
}

var gauge = regexp.MustCompile(`(?m)^postern_store_writable (\d)$`)

// writable is what the metrics say of the store.
func (w *world) writable() bool {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.server.Metrics+"/metrics", http.NoBody)
	w.must(err)
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	w.must(err)
	m := gauge.FindSubmatch(body)
	if m == nil {
		w.Fatal("the metrics have no postern_store_writable")
	}
	return string(m[1]) == "1"
}

// within polls until ok, at most so long, and tells how long it took.
func within(limit time.Duration, ok func() bool) (time.Duration, bool) {
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > limit {
			return time.Since(began), false
		}
		<-tick.C
	}
	return time.Since(began), true
}

// after waits for so long or until the channel is closed.
func after(d time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
}
