package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"postern/config"
	"postern/fault"
)

type restoreCommand struct {
	where
	Backup  string `arg:"" help:"The backup's folder." type:"existingdir"`
	Account string `help:"Bring back this account's mail alone, into the account of the same address; what is there already stays and comes no second time."`
	Verify  bool   `help:"Only read the backup whole and compare its sums."`
}

// Run restores. All of a backup goes into a data folder that does not exist
// yet; every mailbox then gets a new UIDVALIDITY, so that no mail program takes
// an old UID for a message that came after the backup.
func (c *restoreCommand) Run(ctx context.Context, a app) error {
	m, err := verifyBackup(ctx, c.Backup)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "the backup of %s is whole: %d files\n", m.Created.Local().Format("2006-01-02 15:04:05"), len(m.Files))
	switch {
	case c.Verify:
		return nil
	case c.Account != "":
		return c.account(ctx, a)
	}
	return c.all(ctx, a, m)
}

func verifyBackup(ctx context.Context, dir string) (*manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, fault.New(fault.Invalid, "restore", "%s is no finished backup: %w", dir, err)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil || m.Format != 1 {
		return nil, fault.New(fault.Invalid, "restore", "%s: format %d is not known, or the file is damaged", filepath.Join(dir, manifestName), m.Format)
	}
	for _, f := range m.Files {
		if ctx.Err() != nil {
			return nil, fault.Wrap(fault.Canceled, "restore", ctx.Err())
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		size, sum, err := sumFile(name)
		if err != nil {
			return nil, err
		}
		if size != f.Size || sum != f.SHA256 {
			return nil, fault.New(fault.Damaged, "restore", "%s is not what was backed up: its sum differs", name)
		}
	}
	return &m, nil
}

func (c *restoreCommand) all(ctx context.Context, a app, m *manifest) error {
	cfg, err := c.find() // its data folder need not exist
	if err != nil {
		return err
	}
	if exists(filepath.Join(cfg.Data, storeFolder)) {
		return fault.New(fault.Exists, "restore", "%s has mail already; name a folder that has none", cfg.Data)
	}
	stage, err := newStage(cfg.Data)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "restore", err)
	}
	if err := copyBackup(ctx, c.Backup, stage, m); err != nil {
		return errors.Join(err, os.RemoveAll(stage))
	}
	staged := *cfg
	staged.Data = stage
	n, err := openNode(ctx, &staged, slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return errors.Join(err, os.RemoveAll(stage))
	}
	ad := offlineAdmin(n)
	var done struct{ Accounts int }
	if err := errors.Join(ad.call(ctx, "POST", "/v1/renew-uids", nil, &done), ad.close()); err != nil {
		return errors.Join(err, os.RemoveAll(stage))
	}
	if err := moveStage(stage, cfg.Data); err != nil {
		return fault.Wrap(fault.Unavailable, "restore", err)
	}
	fmt.Fprintf(a.out, "restored %d accounts into %s\n", done.Accounts, cfg.Data)
	return nil
}

// stageFolder, in the data folder, is where a restore is made ready. A restore
// that broke off leaves nothing else, so that no server ever opens a half one,
// or one whose UIDs are still the old ones.
const stageFolder = ".restoring"

// newStage makes the stage in dir, without what an earlier restore left that
// broke off. Blobs in dir without a store are of one that broke off within
// moveStage if the stage is there and has lost them.
func newStage(dir string) (string, error) {
	stage := filepath.Join(dir, stageFolder)
	if exists(stage) && !exists(filepath.Join(stage, blobFolder)) && exists(filepath.Join(stage, storeFolder)) {
		if err := os.RemoveAll(filepath.Join(dir, blobFolder)); err != nil {
			return "", err
		}
	}
	if err := os.RemoveAll(stage); err != nil {
		return "", err
	}
	return stage, os.MkdirAll(stage, 0o700)
}

// moveStage moves what is ready into its place; the store, which makes it a
// data folder, comes last.
func moveStage(stage, dir string) error {
	for _, name := range []string{blobFolder, storeFolder} {
		if err := os.Rename(filepath.Join(stage, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return errors.Join(syncFolder(dir), os.RemoveAll(stage))
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

func copyBackup(ctx context.Context, from, to string, m *manifest) error {
	for _, f := range m.Files {
		if ctx.Err() != nil {
			return fault.Wrap(fault.Canceled, "restore", ctx.Err())
		}
		rel := filepath.FromSlash(f.Name)
		if !filepath.IsLocal(rel) {
			return fault.New(fault.Invalid, "restore", "the manifest names %q, which is outside the backup", f.Name)
		}
		if err := copyFile(filepath.Join(from, rel), filepath.Join(to, rel)); err != nil {
			return fault.Wrap(fault.Unavailable, "restore", err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

// account opens a copy of the backup and imports the account's mail from it.
func (c *restoreCommand) account(ctx context.Context, a app) error {
	tmp, err := os.MkdirTemp("", "postern-restore-")
	if err != nil {
		return fault.Wrap(fault.Unavailable, "restore", err)
	}
	defer os.RemoveAll(tmp)
	m, err := verifyBackup(ctx, c.Backup)
	if err != nil {
		return err
	}
	if err := copyBackup(ctx, c.Backup, tmp, m); err != nil { // opening writes; the backup stays as it is
		return err
	}
	old, err := openNode(ctx, config.ForData(tmp), slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	from := offlineAdmin(old)
	defer func() { _ = from.close() }() // a copy that is thrown away
	mail, err := from.do(ctx, "GET", accountPath(c.Account, "/export"), nil)
	if err != nil {
		return err
	}
	defer mail.Close()
	return c.with(ctx, a, func(ad *adminClient) error {
		sum, err := followImport(ctx, ad, a, c.Account, mail)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "brought back %d messages of %s, %d were there already, %d failed\n", sum.Imported, c.Account, sum.Present, sum.Failed)
		if sum.Failed > 0 {
			return quietError{errors.New("some messages failed")}
		}
		return nil
	})
}
