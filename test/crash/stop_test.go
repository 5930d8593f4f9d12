//go:build crash

package crash

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/test/bench/peer"
	"postern/test/posterntest"
)

// TestStop ends the program with SIGTERM under load: clients are told BYE,
// the program ends with 0 and quickly, and nothing acknowledged is lost.
func TestStop(t *testing.T) {
	w := newWorld(t, 4)
	w.start()
	w.baseline()
	for range posterntest.Share(3, 30) {
		w.oracle.Refuse(true, false)
		for _, c := range w.oracle.Workers {
			c.Ending = true
		}
		running := w.load()
		after(300*time.Millisecond, w.server.Done())
		code, took, err := w.server.Stop(15 * time.Second)
		w.must(err)
		if code != 0 || took > 3*time.Second {
			t.Errorf("exit code %d after %v", code, took)
		}
		w.server = nil
		_ = running.Wait() // the connections have ended
		if unsaid := running.Unsaid(); len(unsaid) > 0 {
			t.Errorf("%v were not told BYE", unsaid)
		}
		for _, r := range w.oracle.Refusals() {
			if !strings.Contains(r, ": NO [UNAVAILABLE] ") {
				t.Errorf("at the end: %s", r)
			}
		}
		w.fsck("stopped")
		w.start()
		w.verify("after a stop")
	}
	idle, err := posterntest.Login(t.Context(), w.server.IMAP, w.server.User(0), password)
	w.must(err)
	defer idle.Close()
	w.stop()
	w.must(idle.AwaitBye(5 * time.Second))
	if idle.Bye == "" {
		t.Error("an idle client was not told BYE")
	}
}

// refusedStart wants a start to end with 1 and clear words.
func (w *world) refusedStart(o posterntest.Options, words ...string) {
	w.Helper()
	o.Log = filepath.Join(w.TempDir(), "log")
	s, err := posterntest.Start(w.Context(), w.binary, o)
	if err == nil {
		w.must(s.Kill())
		w.Fatal("it started")
	}
	var ended *posterntest.EndedError
	if !errors.As(err, &ended) || ended.Code != 1 {
		w.Fatal(err)
	}
	for _, word := range words {
		if !strings.Contains(ended.Said, word) {
			w.Errorf("%q does not say %q", ended.Said, word)
		}
	}
	if strings.Count(ended.Said, "\n") != 1 {
		w.Errorf("that is not one line: %q", ended.Said)
	}
}

// TestTwoPrograms: a second program on the same data or the same port ends
// with 1 and says why, and the first one is not disturbed.
func TestTwoPrograms(t *testing.T) {
	w := newWorld(t, 2)
	w.start()
	w.baseline()
	running := w.load()
	other := w.opts
	base, err := peer.FreeBase(t.Context())
	w.must(err)
	other.Base = base
	w.refusedStart(other, w.opts.Dir, "in use by another Postern")
	other = w.opts
	other.Dir = filepath.Join(t.TempDir(), "other")
	w.refusedStart(other, "127.0.0.1:", "another program listens on")
	w.must(running.Stop())
	w.verify("beside two that did not start")
	w.fsck("beside two that did not start")
	w.stop()
}

// TestWrongConfiguration: file, line, key and what would be right are named.
func TestWrongConfiguration(t *testing.T) {
	w := newWorld(t, 1)
	file := filepath.Join(t.TempDir(), "postern.toml")
	for text, words := range map[string][]string{
		"hostname = \"mail.example.org\"\ndate = \"/tmp/x\"\n":      {file, "2", "date", "data"},
		"hostname = \"mail.example.org\"\ndata = \"/tmp/x\nx = 1\n": {file, "2"},
	} {
		w.must(os.WriteFile(file, []byte(text), 0o600))
		for _, command := range [][]string{{"serve", "--config", file}, {"check-config", file}} {
			out, code := w.command(command...)
			if code != 1 {
				t.Errorf("%s: exit code %d: %s", command, code, out)
			}
			for _, word := range words {
				if !strings.Contains(out, word) {
					t.Errorf("%s: %q does not say %q", command, out, word)
				}
			}
		}
	}
}
