package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// waiter is a program that does not come to its end after a signal.
func waiter() {
	ctx, stop := untilSignal()
	defer stop()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("ending")
	<-time.After(time.Minute)
}

// TestSecondSignal holds that whoever sends a second signal waits for nothing
// more.
func TestSecondSignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := exec.CommandContext(t.Context(), "waiter")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for _, want := range []string{"ready", "ending"} {
			if !lines.Scan() || lines.Text() != want {
				t.Fatalf("%q, want %q", lines.Text(), want)
			}
			// The second one may come before the first has been dealt with.
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait() // its state tells
		}()
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		for waiting := true; waiting; {
			select {
			case <-ended:
				waiting = false
			case <-again.C:
				_ = cmd.Process.Signal(sig)
			case <-time.After(10 * time.Second):
				t.Fatalf("it goes on after several of %v", sig)
			}
		}
		if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !st.Signaled() || st.Signal() != sig {
			t.Errorf("%v, want an end by %v", cmd.ProcessState, sig)
		}
	}
}
