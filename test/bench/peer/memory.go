package peer

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Memory is what a server's processes hold, in KiB, summed over all of them.
type Memory struct {
	// RSS counts pages that processes share once in each of them, so it is
	// unfair to servers with many processes.
	RSS int64
	// PSS divides shared pages among those who share them.
	PSS int64
}

// Memory sums the resident memory of all of the server's processes.
func (s *Server) Memory() (Memory, error) {
	pids, err := s.Pids()
	if err != nil {
		return Memory{}, err
	}
	var sum Memory
	for _, pid := range pids {
		m, err := memoryOf(pid)
		if os.IsNotExist(err) {
			continue // ended meanwhile
		}
		if err != nil {
			return Memory{}, err
		}
		sum.RSS += m.RSS
		sum.PSS += m.PSS
	}
	return sum, nil
}

func memoryOf(pid int) (Memory, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return Memory{}, err
	}
	var m Memory
	sc := bufio.NewScanner(bytes.NewReader(b))
	for sc.Scan() {
		f := bytes.Fields(sc.Bytes())
		if len(f) < 2 {
			continue
		}
		var to *int64
		switch string(f[0]) {
		case "Rss:":
			to = &m.RSS
		case "Pss:":
			to = &m.PSS
		default:
			continue
		}
		if *to, err = strconv.ParseInt(string(f[1]), 10, 64); err != nil {
			return Memory{}, fmt.Errorf("process %d: %w", pid, err)
		}
	}
	return m, sc.Err()
}
