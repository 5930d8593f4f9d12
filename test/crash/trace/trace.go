// Package trace reads what strace wrote about the program
// (strace -f -ttt -y -s 4096) and proves from it that every acknowledgement
// came after the sync of what it acknowledges. It is for one client whose
// commands come one after the other, so that the order is exact.
package trace

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Calls are the system calls that Parse needs.
const Calls = "fsync,fdatasync,write,writev,pwrite64,pwritev,read,openat,rename,renameat,renameat2"

// Event is one finished system call. Began and Ended count the lines of the
// trace, so they order events.
type Event struct {
	Began, Ended int
	Name         string
	Path         string // of the first descriptor, or the last name for openat and rename
	Args         string
	OK           bool
}

var (
	whole   = regexp.MustCompile(`^(\d+) +[\d.]+ (\w+)\((.*)\) += (-?\d+)`)
	begun   = regexp.MustCompile(`^(\d+) +[\d.]+ (\w+)\((.*) <unfinished \.\.\.>`)
	resumed = regexp.MustCompile(`^(\d+) +[\d.]+ <\.\.\. (\w+) resumed>(.*)\) += (-?\d+)`)
	decoded = regexp.MustCompile(`^\d+<([^>]*)>`)
	names   = regexp.MustCompile(`"([^"]*)"`)
	command = regexp.MustCompile(`^\d+<socket:[^>]*>, "(\w+) ((?:UID )?\w+)`)
	answer  = regexp.MustCompile(`(?:"|\\r\\n)(c\d+) (OK|NO|BAD) `)
	lasting = regexp.MustCompile(`/store/\d+\.log$|/blobs/[0-9a-f]+\.(?:seg|one|spool)$`)
	log     = regexp.MustCompile(`/store/\d+\.log$`)
)

// Parse reads a trace. Calls that never ended are left out.
func Parse(r io.Reader) ([]Event, error) {
	var all []Event
	open := make(map[string]Event) // by thread
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if m := whole.FindStringSubmatch(text); m != nil {
			all = append(all, event(n, n, m[2], m[3], m[4]))
		} else if m := begun.FindStringSubmatch(text); m != nil {
			open[m[1]] = Event{Began: n, Name: m[2], Args: m[3]}
		} else if m := resumed.FindStringSubmatch(text); m != nil {
			b, ok := open[m[1]]
			if !ok || b.Name != m[2] {
				return nil, fmt.Errorf("line %d: %s is resumed and was not begun", n, m[2])
			}
			delete(open, m[1])
			all = append(all, event(b.Began, n, b.Name, b.Args+m[3], m[4]))
		}
	}
	return all, lines.Err()
}

func event(began, ended int, name, args, result string) Event {
	e := Event{Began: began, Ended: ended, Name: name, Args: args, OK: !strings.HasPrefix(result, "-")}
	if m := decoded.FindStringSubmatch(args); m != nil {
		e.Path = m[1]
	} else if m := names.FindAllStringSubmatch(args, -1); m != nil {
		e.Path = m[len(m)-1][1]
	}
	return e
}

// Ack is a tagged OK on its way to the client.
type Ack struct {
	Tag, Verb string
	Wrote     int      // writes to the store's log since the command came
	Unsynced  []string // files that held it and were not synced when it was sent
}

// Acks finds every tagged OK and what was not on the disk by then: writes to
// the log and to blobs, and new names, since the command came.
func Acks(events []Event) []Ack {
	c := checker{dirty: make(map[string]int), verbs: make(map[string]Event)}
	for _, e := range sorted(events) {
		c.see(e)
	}
	return c.acks
}

type checker struct {
	dirty map[string]int // file or folder: line at which its last unsynced change ended
	logs  []int          // lines at which writes to the log began
	verbs map[string]Event
	acks  []Ack
}

func (c *checker) see(e Event) {
	if !e.OK {
		return
	}
	switch e.Name {
	case "read":
		if m := command.FindStringSubmatch(e.Args); m != nil {
			c.verbs[m[1]] = Event{Began: e.Began, Name: m[2]}
		}
	case "write", "writev", "pwrite64", "pwritev":
		c.wrote(e)
	case "openat":
		if strings.Contains(e.Args, "O_CREAT") {
			c.named(e)
		}
	case "rename", "renameat", "renameat2":
		c.named(e)
	case "fsync", "fdatasync":
		if at, ok := c.dirty[e.Path]; ok && at < e.Began {
			delete(c.dirty, e.Path)
		}
	}
}

func (c *checker) wrote(e Event) {
	if strings.HasPrefix(e.Path, "socket:") {
		for _, m := range answer.FindAllStringSubmatch(e.Args, -1) {
			if m[2] == "OK" {
				c.ack(m[1])
			}
		}
		return
	}
	if lasting.MatchString(e.Path) {
		c.dirty[e.Path] = e.Ended
	}
	if log.MatchString(e.Path) {
		c.logs = append(c.logs, e.Began)
	}
}

// named: a new name is durable when its folder is synced. A spool's is not
// wanted, and a file keeps what was written to it under its old name.
func (c *checker) named(e Event) {
	if !lasting.MatchString(e.Path) || strings.HasSuffix(e.Path, ".spool") {
		return
	}
	folder := e.Path[:strings.LastIndexByte(e.Path, '/')]
	c.dirty[folder] = e.Ended
	if m := names.FindAllStringSubmatch(e.Args, -1); len(m) > 1 {
		if at, ok := c.dirty[m[0][1]]; ok {
			c.dirty[e.Path] = at
			delete(c.dirty, m[0][1])
		}
	}
}

func (c *checker) ack(tag string) {
	cmd := c.verbs[tag]
	a := Ack{Tag: tag, Verb: cmd.Name}
	for _, began := range c.logs {
		if began > cmd.Began {
			a.Wrote++
		}
	}
	for path := range c.dirty {
		a.Unsynced = append(a.Unsynced, path)
	}
	c.acks = append(c.acks, a)
}
