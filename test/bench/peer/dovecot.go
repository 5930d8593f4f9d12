package peer

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/crypto/argon2"
)

// Mail storage formats of Dovecot.
const (
	Maildir = "maildir"
	Mdbox   = "mdbox"
)

// moduleDir is where Debian's Dovecot looks for loadable modules. The path is
// compiled in and has no setting; the copy of the library that we run has it
// overwritten with a shorter one.
const moduleDir = "/usr/lib/dovecot/modules"

// Dovecot unpacks Dovecot 2.3 and starts it with the given storage format.
// Accounts are checked without hashing, except the ones of HashedUser.
func Dovecot(ctx context.Context, format string, o Options) (*Server, error) {
	root, err := unpack(ctx, o.Cache, "dovecot", []string{"dovecot-core", "dovecot-imapd"}, nil)
	if err != nil {
		return nil, err
	}
	d := &dovecot{root: root, format: format, opts: o}
	if err := d.prepare(ctx); err != nil {
		return nil, fmt.Errorf("dovecot: %w", err)
	}
	s := &Server{
		Name: "dovecot-" + format, IMAP: loopback(d.ports[0]), IMAPS: loopback(d.ports[1]),
		CAFile: filepath.Join(o.Dir, "ca.pem"), Password: o.Password, Dir: o.Dir,
		Log: filepath.Join(o.Dir, "log"), hashed: "hashed", launch: d.launch,
		sweep: func() error { return os.RemoveAll(d.run) },
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// dovecot is one instance: its folders, ports and the user that it runs as.
type dovecot struct {
	root, format string
	opts         Options
	ports        []int
	run          string // a short path below the temporary folder, for sockets
	cred         *syscall.Credential
	user, group  string
}

func (d *dovecot) prepare(ctx context.Context) error {
	var err error
	if d.ports, err = freePorts(ctx, 2); err != nil {
		return err
	}
	if d.opts.Dir, err = filepath.Abs(d.opts.Dir); err != nil {
		return err
	}
	if d.root, err = filepath.Abs(d.root); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.opts.Dir, "mail"), 0o755); err != nil {
		return err
	}
	if d.run, err = os.MkdirTemp("", "pv"); err != nil {
		return err
	}
	if err := d.chooseUser(); err != nil {
		return err
	}
	if err := d.patchLibrary(); err != nil {
		return err
	}
	if err := makeCertificates(d.opts.Dir); err != nil {
		return err
	}
	if err := d.writeUsers(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.opts.Dir, "dovecot.conf"), []byte(d.config()), 0o600); err != nil {
		return err
	}
	return d.giveAway()
}

// chooseUser picks nobody when we are root, because Dovecot opens no mail as
// root; otherwise everything runs as ourselves.
func (d *dovecot) chooseUser() error {
	u, err := user.Current()
	if err == nil && u.Uid == "0" {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return err
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return err
	}
	d.user, d.group = u.Username, g.Name
	if os.Getuid() != 0 {
		return nil
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	d.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return nil
}

// patchLibrary puts a libdovecot that looks for its modules in our folder
// into the run folder, which is first in LD_LIBRARY_PATH.
func (d *dovecot) patchLibrary() error {
	short := filepath.Join(d.run, "m")
	if len(short) > len(moduleDir) {
		return fmt.Errorf("the temporary folder's path is too long: %s must not be longer than %s", short, moduleDir)
	}
	if err := os.Symlink(filepath.Join(d.root, moduleDir), short); err != nil {
		return err
	}
	lib, err := os.ReadFile(filepath.Join(d.root, "usr/lib/dovecot/libdovecot.so.0"))
	if err != nil {
		return err
	}
	old := append([]byte(moduleDir), 0)
	if !bytes.Contains(lib, old) {
		return fmt.Errorf("libdovecot.so.0 does not contain %s", moduleDir)
	}
	padded := make([]byte, len(old))
	copy(padded, short)
	lib = bytes.ReplaceAll(lib, old, padded)
	return os.WriteFile(filepath.Join(d.run, "libdovecot.so.0"), lib, 0o755)
}

// writeUsers writes the password file: plain for the ordinary accounts, so
// that hashing does not blur the other rows, argon2id for the hashed ones.
func (d *dovecot) writeUsers() error {
	var b strings.Builder
	for _, name := range []string{"alice", "bob", "carol", "admin"} {
		fmt.Fprintf(&b, "%s@%s:{PLAIN}%s\n", name, Domain, d.opts.Password)
	}
	for i := range d.opts.Accounts {
		fmt.Fprintf(&b, "user%d@%s:{PLAIN}%s\n", i, Domain, d.opts.Password)
	}
	for i := range min(d.opts.Accounts, 16) {
		hash, err := argon2id(d.opts.Password)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "hashed%d@%s:{ARGON2ID}%s\n", i, Domain, hash)
	}
	return os.WriteFile(filepath.Join(d.opts.Dir, "users"), []byte(b.String()), 0o600)
}

// argon2id hashes with OWASP's lowest recommended cost (19 MiB, two passes).
func argon2id(password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	const passes, kib, lanes, size = 2, 19456, 1, 32
	key := argon2.IDKey([]byte(password), salt, passes, kib, lanes, size)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", kib, passes, lanes, enc(salt), enc(key)), nil
}

// giveAway hands the instance's folders to the user that Dovecot runs as.
func (d *dovecot) giveAway() error {
	if d.cred == nil {
		return nil
	}
	for _, dir := range []string{d.run, d.opts.Dir} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, int(d.cred.Uid), int(d.cred.Gid))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *dovecot) libraryPath() string {
	return strings.Join([]string{
		d.run,
		filepath.Join(d.root, "usr/lib/dovecot"),
		filepath.Join(d.root, moduleDir, "old-stats"),
		filepath.Join(d.root, "usr/lib/x86_64-linux-gnu"),
		filepath.Join(d.root, "usr/lib/aarch64-linux-gnu"),
	}, ":")
}

func (d *dovecot) launch(context.Context) (*process, error) {
	log, err := os.OpenFile(filepath.Join(d.opts.Dir, "stderr"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// The master would look for doveconf in /usr/bin; so doveconf runs first and
	// becomes the master.
	cmd := exec.Command(filepath.Join(d.root, "usr/bin/doveconf"),
		"-f", "service=master", "-c", filepath.Join(d.opts.Dir, "dovecot.conf"), "-m", "master", "-p",
		"-e", filepath.Join(d.root, "usr/sbin/dovecot"), "-F", "-c", filepath.Join(d.opts.Dir, "dovecot.conf"))
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LD_LIBRARY_PATH=" + d.libraryPath()}
	cmd.Dir = d.run
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: d.cred, Setpgid: true}
	return run(cmd)
}
