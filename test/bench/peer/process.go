package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// process is a child of ours. One goroutine waits for it.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has been waited for
	err  error         // what Wait said; read after done
}

// run starts cmd, which must come from exec.Command with no context: a server
// outlives the context that it was started under.
func run(cmd *exec.Cmd) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop asks the process to end, and kills it and its children if it does not.
func (p *process) stop() error {
	pids, err := descendants(p.pid())
	if err != nil {
		return err
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if p.waitDone(20 * time.Second) {
		return waitGone(pids)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	p.waitDone(5 * time.Second)
	return fmt.Errorf("process %d did not end when asked to and was killed", p.pid())
}

func (p *process) waitDone(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// waitGone waits until children that a master leaves behind have ended too.
func waitGone(pids []int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		alive := 0
		for _, pid := range pids {
			if running(pid) {
				alive++
			}
		}
		if alive == 0 {
			return nil
		}
		<-tick.C
	}
	return errors.New("child processes are still running 10 s after their master ended")
}

// running says whether pid exists and is not a zombie, which is gone for us
// even if nobody reaps it (containers often have no init).
func running(pid int) bool {
	_, state, err := parentOf(pid)
	return err == nil && state != 'Z'
}

// waitListening waits until addr accepts connections or the process ends.
func (p *process) waitListening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("ended before it listened: %w", p.err)
		case <-ctx.Done():
			return fmt.Errorf("not listening on %s: %w", addr, ctx.Err())
		case <-tick.C:
		}
	}
}

// descendants lists pid and all processes below it.
func descendants(pid int) ([]int, error) {
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := make(map[int][]int)
	for _, name := range names {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			continue
		}
		if parent, _, err := parentOf(child); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all, nil
}

// parentOf reads the parent's id and the state of a process from /proc.
func parentOf(pid int) (parent int, state byte, err error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0, err
	}
	// The name is in parentheses and may contain anything: look behind it.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, fmt.Errorf("process %d: unreadable stat", pid)
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return parent, fields[0][0], err
}
