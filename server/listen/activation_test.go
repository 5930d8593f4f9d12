package listen_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postern/server/listen"
)

// activated is the test binary started as systemd would: it says what it got.
func activated() int {
	sockets, err := listen.Activated(func(k string) string {
		if k == "LISTEN_PID" { // which os/exec cannot know
			return fmt.Sprint(os.Getpid())
		}
		return os.Getenv(k)
	}, os.Getpid())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for name, l := range sockets {
		fmt.Println(name, l.Addr())
	}
	return 0
}

func TestActivation(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=imaps")
	cmd.ExtraFiles = []*os.File{f}
	out, err := cmd.CombinedOutput()
	if want := "imaps " + l.Addr().String(); err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("got %q (%v), want %q", out, err, want)
	}
	none := func(string) string { return "" }
	if got, err := listen.Activated(none, 1); len(got) != 0 || err != nil {
		t.Errorf("without activation: %v, %v", got, err)
	}
}
