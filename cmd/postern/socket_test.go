package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/config"
	"postern/fault"
)

// TestAdminSocket finds the server by its socket, however deep the data folder
// is, and lets nobody else in, whatever the umask is: not even for the moment
// before the socket has its mode.
func TestAdminSocket(t *testing.T) {
	for name, depth := range map[string]int{"short": 0, "long": 60} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "") //nolint:usetesting // the test's own folder has too long a name for the short case
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			deep := filepath.Join(dir, strings.Repeat("ab/", depth))
			if err := os.MkdirAll(deep, 0o700); err != nil {
				t.Fatal(err)
			}
			cfg := config.ForData(deep)
			before := syscall.Umask(0)
			l, err := listenAdmin(cfg)
			if left := syscall.Umask(before); left != 0 {
				t.Errorf("the umask was 0 and is %#o now", left)
			}
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })}
			done := make(chan struct{})
			go func() { defer close(done); _ = srv.Serve(l) }()
			defer func() { _ = srv.Close(); <-done }()
			info, err := os.Lstat(filepath.Join(deep, "admin.sock"))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != os.ModeSocket|0o600 {
				t.Errorf("the socket has the mode %v", info.Mode())
			}
			c := dialAdmin(t.Context(), cfg)
			if c == nil {
				t.Fatal("no server answers")
			}
			defer func() { _ = c.close() }()
			if err := c.call(t.Context(), "GET", "/v1/hello", nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAdminSocketSparesFiles replaces a socket that was left, and nothing else.
func TestAdminSocketSparesFiles(t *testing.T) {
	dir := t.TempDir()
	cfg := config.ForData(dir)
	cfg.Admin.Socket = filepath.Join(dir, "postern.toml")
	if err := os.WriteFile(cfg.Admin.Socket, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := listenAdmin(cfg); !fault.Is(err, fault.Exists) {
		t.Errorf("%v %v", l, err)
	}
	if raw, err := os.ReadFile(cfg.Admin.Socket); err != nil || string(raw) != "precious" {
		t.Errorf("the file is %q, %v", raw, err)
	}
}
