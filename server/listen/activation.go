package listen

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"postern/fault"
)

// firstActivated is SD_LISTEN_FDS_START of sd_listen_fds(3).
const firstActivated = 3

// Activated takes the sockets that systemd has opened for this process, by the
// names of their FileDescriptorName= (a socket unit's name if there is none).
// Without socket activation it gives none. It may be called once.
func Activated(getenv func(string) string, pid int) (map[string]net.Listener, error) {
	const op = "listen.Activated"
	if getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return nil, nil // the sockets, if any, are another process's
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 0 || n > 1000 {
		return nil, fault.New(fault.Invalid, op, "LISTEN_FDS=%q is no number of sockets", getenv("LISTEN_FDS"))
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	all := map[string]net.Listener{}
	for i := range n {
		fd := firstActivated + i
		name := fmt.Sprintf("LISTEN_FD_%d", fd)
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		f := os.NewFile(uintptr(fd), name)
		socket, err := net.FileListener(f)
		_ = f.Close() // FileListener has its own
		if err != nil {
			for _, l := range all {
				_ = l.Close()
			}
			return nil, fault.New(fault.Invalid, op, "socket %d (%s): %w", fd, name, err)
		}
		if all[name] != nil {
			_ = socket.Close()
			return all, fault.New(fault.Invalid, op, "two sockets are called %q; give each a FileDescriptorName=", name)
		}
		all[name] = socket
	}
	return all, nil
}
