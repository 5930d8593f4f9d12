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

// TestWriteDurably writes secrets to a file of its own: not by a link, nor into
// a file that others have open.
func TestWriteDurably(t *testing.T) {
	dir := t.TempDir()
	name, other := filepath.Join(dir, "demo.json"), filepath.Join(dir, "other")
	for what, lay := range map[string]func() error{
		"a link": func() error { return os.Symlink(other, name+".new") },
		"a file": func() error { return os.Link(other, name+".new") },
	} {
		if err := os.WriteFile(other, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := lay(); err != nil {
			t.Fatal(err)
		}
		if err := writeDurably(name, []byte("secret"), 0o600); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if raw, err := os.ReadFile(other); err != nil || string(raw) != "theirs" {
			t.Errorf("%s was written to: %q %v", what, raw, err)
		}
		info, err := os.Lstat(name)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", what, info, err)
		}
	}
}
