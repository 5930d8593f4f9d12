package posterntest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Conn is one IMAP connection of a client that is slow to judge: it gives back
// everything that the server said. It is not safe for concurrent use.
type Conn struct {
	Bye     string // the text of a BYE that came
	Timeout time.Duration

	nc   net.Conn
	r    *bufio.Reader
	next int
}

// Answer is what a command got.
type Answer struct {
	Status string // OK, NO or BAD
	Text   string // what follows it, response code included
	Lines  []Line // the untagged responses
}

// Line is an untagged response. Each literal stays in Text as {n} and is in
// Literals.
type Line struct {
	Text     string // without "* "
	Literals [][]byte
}

// OK tells whether the command was done.
func (a *Answer) OK() bool { return a.Status == "OK" }

func (a *Answer) String() string { return a.Status + " " + a.Text }

// Dial connects and reads the greeting; with a TLS configuration it speaks TLS
// from the first byte on.
func Dial(ctx context.Context, addr string, config *tls.Config) (*Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if config != nil {
		nc = tls.Client(nc, config)
	}
	c := &Conn{nc: nc, r: bufio.NewReaderSize(nc, 64<<10), Timeout: time.Minute}
	nc.SetDeadline(time.Now().Add(c.Timeout))
	line, err := c.line()
	if err == nil && !strings.HasPrefix(line.Text, "* OK") {
		err = fmt.Errorf("greeted with %q", line.Text)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// Login dials and signs in.
func Login(ctx context.Context, addr, user, password string) (*Conn, error) {
	c, err := Dial(ctx, addr, nil)
	if err != nil {
		return nil, err
	}
	if err := c.Must("LOGIN %s %s", user, password); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close drops the connection.
func (c *Conn) Close() error { return c.nc.Close() }

// Do sends a command and reads its answer. The error is one of the connection;
// NO and BAD are answers.
func (c *Conn) Do(format string, args ...any) (*Answer, error) {
	tag := c.tag()
	if err := c.write(fmt.Appendf(nil, tag+" "+format+"\r\n", args...)); err != nil {
		return nil, err
	}
	return c.answer(tag)
}

// Must is Do for a command that has to be done.
func (c *Conn) Must(format string, args ...any) error {
	a, err := c.Do(format, args...)
	if err == nil && !a.OK() {
		err = fmt.Errorf("%s: %s", fmt.Sprintf(format, args...), a)
	}
	return err
}

// Append sends APPEND with one or more messages (RFC 3502) and waits for the
// go-ahead of each, unless plus (LITERAL+, RFC 7888).
func (c *Conn) Append(box, flags string, plus bool, messages ...[]byte) (*Answer, error) {
	tag := c.tag()
	out := []byte(tag + " APPEND " + box)
	mark := ""
	if plus {
		mark = "+"
	}
	for _, m := range messages {
		out = fmt.Appendf(out, " (%s) {%d%s}\r\n", flags, len(m), mark)
		if !plus {
			if err := c.write(out); err != nil {
				return nil, err
			}
			a, err := c.untilGoAhead(tag)
			if a != nil || err != nil {
				return a, err
			}
			out = out[:0]
		}
		out = append(out, m...)
	}
	if err := c.write(append(out, "\r\n"...)); err != nil {
		return nil, err
	}
	return c.answer(tag)
}

func (c *Conn) tag() string {
	c.next++
	return "c" + strconv.Itoa(c.next)
}

func (c *Conn) write(b []byte) error {
	c.nc.SetDeadline(time.Now().Add(c.Timeout))
	_, err := c.nc.Write(b)
	if err != nil {
		_ = c.AwaitBye(time.Second) // the server may have said why it closed
	}
	return err
}

// untilGoAhead reads until the server wants the literal; an answer is a
// refusal.
func (c *Conn) untilGoAhead(tag string) (*Answer, error) {
	for {
		line, err := c.line()
		switch {
		case err != nil:
			return nil, err
		case strings.HasPrefix(line.Text, "+"):
			return nil, nil
		case strings.HasPrefix(line.Text, tag+" "):
			return tagged(line.Text[len(tag)+1:]), nil
		}
		c.noteBye(line.Text)
	}
}

func (c *Conn) answer(tag string) (*Answer, error) {
	var lines []Line
	for {
		line, err := c.line()
		if err != nil {
			return nil, err
		}
		if text, ok := strings.CutPrefix(line.Text, "* "); ok {
			c.noteBye(line.Text)
			lines = append(lines, Line{text, line.Literals})
			continue
		}
		text, ok := strings.CutPrefix(line.Text, tag+" ")
		if !ok {
			return nil, fmt.Errorf("%q is no answer to %s", line.Text, tag)
		}
		a := tagged(text)
		a.Lines = lines
		return a, nil
	}
}

func (c *Conn) noteBye(text string) {
	if bye, ok := strings.CutPrefix(text, "* BYE "); ok {
		c.Bye = bye
	}
}

func tagged(text string) *Answer {
	status, rest, _ := strings.Cut(text, " ")
	return &Answer{Status: status, Text: rest}
}

// line reads one response with its literals. A line that does not end is an
// error: a torn answer is none.
func (c *Conn) line() (Line, error) {
	var all Line
	for {
		text, err := c.r.ReadString('\n')
		if err != nil {
			return all, err
		}
		text, ok := strings.CutSuffix(text, "\r\n")
		if !ok {
			return all, fmt.Errorf("a line of %q ends with a bare LF", text)
		}
		all.Text += text
		n, ok := literal(text)
		if !ok {
			return all, nil
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(c.r, b); err != nil {
			return all, err
		}
		all.Literals = append(all.Literals, b)
	}
}

// literal is the size of the literal that a line announces at its end.
func literal(text string) (int, bool) {
	at := strings.LastIndexByte(text, '{')
	if at < 0 || !strings.HasSuffix(text, "}") {
		return 0, false
	}
	n, err := strconv.Atoi(text[at+1 : len(text)-1])
	return n, err == nil
}

// AwaitBye reads until the server has closed the connection; Bye then has its
// last words.
func (c *Conn) AwaitBye(within time.Duration) error {
	c.nc.SetDeadline(time.Now().Add(within))
	for {
		line, err := c.line()
		if err == io.EOF { //nolint:errorlint // the plain end
			return nil
		}
		if err != nil {
			return err
		}
		c.noteBye(line.Text)
	}
}
