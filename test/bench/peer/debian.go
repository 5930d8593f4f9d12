package peer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// unpack makes root/<name> from Debian packages and whatever they depend on
// that this machine lacks. Nothing is installed and no package script runs.
// Packages listed in without are left out. A folder that is complete is kept.
func unpack(ctx context.Context, cache, name string, packages, without []string) (string, error) {
	cache, err := filepath.Abs(cache)
	if err != nil {
		return "", err
	}
	root := filepath.Join(cache, name)
	stamp := filepath.Join(root, ".complete")
	if _, err := os.Stat(stamp); err == nil {
		return root, nil
	}
	debs := filepath.Join(cache, "debs", name)
	for _, dir := range []string{root, debs} {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	names, err := withDependencies(ctx, packages, without)
	if err != nil {
		return "", err
	}
	if _, err := tool(ctx, debs, "apt-get", append([]string{"-q", "download"}, names...)...); err != nil {
		return "", fmt.Errorf("%w\nremedy: run apt-get update as root", err)
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if _, err := tool(ctx, debs, "dpkg", "-x", f, root); err != nil {
			return "", err
		}
	}
	return root, os.WriteFile(stamp, []byte(strings.Join(files, "\n")), 0o600)
}

// withDependencies adds to packages what apt would install with them.
func withDependencies(ctx context.Context, packages, without []string) ([]string, error) {
	args := append([]string{"-qq", "-o", "Debug::NoLocking=1", "install", "--print-uris", "-y", "--no-install-recommends"}, packages...)
	out, err := tool(ctx, "/", "apt-get", args...)
	if err != nil {
		return nil, fmt.Errorf("%w\nremedy: run apt-get update as root", err)
	}
	names := slices.Clone(packages)
	for line := range bytes.Lines(out) {
		f := strings.Fields(string(line)) // 'uri' name_version_arch.deb size hash
		if len(f) < 2 || !strings.HasSuffix(f[1], ".deb") {
			continue
		}
		if name, _, ok := strings.Cut(f[1], "_"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(without, n) }), nil
}

// tool runs a program and returns what it printed.
func tool(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}
