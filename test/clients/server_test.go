//go:build clients

package clients

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/test/bench/peer"
)

// password is what every account of the server under test has.
const password = "clients-pass-1"

// server is the server under test, with its address taken apart.
type server struct {
	*peer.Server
	imapPort, imapsPort string
}

// repo is the root of the checkout.
func repo(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// start starts the server that POSTERN_PEER names, Postern by default, with
// mail of its own, and stops it when the test ends.
func start(t *testing.T) *server {
	t.Helper()
	base := filepath.Join(repo(t), ".cache", "clients")
	if err := os.MkdirAll(base, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(base, "run") //nolint:usetesting // a peer that runs as another user could not enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	o := peer.Options{
		Cache: filepath.Join(repo(t), ".cache", "peers"), Dir: filepath.Join(dir, "data"),
		Password: password, Accounts: 4,
	}
	s := &server{Server: launch(t, o)}
	_, s.imapPort, err = net.SplitHostPort(s.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	_, s.imapsPort, err = net.SplitHostPort(s.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func launch(t *testing.T, o peer.Options) *peer.Server {
	t.Helper()
	var s *peer.Server
	var err error
	binary := ""
	switch name := os.Getenv("POSTERN_PEER"); name {
	case "":
		binary = program(t)
		s, err = peer.Postern(t.Context(), binary, o)
	case "dovecot", "dovecot-mdbox":
		s, err = peer.Dovecot(t.Context(), peer.Mdbox, o)
	case "dovecot-maildir":
		s, err = peer.Dovecot(t.Context(), peer.Maildir, o)
	default:
		t.Fatalf("POSTERN_PEER=%s: there are dovecot, dovecot-mdbox and dovecot-maildir", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			if log, err := os.ReadFile(s.Log); err == nil {
				t.Logf("what the server said:\n%s", log[max(0, len(log)-8<<10):])
			}
		}
		if binary != "" {
			fsck(t, binary, s.Dir)
		}
	})
	return s
}

// fsck wants the mail that a client left behind to be without fault.
func fsck(t *testing.T, binary, dir string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), binary, "fsck", "--data", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("fsck: %v\n%s", err, out)
	}
}

// program is the binary under test: POSTERN_BIN, or built now.
func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("POSTERN_BIN"); path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(repo(t), path)
		}
		return path
	}
	path := filepath.Join(t.TempDir(), "postern")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/postern")
	cmd.Dir = repo(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/postern: %v\n%s", err, out)
	}
	return path
}

// need fails the test if a program is missing, and names all that are.
func need(t *testing.T, programs ...string) {
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

// command is a program to run to its end.
type command struct {
	dir     string
	env     []string // beside PATH, HOME and LANG
	timeout time.Duration
	args    []string
}

// try runs a program and returns what it printed and its exit code. It runs in
// a process group of its own, which ends with it or at the timeout.
func try(t *testing.T, c command) (string, int) {
	t.Helper()
	if c.timeout == 0 {
		c.timeout = 2 * time.Minute
	}
	if c.dir == "" {
		c.dir = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "LANG=C.UTF-8"}, c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.String(), 0
	case ctx.Err() != nil:
		t.Fatalf("%s: not done after %v\n%s", strings.Join(c.args, " "), c.timeout, out.String())
	case errors.As(err, &exit):
		return out.String(), exit.ExitCode()
	default:
		t.Fatalf("%s: %v", strings.Join(c.args, " "), err)
	}
	return "", -1
}

// run is try for a program that must succeed.
func run(t *testing.T, c command) string {
	t.Helper()
	out, code := try(t, c)
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s", strings.Join(c.args, " "), code, out)
	}
	return out
}

// write makes a file for a client to read.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
