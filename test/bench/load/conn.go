// Package load is a very cheap IMAP client for measuring servers. It shares
// the machine with the server that it measures, so it parses nothing that it
// need not: a command is bytes made beforehand, and an answer is read in large
// pieces in which only the tagged last line is looked for.
//
// It trusts the server that it measures: a message that contains the tag of
// the running command at the start of a line at the end of a piece would end
// the answer early. Tags are long enough to make that a matter of theory.
package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// patience bounds every read and write: no measurement hangs.
const patience = time.Minute

// Conn is one connection. It is not safe for concurrent use.
type Conn struct {
	conn net.Conn
	tag  []byte // of the running command, with a space behind it
	next int
	buf  []byte // fixed, for reading
	caps []byte // what CAPABILITY said, in upper case
}

// Answer is what a command got.
type Answer struct {
	// Bytes and Lines count the whole answer with its tagged line; Lines counts
	// line feeds, those inside literals too.
	Bytes, Lines int
}

// Dial connects and reads the greeting. With a TLS configuration it speaks TLS
// from the start.
func Dial(ctx context.Context, addr string, config *tls.Config) (*Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if tc, ok := nc.(*net.TCPConn); ok {
		// A closed connection must not wait in TIME_WAIT: sign-in would run out of ports.
		if err := tc.SetLinger(0); err != nil {
			return nil, errors.Join(err, nc.Close())
		}
	}
	if config != nil {
		tc := tls.Client(nc, config)
		if err := tc.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, nc.Close())
		}
		nc = tc
	}
	c, err := greeted(nc)
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return c, nil
}

// greeted reads the greeting.
func greeted(nc net.Conn) (*Conn, error) {
	c := &Conn{conn: nc, buf: make([]byte, 4<<10)}
	return c, c.await([]byte("* OK"))
}

// Login dials and signs in.
func Login(ctx context.Context, addr string, config *tls.Config, user, password string) (*Conn, error) {
	c, err := Dial(ctx, addr, config)
	if err != nil {
		return nil, err
	}
	if _, err := c.Do("LOGIN " + user + " " + password); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close drops the connection at once.
func (c *Conn) Close() error { return c.conn.Close() }

// Grow makes the read buffer as large as bulk answers need.
func (c *Conn) Grow() { c.buf = make([]byte, 256<<10) }

// begin writes the tag of the next command into b and returns b.
func (c *Conn) begin(b []byte) []byte {
	c.next++
	b = append(b, 'b', 'e', 'n', 'c', 'h')
	b = strconv.AppendInt(b, int64(c.next), 10)
	b = append(b, ' ')
	c.tag = append(c.tag[:0], b...)
	return b
}

// Do sends one command line and reads its answer. An answer other than OK is
// an error.
func (c *Conn) Do(command string) (Answer, error) {
	b := c.begin(make([]byte, 0, len(command)+24))
	b = append(append(b, command...), '\r', '\n')
	return c.exchange(b)
}

// DoBytes sends tag, command and what follows it as they are; the caller has
// put in every CRLF.
func (c *Conn) DoBytes(command []byte) (Answer, error) {
	var head [24]byte
	bufs := net.Buffers{c.begin(head[:0]), command}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return Answer{}, err
	}
	if _, err := bufs.WriteTo(c.conn); err != nil {
		return Answer{}, err
	}
	return c.answer()
}

func (c *Conn) exchange(b []byte) (Answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return Answer{}, err
	}
	if _, err := c.conn.Write(b); err != nil {
		return Answer{}, err
	}
	return c.answer()
}

// answer reads until the tagged line. Between reads it keeps only the unended
// last line at the front of the buffer.
func (c *Conn) answer() (Answer, error) {
	var a Answer
	kept := 0
	for {
		n, err := c.conn.Read(c.buf[kept:])
		if n == 0 {
			return a, unexpected(err)
		}
		piece := c.buf[:kept+n]
		a.Bytes += n
		a.Lines += bytes.Count(piece[kept:], []byte{'\n'})
		if piece[len(piece)-1] == '\n' {
			start := bytes.LastIndexByte(piece[:len(piece)-1], '\n') + 1
			if line := piece[start:]; bytes.HasPrefix(line, c.tag) {
				return a, judge(line, c.tag)
			}
			kept = 0
			continue
		}
		start := bytes.LastIndexByte(piece, '\n') + 1
		kept = copy(c.buf, piece[start:])
		if kept == len(c.buf) {
			kept = 0 // a line longer than the buffer is no tagged line
		}
	}
}

func judge(line, tag []byte) error {
	if bytes.HasPrefix(line[len(tag):], []byte("OK")) {
		return nil
	}
	return fmt.Errorf("the server answered %q", line)
}

// Collect sends one command and returns the whole answer, for setting up and
// checking; it is not for measuring.
func (c *Conn) Collect(command string) ([]byte, error) {
	b := c.begin(nil)
	b = append(append(b, command...), '\r', '\n')
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(b); err != nil {
		return nil, err
	}
	var all []byte
	for {
		n, err := c.conn.Read(c.buf)
		if n == 0 {
			return all, unexpected(err)
		}
		all = append(all, c.buf[:n]...)
		if all[len(all)-1] != '\n' {
			continue
		}
		start := bytes.LastIndexByte(all[:len(all)-1], '\n') + 1
		if bytes.HasPrefix(all[start:], c.tag) {
			return all, judge(all[start:], c.tag)
		}
	}
}

// Has says whether the server announces a capability (in upper case).
func (c *Conn) Has(name string) (bool, error) {
	if c.caps == nil {
		b, err := c.Collect("CAPABILITY")
		if err != nil {
			return false, err
		}
		c.caps = bytes.ToUpper(bytes.ReplaceAll(b, []byte("\r\n"), []byte(" ")))
	}
	return bytes.Contains(c.caps, []byte(" "+name+" ")), nil
}

// Idle starts IDLE and returns when the server waits.
func (c *Conn) Idle() error {
	b := append(c.begin(nil), "IDLE\r\n"...)
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.conn.Write(b); err != nil {
		return err
	}
	return c.await([]byte("+"))
}

// Await reads until a line contains word, and whatever came with it.
func (c *Conn) Await(word string) error { return c.await([]byte(word)) }

func (c *Conn) await(word []byte) error {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	kept := 0
	for {
		n, err := c.conn.Read(c.buf[kept:])
		if n == 0 {
			return unexpected(err)
		}
		kept += n
		if at := bytes.Index(c.buf[:kept], word); at >= 0 && bytes.IndexByte(c.buf[at:kept], '\n') >= 0 {
			return nil
		}
		if kept == len(c.buf) {
			return fmt.Errorf("%q did not come", word)
		}
	}
}

// Done ends IDLE.
func (c *Conn) Done() error {
	_, err := c.exchange([]byte("DONE\r\n"))
	return err
}

// unexpected is the error of a read that gave nothing.
func unexpected(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
