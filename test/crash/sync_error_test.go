//go:build crash

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/test/posterntest"
)

// syncs are the calls that promise that bytes are on the disk.
const syncs = "fsync,fdatasync,sync_file_range"

// TestSyncError lets one sync of each thread go wrong under load, and all later
// ones succeed, which is how Linux reports a page that it could not write: no
// acknowledgement stands on it, writes are refused in clear words, reading and
// signing in go on, the metrics show it within a second, and after the next
// start all that was acknowledged is there.
func TestSyncError(t *testing.T) {
	posterntest.Need(t, "strace")
	for round := range posterntest.Share(1, 25) {
		for _, where := range []string{"any file", "the log", "the segment of blobs", "the folder of blobs"} {
			n := 1 + round
			if where == "any file" {
				n += 2
			}
			t.Run(fmt.Sprintf("sync %d of %s", n, where), func(t *testing.T) { syncError(t, where, n) })
		}
	}
}

func syncError(t *testing.T, where string, n int) {
	w := newWorld(t, 3)
	w.start()
	w.baseline()
	running := w.load()
	after(500*time.Millisecond, w.server.Done())
	w.must(running.Stop())
	// What a blob's sync keeps from being stored was not begun in the log.
	w.oracle.Refuse(true, where == "any file" || where == "the log")
	detach := w.inject(n, w.path(where))
	running = w.load()
	took, refused := within(20*time.Second, func() bool { return running.Refused() > 0 })
	if !refused {
		t.Fatalf("nothing was refused within %v", took)
	}
	if took, ok := within(time.Second, func() bool { return !w.writable() }); !ok {
		t.Errorf("the metrics call the store writable %v after a sync has failed", took)
	}
	after(300*time.Millisecond, w.server.Done())
	w.must(running.Stop())
	detach()
	for _, r := range w.oracle.Refusals() {
		if !strings.Contains(r, ": NO [UNAVAILABLE] ") || strings.HasSuffix(r, "] ") {
			t.Errorf("refused with %q", r)
		}
	}
	wrong, err := w.oracle.Readable(t.Context(), w.server.IMAP)
	w.must(err)
	if len(wrong) > 0 {
		t.Errorf("%d messages cannot be read while writes are refused:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
	}
	if n%2 == 0 {
		w.kill()
	} else {
		code, took, err := w.server.Stop(20 * time.Second)
		w.must(err)
		if took > 5*time.Second {
			t.Errorf("it took %v to end", took)
		}
		t.Log(code, took)
		w.server = nil
	}
	w.oracle.Refuse(false, false)
	w.start()
	w.verify("after the start")
	w.fsck("after the start")
	running = w.load()
	after(200*time.Millisecond, w.server.Done())
	w.must(running.Stop())
	w.verify("after more work")
	w.stop()
}

// path is the file whose sync goes wrong; empty for any.
func (w *world) path(where string) string {
	pattern := map[string]string{
		"any file": "", "the log": "store/*.log", "the segment of blobs": "blobs/*.seg", "the folder of blobs": "blobs",
	}[where]
	if pattern == "" {
		return ""
	}
	files, err := filepath.Glob(filepath.Join(w.opts.Dir, pattern))
	w.must(err)
	if len(files) == 0 {
		w.Fatalf("there is no %s", pattern)
	}
	slices.Sort(files)
	return files[len(files)-1]
}

// inject attaches strace to the running program: the n-th sync of each thread
// fails. It returns when strace holds them all; the result lets go.
func (w *world) inject(n int, path string) (detach func()) {
	args := []string{
		"-f", "-p", strconv.Itoa(w.server.Pid()), "-e", "trace=" + syncs, "-e", "signal=none",
		"-e", fmt.Sprintf("inject=%s:error=EIO:when=%d", syncs, n),
	}
	if path != "" {
		args = append(args, "-P", path)
	}
	said := filepath.Join(w.TempDir(), "strace")
	out, err := os.Create(said)
	w.must(err)
	cmd := exec.Command("strace", args...)
	cmd.Stderr = out
	w.must(cmd.Start())
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // ends with the program, or with the signal below
		close(done)
	}()
	w.Cleanup(func() {
		_ = cmd.Process.Kill() // if it still runs
		<-done
		out.Close()
	})
	if _, ok := within(20*time.Second, func() bool {
		raw, err := os.ReadFile(said)
		w.must(err)
		return strings.Contains(string(raw), " attached")
	}); !ok {
		w.Fatalf("strace did not attach:\n%s", posterntest.Tail(said))
	}
	return func() {
		w.must(cmd.Process.Signal(syscall.SIGTERM))
		<-done
		if raw, _ := os.ReadFile(said); !strings.Contains(string(raw), "EIO (Input/output error) (INJECTED)") {
			w.Errorf("no sync was made to fail")
		}
	}
}

// TestSyncErrorAtStart lets the n-th sync of a start go wrong. The program
// then either says so and ends with 1, or refuses writes; nothing is lost.
func TestSyncErrorAtStart(t *testing.T) {
	posterntest.Need(t, "strace")
	w := newWorld(t, 2)
	w.start()
	w.baseline()
	running := w.load()
	after(500*time.Millisecond, w.server.Done())
	w.must(running.Stop())
	refused := 0
	for n := range posterntest.Share(4, 20) {
		w.kill()
		broken := w.opts
		broken.Wrap = []string{
			"strace", "-D", "-f", "-e", "trace=" + syncs, "-e", "signal=none", "-o", "/dev/null",
			"-e", fmt.Sprintf("inject=%s:error=EIO:when=%d", syncs, n+1),
		}
		server, err := posterntest.Start(t.Context(), w.binary, broken)
		if err == nil {
			w.must(server.Kill())
		} else {
			refused++
			if !strings.Contains(err.Error(), "ended with 1 ") || !strings.Contains(err.Error(), "input/output error") || strings.Contains(err.Error(), "goroutine ") {
				t.Errorf("sync %d of a start: %v", n+1, err)
			}
		}
		w.start()
		w.verify(fmt.Sprintf("sync %d of a start", n+1))
		w.fsck(fmt.Sprintf("sync %d of a start", n+1))
	}
	if refused == 0 {
		t.Error("no start was refused: none of the syncs was a start's")
	}
}
