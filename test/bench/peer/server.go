package peer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Domain is the domain of every account that a server here knows.
const Domain = "postern.test"

// Options say what a server is started with.
type Options struct {
	// Cache is the folder for unpacked packages (usually .cache/peers). It must
	// be readable by other users if the caller is root, because the peers then
	// run as nobody.
	Cache string
	// Dir is the folder for mail and run files of this one server. It is made
	// if missing and not removed.
	Dir string
	// Password is the password of every account.
	Password string
	// Accounts is how many accounts user0 … user(N-1) there are beside alice,
	// bob, carol and admin.
	Accounts int
}

// Server is a running mail server and how to reach it.
type Server struct {
	// Name is what tables and test names call it: "postern", "dovecot-mdbox".
	Name string
	// IMAP and IMAPS are host:port; IMAPS is empty where there is no TLS.
	IMAP, IMAPS string
	// CAFile is the PEM file of the authority that signed the certificate.
	CAFile string
	// Password is the password of every account.
	Password string
	// Dir is where the server keeps its data; empty for a server not ours.
	Dir string
	// Log is the file with what the server said; empty for a server not ours.
	Log string

	hashed string // prefix of accounts whose password is hashed with argon2id
	proc   *process
	launch func(context.Context) (*process, error)
	sweep  func() error // removes what is outside Dir; nil for nothing
}

// Remote describes a server that somebody else runs.
func Remote(name, addr, password string) *Server {
	return &Server{Name: name, IMAP: addr, Password: password}
}

// User is the sign-in name of account i.
func (s *Server) User(i int) string { return "user" + strconv.Itoa(i) + "@" + Domain }

// HashedUser is the sign-in name of an account whose password is kept as an
// argon2id hash. Most servers have no other; a peer whose accounts are plain
// for speed has some of these too.
func (s *Server) HashedUser(i int) string {
	if s.hashed == "" {
		return s.User(i)
	}
	return s.hashed + strconv.Itoa(i) + "@" + Domain
}

// Owned says whether the server is a child of ours, so that it can be
// restarted and its memory counted.
func (s *Server) Owned() bool { return s.proc != nil }

// Pids lists the server's processes, all children included.
func (s *Server) Pids() ([]int, error) {
	if s.proc == nil {
		return nil, fmt.Errorf("%s: not a process of ours", s.Name)
	}
	return descendants(s.proc.pid())
}

// Stop ends the server and waits for it. Stopping twice does nothing.
func (s *Server) Stop() error {
	if s.proc == nil {
		return nil
	}
	err := s.proc.stop()
	s.proc = nil
	return err
}

// Close stops the server for good. Its Dir stays.
func (s *Server) Close() error {
	err := s.Stop()
	if s.sweep != nil {
		err = errors.Join(err, s.sweep())
	}
	return err
}

// Restart stops the server and starts it again on the same data and ports.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.start(ctx)
}

// RestartCold is Restart with the server's files dropped from the page cache
// in between. It needs no privilege and leaves other programs' pages alone;
// directory entries and inodes stay cached.
func (s *Server) RestartCold(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	unix.Sync()
	if err := dropPages(s.Dir); err != nil {
		return err
	}
	return s.start(ctx)
}

func (s *Server) start(ctx context.Context) error {
	proc, err := s.launch(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	s.proc = proc
	if err := proc.waitListening(ctx, s.IMAP); err != nil {
		stopErr := s.Stop()
		return fmt.Errorf("%s: %w\n%s", s.Name, errors.Join(err, stopErr), tail(s.Log))
	}
	return nil
}

func dropPages(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		adviceErr := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		if err := f.Close(); err != nil {
			return err
		}
		return adviceErr
	})
}

// tail is the end of a log file, for error messages.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	const most = 4 << 10
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return string(b)
}

// freePorts finds n TCP ports of 127.0.0.1 that are free now.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var lc net.ListenConfig
	ports := make([]int, 0, n)
	for range n {
		ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		addr, ok := ln.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("listener has address %v", ln.Addr())
		}
		ports = append(ports, addr.Port)
	}
	return ports, nil
}

// loopback is the address of a port on 127.0.0.1.
func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// startTimeout is how long a server may take until it answers.
const startTimeout = 60 * time.Second
