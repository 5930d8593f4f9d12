package posterntest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"postern/test/bench/peer"
)

// Domain is the domain of the demo's accounts.
const Domain = peer.Domain

// Options say how the program is started.
type Options struct {
	Dir      string   // the data folder
	Base     int      // the base port; 0 finds a free one
	Accounts int      // user0@ … beside the demo's own people
	Password string   // of every account
	Log      string   // where standard error goes; Dir + ".log" if empty
	Wrap     []string // what goes before the program: nsenter, strace -D
}

// Server is a running demo. It has one owner.
type Server struct {
	Options
	IMAP, IMAPS, Metrics string // host:port
	CAFile               string

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has been waited for
	err  error         // what Wait said; read after done
}

// EndedError says that the program ended before it was ready.
type EndedError struct {
	Code int    // its exit code, -1 if a signal ended it
	Said string // the end of what it wrote to standard error
}

func (e *EndedError) Error() string {
	return fmt.Sprintf("the program ended with %d before it was ready:\n%s", e.Code, e.Said)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// ready is what the demo prints when every listener answers.
const ready = "postern: ready"

// patience is how long a start may take.
const patience = 60 * time.Second

// Start starts "binary demo" and returns when it is ready.
func Start(ctx context.Context, binary string, o Options) (*Server, error) {
	s, out, err := launch(ctx, binary, o)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-out:
		return s, s.readDemo()
	case <-s.done:
		return nil, &EndedError{Code: s.cmd.ProcessState.ExitCode(), Said: Tail(s.Log)}
	case <-timer.C:
		err = fmt.Errorf("not ready after %v\n%s", patience, Tail(s.Log))
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, s.Kill())
}

// StartAndKill starts the program and kills it after so long, ready or not.
func StartAndKill(ctx context.Context, binary string, o Options, after time.Duration) error {
	s, _, err := launch(ctx, binary, o)
	if err != nil {
		return err
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.done:
		return &EndedError{Code: s.cmd.ProcessState.ExitCode(), Said: Tail(s.Log)}
	}
	return s.Kill()
}

func launch(ctx context.Context, binary string, o Options) (*Server, <-chan struct{}, error) {
	if o.Base == 0 {
		base, err := peer.FreeBase(ctx)
		if err != nil {
			return nil, nil, err
		}
		o.Base = base
	}
	if o.Log == "" {
		o.Log = o.Dir + ".log"
	}
	logFile, err := os.OpenFile(o.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer logFile.Close() // the child has its own descriptor
	args := append(append([]string{}, o.Wrap...), binary, "demo", "--data", o.Dir, "--base-port", strconv.Itoa(o.Base),
		"--password", o.Password, "--accounts", strconv.Itoa(o.Accounts), "--allow-plaintext", "--archive", "0")
	s := &Server{Options: o, cmd: exec.Command(args[0], args[1:]...), done: make(chan struct{})}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer in.Close() // the child has its own descriptor
	s.cmd.Stdout, s.cmd.Stderr = in, logFile
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, out.Close())
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	said := make(chan struct{})
	go watch(out, said)
	return s, said, nil
}

// watch closes said at the line that says ready, and reads on until the program
// closes its standard output, so that it never blocks on it.
func watch(out io.ReadCloser, said chan<- struct{}) {
	defer out.Close()
	seen := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !seen && lines.Text() == ready {
			seen = true
			close(said)
		}
	}
}

// readDemo learns the addresses. A data folder that only the program sees is
// none of ours: the ports are known.
func (s *Server) readDemo() error {
	s.IMAP, s.IMAPS, s.Metrics = loopback(s.Base+143), loopback(s.Base+993), loopback(s.Base+9090)
	raw, err := os.ReadFile(filepath.Join(s.Dir, "demo.json"))
	if errors.Is(err, os.ErrNotExist) && len(s.Wrap) > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var demo struct {
		CAFile string `json:"ca_file"`
	}
	if err := json.Unmarshal(raw, &demo); err != nil {
		return fmt.Errorf("demo.json: %w", err)
	}
	s.CAFile = demo.CAFile
	return nil
}

// User is the sign-in name of account i.
func (s *Server) User(i int) string { return "user" + strconv.Itoa(i) + "@" + Domain }

// Pid is the process id of the program.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Done is closed when the program has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// Kill ends the program with SIGKILL and waits for it.
func (s *Server) Kill() error {
	if err := syscall.Kill(-s.Pid(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	<-s.done
	return nil
}

// Stop asks the program to end and gives its exit code and how long it took.
// After so long it is killed, which is an error.
func (s *Server) Stop(within time.Duration) (code int, took time.Duration, err error) {
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, 0, err
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode(), time.Since(began), nil
	case <-timer.C:
		return 0, 0, errors.Join(fmt.Errorf("the program still ran %v after SIGTERM", within), s.Kill())
	}
}
