package peer

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
	"time"
)

// readyLine is what the demo prints when every listener answers.
const readyLine = "postern: ready"

// demoFile is the part of demo.json that is used here.
type demoFile struct {
	CAFile    string            `json:"ca_file"`
	Listeners map[string]string `json:"listeners"`
	Accounts  []struct {
		Address  string `json:"address"`
		Password string `json:"password"`
	} `json:"accounts"`
}

// Postern starts "binary demo" on free ports.
func Postern(ctx context.Context, binary string, o Options) (*Server, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	base, err := FreeBase(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{Name: "postern", Password: o.Password, Dir: dir, Log: dir + ".log"}
	s.launch = func(ctx context.Context) (*process, error) {
		proc, err := launchDemo(ctx, binary, base, s.Log, o)
		if err != nil {
			return nil, err
		}
		if err := s.readDemo(); err != nil {
			return nil, errors.Join(err, proc.stop())
		}
		return proc, nil
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func launchDemo(ctx context.Context, binary string, base int, log string, o Options) (*process, error) {
	logFile, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	cmd := exec.Command(binary, "demo", "--data", o.Dir,
		"--base-port", strconv.Itoa(base), "--password", o.Password,
		"--accounts", strconv.Itoa(o.Accounts), "--allow-plaintext")
	cmd.Stdout, cmd.Stderr = in, logFile
	proc, err := run(cmd)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	ready := make(chan struct{})
	go watchReady(out, ready)
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case <-ready:
		return proc, nil
	case <-proc.done:
		return nil, fmt.Errorf("demo ended before it was ready: %w\n%s", proc.err, tail(log))
	case <-timer.C:
		err = fmt.Errorf("demo not ready after %v", startTimeout)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, fmt.Errorf("%w\n%s", errors.Join(err, proc.stop()), tail(log))
}

// watchReady closes ready at the line that says so, and reads on until the
// program closes its standard output, so that it never blocks on it.
func watchReady(out io.ReadCloser, ready chan<- struct{}) {
	defer out.Close()
	sc := bufio.NewScanner(out)
	seen := false
	for sc.Scan() {
		if !seen && sc.Text() == readyLine {
			seen = true
			close(ready)
		}
	}
}

func (s *Server) readDemo() error {
	b, err := os.ReadFile(filepath.Join(s.Dir, "demo.json"))
	if err != nil {
		return err
	}
	var demo demoFile
	if err := json.Unmarshal(b, &demo); err != nil {
		return fmt.Errorf("demo.json: %w", err)
	}
	s.IMAP, s.IMAPS, s.CAFile = demo.Listeners["imap"], demo.Listeners["imaps"], demo.CAFile
	if s.IMAP == "" || s.IMAPS == "" {
		return fmt.Errorf("demo.json names no imap and imaps listener: %v", demo.Listeners)
	}
	return nil
}

// FreeBase finds a base port such that base + every well-known port of the
// demo is free now.
func FreeBase(ctx context.Context) (int, error) {
	offsets := []int{143, 993, 110, 995, 25, 24, 587, 465, 80, 443, 9090, 1993, 1995, 1587}
	start, err := freePorts(ctx, 1)
	if err != nil {
		return 0, err
	}
	const lowest, span = 11000, 12000 // below the ephemeral range
	for i := range 200 {
		base := lowest + (start[0]*7+i*211)%span
		if allFree(ctx, base, offsets) {
			return base, nil
		}
	}
	return 0, errors.New("no free range of ports found")
}

func allFree(ctx context.Context, base int, offsets []int) bool {
	var lc net.ListenConfig
	for _, off := range offsets {
		ln, err := lc.Listen(ctx, "tcp", loopback(base+off))
		if err != nil {
			return false
		}
		if ln.Close() != nil {
			return false
		}
	}
	return true
}
