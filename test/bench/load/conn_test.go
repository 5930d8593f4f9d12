package load

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
)

// script writes a greeting and then, for each command line, the answer in
// pieces of the given size; TAG stands for the command's tag.
func script(conn net.Conn, size int, answers []string) error {
	if _, err := conn.Write([]byte("* OK hello\r\n")); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	for _, a := range answers {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		tag, _, _ := strings.Cut(line, " ")
		rest := strings.ReplaceAll(a, "TAG", tag)
		for rest != "" {
			n := min(size, len(rest))
			if _, err := conn.Write([]byte(rest[:n])); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

// connect gives a connection to a script. A pipe keeps the pieces as they are.
func connect(t *testing.T, size int, answers ...string) *Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- script(theirs, size, answers) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	c, err := greeted(ours)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswerEndsAtItsTagHoweverItIsSplit(t *testing.T) {
	answers := []string{
		"* 1 EXISTS\r\nTAG OK done\r\n",
		"TAG OK nothing\r\n",
		"* " + strings.Repeat("x", 9000) + "\r\nTAG OK long\r\n",
		"* 1 FETCH (BODY[] {9}\r\nTAGxOKx\r\n)\r\nTAG OK literal\r\n",
		"* 1 EXISTS\r\nTAGx OK other\r\nTAG OK done\r\n",
	}
	for _, size := range []int{2, 3, 7, 13, 4096, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := connect(t, size, answers...)
			for i, a := range answers {
				got, err := c.Do("NOOP")
				if err != nil {
					t.Fatalf("answer %d: %v", i, err)
				}
				full := strings.ReplaceAll(a, "TAG", strings.TrimSpace(string(c.tag)))
				if want := (Answer{Bytes: len(full), Lines: strings.Count(full, "\n")}); got != want {
					t.Errorf("answer %d: got %+v, want %+v", i, got, want)
				}
			}
		})
	}
}

func TestRefusalIsAnError(t *testing.T) {
	c := connect(t, 5, "* 1 EXISTS\r\nTAG NO [OVERQUOTA] full\r\n", "TAG BAD what\r\n")
	for range 2 {
		if _, err := c.Do("NOOP"); err == nil {
			t.Error("no error for NO or BAD")
		}
	}
}

func TestCapabilityIsAWholeWord(t *testing.T) {
	c := connect(t, 9, "* CAPABILITY IMAP4rev1 LITERAL+ multiappend\r\nTAG OK\r\n")
	for name, want := range map[string]bool{"MULTIAPPEND": true, "LITERAL+": true, "LITERAL": false, "MOVE": false} {
		got, err := c.Has(name)
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestIdlePush(t *testing.T) {
	c := connect(t, 3, "+ idling\r\n* 4 EXISTS\r\n", "bench1 OK done\r\n")
	if err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	if err := c.Await("EXISTS"); err != nil {
		t.Fatal(err)
	}
	if err := c.Done(); err != nil {
		t.Fatal(err)
	}
}
