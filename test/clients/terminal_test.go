//go:build clients

package clients

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal is a program in a tmux server of its own, whose socket is in the
// test's folder.
type terminal struct {
	t      *testing.T
	socket string
}

// marker is what the terminal shows when the program has ended.
const marker = "-- the program has ended --"

func newTerminal(t *testing.T, dir string, args ...string) *terminal {
	t.Helper()
	short, err := os.MkdirTemp("", "tm") //nolint:usetesting // a socket path is limited to about 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	m := &terminal{t: t, socket: filepath.Join(short, "s")}
	write(t, filepath.Join(dir, "run"), "#!/bin/sh\ncd '"+dir+"' || exit 1\nHOME='"+dir+"' LANG=C.UTF-8 TERM=screen '"+
		strings.Join(args, "' '")+"'\necho '"+marker+"'\nexec cat\n")
	m.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "sh "+filepath.Join(dir, "run"))
	t.Cleanup(func() {
		if t.Failed() {
			cmd := exec.CommandContext(context.Background(), "tmux", "-u", "-S", m.socket, "capture-pane", "-p")
			out, err := cmd.CombinedOutput()
			t.Logf("the screen (%v):\n%s", err, strings.TrimSpace(string(out)))
		}
		// The test's context is done by now.
		cmd := exec.CommandContext(context.Background(), "tmux", "-S", m.socket, "kill-server")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("tmux kill-server: %v\n%s", err, out)
		}
		if err := os.RemoveAll(short); err != nil {
			t.Error(err)
		}
	})
	return m
}

func (m *terminal) tmux(args ...string) string {
	m.t.Helper()
	return run(m.t, command{
		env: []string{"TERM=screen"}, timeout: 10 * time.Second,
		args: append([]string{"tmux", "-u", "-S", m.socket}, args...),
	})
}

// keys types keys; tmux knows names such as Enter and C-u.
func (m *terminal) keys(keys ...string) {
	m.t.Helper()
	m.tmux(append([]string{"send-keys"}, keys...)...)
}

func (m *terminal) screen() string {
	m.t.Helper()
	return m.tmux("capture-pane", "-p")
}

// wait waits until the screen shows a text.
func (m *terminal) wait(text string) {
	m.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		shown := m.screen()
		if strings.Contains(shown, text) {
			return
		}
		select {
		case <-deadline.C:
			m.t.Fatalf("the screen does not show %q:\n%s", text, shown)
		case <-tick.C:
		}
	}
}

// ended waits until the program has ended.
func (m *terminal) ended() {
	m.t.Helper()
	m.wait(marker)
}
