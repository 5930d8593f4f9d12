package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"postern/config"
	"postern/fault"
)

// TestBackupIntoItself is refused: the copy would lie among what it copies.
func TestBackupIntoItself(t *testing.T) {
	cfg := config.ForData(filepath.Join(t.TempDir(), "data"))
	n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(cfg.Data, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{
		filepath.Join(cfg.Data, storeFolder, "copy"), filepath.Join(cfg.Data, blobFolder, "copy"), filepath.Join(link, blobFolder, "copy"),
	} {
		if _, err := n.Backup(t.Context(), dir); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", dir, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s was made", dir)
		}
	}
	if _, err := n.Backup(t.Context(), filepath.Join(cfg.Data, "copy")); err != nil {
		t.Errorf("beside them: %v", err)
	}
}
