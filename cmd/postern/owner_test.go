package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/config"
	"postern/fault"
)

// TestOwner: root must not write into the server's folder, which it could.
func TestOwner(t *testing.T) {
	dir := t.TempDir()
	if err := checkOwner(dir); err != nil {
		t.Errorf("our own folder: %v", err)
	}
	err := ownedBy(dir, 4242, 0)
	if !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), dir+" belongs to the user #4242 and you are root") ||
		!strings.Contains(err.Error(), "sudo -u #4242") {
		t.Errorf("another's folder: %v", err)
	}
	if err := ownedBy(dir, 0, 4242); !strings.Contains(err.Error(), "sudo -u root") || !strings.Contains(err.Error(), "chown -R #4242") {
		t.Errorf("root's folder: %v", err)
	}
}

// TestOwnerOfStore: whatever opens the data is held to it, the server too. Where
// the test may not give a folder away, that much is not tried.
func TestOwnerOfStore(t *testing.T) {
	cfg := config.ForData(t.TempDir())
	n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	err = os.Chown(filepath.Join(cfg.Data, storeFolder), 4242, -1)
	if given := err == nil; given != (os.Geteuid() == 0) {
		t.Fatalf("giving a folder away as %d: %v", os.Geteuid(), err)
	} else if !given {
		return
	}
	if n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler)); !fault.Is(err, fault.Denied) {
		t.Errorf("opened %v, %v", n, err)
	}
	var said strings.Builder
	if code := run([]string{"account", "list", "--data", cfg.Data}, app{out: &said, errs: &said}); code == 0 || !strings.Contains(said.String(), "sudo -u #4242 postern") {
		t.Errorf("%d: %s", code, said.String())
	}
}
