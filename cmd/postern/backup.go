package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"postern/blob"
	"postern/fault"
	"postern/server/adminserver"
	"postern/store"
)

type backupCommand struct {
	where
	Dir string `arg:"" help:"The folder to make; it must not exist." type:"path"`
}

func (c *backupCommand) Run(ctx context.Context, a app) error {
	var done adminserver.BackupDone
	err := c.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "POST", "/v1/backup", adminserver.BackupOrder{Dir: c.Dir}, &done)
	})
	if err == nil {
		fmt.Fprintf(a.out, "backup of %s in %s\n", amount(done.Bytes), c.Dir)
	}
	return err
}

// manifestName is the file that lists a backup's files. It is written last: a
// folder without it is no backup.
const manifestName = "manifest.json"

// manifest lists a backup's files with their sums.
type manifest struct {
	Format  int            `json:"format"`
	Version string         `json:"version"`
	Created time.Time      `json:"created"`
	Files   []manifestFile `json:"files"`
}

type manifestFile struct {
	Name   string `json:"name"` // slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Backup copies rows first and bytes second, under a hold, so that no row of
// the copy names bytes that it lacks. It is then read back whole.
func (n *node) Backup(ctx context.Context, dir string) (int64, error) {
	if !filepath.IsAbs(dir) {
		return 0, fault.New(fault.Invalid, "backup", "%s is no absolute path", dir)
	}
	for _, ours := range []string{storeFolder, blobFolder} {
		if inside(filepath.Join(n.cfg.Data, ours), filepath.Dir(dir)) {
			return 0, fault.New(fault.Invalid, "backup", "%s is within what is to be copied; name a folder elsewhere", dir)
		}
	}
	if err := os.Mkdir(dir, 0o700); errors.Is(err, fs.ErrExist) {
		return 0, fault.New(fault.Exists, "backup", "%s exists; name a folder that does not", dir)
	} else if err != nil {
		return 0, fault.Wrap(fault.Invalid, "backup", err)
	}
	size, err := n.backupInto(ctx, dir)
	if err == nil {
		err = fault.Wrap(fault.Unavailable, "backup", syncFolder(filepath.Dir(dir))) // the folder's own name
	}
	if err != nil {
		return 0, errors.Join(err, os.RemoveAll(dir)) // a half backup would look like one
	}
	return size, nil
}

// inside tells whether a folder that exists is another one or below it, by
// whatever links.
func inside(outer, folder string) bool {
	o, err1 := filepath.EvalSymlinks(outer)
	f, err2 := filepath.EvalSymlinks(folder)
	rel, err3 := filepath.Rel(o, f)
	return err1 == nil && err2 == nil && err3 == nil && filepath.IsLocal(rel)
}

func (n *node) backupInto(ctx context.Context, dir string) (int64, error) {
	release := n.blobs.Hold()
	defer release()
	if err := n.store.Checkpoint(ctx, filepath.Join(dir, storeFolder)); err != nil {
		return 0, err
	}
	if err := n.blobs.Copy(ctx, filepath.Join(dir, blobFolder)); err != nil {
		return 0, err
	}
	m := manifest{Format: 1, Version: version, Created: time.Now().UTC()}
	var total int64
	err := walkFiles(ctx, dir, func(name string) error {
		size, sum, err := sumFile(filepath.Join(dir, name))
		total += size
		m.Files = append(m.Files, manifestFile{filepath.ToSlash(name), size, sum})
		return err
	})
	if err != nil {
		return 0, err
	}
	raw, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return 0, fault.Wrap(fault.Internal, "backup", err)
	}
	return total, writeDurably(filepath.Join(dir, manifestName), raw, 0o600)
}

// Verify reads every stored byte.
func (n *node) Verify(ctx context.Context, report func(where, what string)) error {
	err := n.store.Verify(ctx, func(d store.Damage) { report(d.Where, d.What) })
	if err != nil {
		return err
	}
	return n.blobs.Verify(ctx, func(b blob.Info, err error) { report("blob "+string(b.Ref), err.Error()) })
}

func walkFiles(ctx context.Context, dir string, fn func(name string) error) error {
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !d.Type().IsRegular() {
			return nil
		}
		name, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		return fn(name)
	})
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		return fault.Wrap(fault.Unavailable, "backup", err)
	}
	return err
}

func sumFile(name string) (int64, string, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, "", fault.Wrap(fault.Unavailable, "backup", err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return 0, "", fault.New(fault.Damaged, "backup", "%s: %w", name, err)
	}
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

// writeDurably writes a file by rename, so that it is there whole or not. What
// lies where the new one is written, left by a crash or laid by somebody to read
// along, is never written to.
func writeDurably(name string, data []byte, mode fs.FileMode) error {
	tmp := name + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Unavailable, "write", err)
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "write", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, name)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(name))
	}
	return fault.Wrap(fault.Unavailable, "write", err)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
