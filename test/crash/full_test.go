//go:build crash

package crash

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/test/crash/oracle"
	"postern/test/posterntest"
)

// smallDisk puts the world's data onto a file system in memory of so many MiB,
// which only the program sees: a process of ours holds the name space.
func (w *world) smallDisk(mib int) {
	w.Helper()
	posterntest.Need(w, "unshare", "nsenter")
	mount := w.TempDir()
	script := `mount -t tmpfs -o size=` + strconv.Itoa(mib) + `m,mode=700 none "$1" && echo mounted && exec sleep infinity`
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", mount)
	said, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	w.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // was killed
	})
	line, _ := bufio.NewReader(said).ReadString('\n')
	if line != "mounted\n" {
		w.Fatal("this machine lets nobody mount a small disk in a name space of their own\nremedy: as root, sysctl kernel.unprivileged_userns_clone=1 and user.max_user_namespaces=10000; or run the test as root outside a container")
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	w.disk = filepath.Join("/proc", pid, "root", mount)
	w.opts.Dir = filepath.Join(mount, "data")
	w.opts.Log = mount + ".log"
	w.opts.Wrap = []string{"nsenter", "-t", pid, "--user", "--preserve-credentials", "--mount", "--"}
}

// free is how many bytes the small disk has left.
func (w *world) free() int64 {
	w.Helper()
	var st unix.Statfs_t
	w.must(unix.Statfs(w.disk, &st))
	return int64(st.Bavail) * st.Bsize
}

// occupy takes room with a file that is not the program's, until only so much
// is left.
func (w *world) occupy(left int64) {
	w.Helper()
	f, err := os.OpenFile(filepath.Join(w.disk, "foreign"), os.O_CREATE|os.O_WRONLY, 0o600)
	w.must(err)
	defer f.Close()
	chunk := make([]byte, 64<<10)
	at, err := f.Seek(0, 2)
	w.must(err)
	for w.free() > left {
		n, err := f.WriteAt(chunk[:min(int64(len(chunk)), w.free()-left)], at)
		if at += int64(n); err != nil || n == 0 {
			return // full to the last page
		}
	}
}

func (w *world) release() {
	w.Helper()
	w.must(os.Remove(filepath.Join(w.disk, "foreign")))
}

// TestDiskFull fills the disk with mail until it is refused, reads and deletes
// on it, starts again on it, and makes room: it heals by itself within 5 s.
func TestDiskFull(t *testing.T) {
	w := newWorld(t, 2)
	w.smallDisk(posterntest.Share(200, 400))
	w.start()
	w.baseline()
	running := w.load()
	after(500*time.Millisecond, w.server.Done())
	w.must(running.Stop())
	w.verify("before")

	conn, err := posterntest.Login(t.Context(), w.server.IMAP, "bob@"+posterntest.Domain, password)
	w.must(err)
	defer conn.Close()
	w.must(conn.Must("CREATE full"))
	r := rand.New(rand.NewPCG(w.seed, 9))
	stored := 0
	for size := 1 << 20; ; stored++ {
		a, err := conn.Append("full", "", stored%2 == 0, oracle.Make(r, fmt.Sprintf("full.%d", stored), size))
		w.must(err)
		if !a.OK() {
			full(t, "append", a.String())
			if size == 2000 {
				break
			}
			size = 2000 // a small one may still fit
		}
		if stored > 1_000_000 {
			t.Fatal("the disk is never full")
		}
	}
	t.Logf("full after %d messages with %d KiB left", stored, w.free()>>10)
	if took, ok := within(2*time.Second, func() bool { return !w.writable() }); !ok {
		t.Errorf("the metrics call the store writable %v after the disk was full", took)
	}
	w.verify("while full")
	for name, c := range map[string]string{"copy": "COPY 1 INBOX", "create": "CREATE more"} {
		w.must(conn.Must("SELECT full"))
		a, err := conn.Do(c)
		w.must(err)
		if !a.OK() {
			full(t, name, a.String())
		}
	}
	w.must(conn.Must(`STORE 1:4 +FLAGS (\Deleted)`))
	w.must(conn.Must("EXPUNGE"))
	w.must(conn.Must("UID MOVE 5:8 Trash")) // which is what most programs call deleting
	w.must(conn.Must("FETCH 1 (BODY[])"))   // would set \Seen

	w.kill() // it starts again on a full disk, too
	w.occupy(1 << 20)
	w.start()
	w.verify("after a start on a full disk")
	w.release()
	conn, err = posterntest.Login(t.Context(), w.server.IMAP, "bob@"+posterntest.Domain, password)
	w.must(err)
	defer conn.Close()
	w.must(conn.Must("SELECT full"))
	w.fsck("after a start on a full disk")

	w.occupy(0)
	after(1500*time.Millisecond, w.server.Done())
	a, err := conn.Append("INBOX", "", false, oracle.Make(r, "refused", 2000))
	w.must(err)
	if a.OK() {
		t.Error("a message was stored on a disk without a free page")
	}
	w.release()
	w.room()
	began := time.Now()
	took, healed := within(30*time.Second, func() bool {
		a, err := conn.Append("INBOX", "", false, oracle.Make(r, "healed", 2000))
		w.must(err)
		return a.OK()
	})
	t.Logf("healed %v after there was room (%v)", took, time.Since(began))
	if !healed || took > 5*time.Second {
		t.Errorf("it did not heal within 5 s: %v", took)
	}
	running = w.load()
	after(300*time.Millisecond, w.server.Done())
	w.must(running.Stop())
	w.verify("after healing")
	w.fsck("after healing")
	w.stop()
}

// room makes the disk larger, as an administrator would.
func (w *world) room() {
	w.Helper()
	args := append(w.inside(), "mount", "-o", "remount,size=1g", filepath.Dir(w.opts.Dir))
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		w.Fatalf("remount: %v\n%s", err, out)
	}
}

// full wants the words for a full disk.
func full(t *testing.T, what, answer string) {
	t.Helper()
	if !strings.HasPrefix(answer, "NO [UNAVAILABLE] ") || !strings.Contains(answer, "disk is full") {
		t.Errorf("%s: on a full disk answered %q", what, answer)
	}
}

// reserved tells whether the program holds the room that deleting may need.
func (w *world) reserved() bool {
	var st unix.Stat_t
	err := unix.Stat(filepath.Join(w.disk, "data", "store", "BALLAST"), &st)
	return err == nil && st.Blocks > 0
}

// TestDiskFullUnderLoad lets another program take the room away, down to
// different levels, while all kinds of commands run, and give it back. As soon
// as it takes new mail again, the disk may be full again.
func TestDiskFullUnderLoad(t *testing.T) {
	w := newWorld(t, 3)
	w.smallDisk(300)
	w.start()
	w.baseline()
	r := rand.New(rand.NewPCG(w.seed, 8))
	for round := range posterntest.Share(6, 100) {
		left := []int64{0, 4 << 10, 300 << 10, 3 << 20, 10 << 20, 25 << 20}[round%6] + r.Int64N(8<<10)
		when := fmt.Sprintf("round %d with %d KiB left", round, left>>10)
		w.oracle.Refuse(true, false)
		running := w.load()
		after(time.Duration(r.IntN(300))*time.Millisecond, w.server.Done())
		w.occupy(left)
		after(1500*time.Millisecond, w.server.Done())
		w.must(w.oracle.Journal.Event(when))
		killed := round%3 == 2
		if killed {
			w.kill()
			_ = running.Wait() // cut off
		} else {
			w.release()
			w.must(running.Stop())
		}
		for _, answer := range w.oracle.Refusals() {
			what, answer, _ := strings.Cut(answer, ": ")
			full(t, when+": "+what, answer)
			if what == "expunge" {
				t.Errorf("%s: deleting was refused", when)
			}
		}
		if killed {
			w.start()
			w.verify(when + ", on the full disk")
			w.release()
		}
		took, ok := within(5*time.Second, w.writable)
		if !ok {
			t.Errorf("%s: not healed within %v", when, took)
		}
		if !w.reserved() {
			t.Errorf("%s: new mail is taken while no room is kept for deleting", when)
		}
		w.verify(when)
		w.fsck(when)
		t.Log(when, "refused:", w.oracle.Refusals(), "healed in", took)
	}
	w.stop()
}
