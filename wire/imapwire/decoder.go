package imapwire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"

	"postern/fault"
	"postern/mail"
)

// maxTag is the longest tag that is taken, and so reflected.
const maxTag = 128

// Decoder reads the commands of one connection. It is used by one goroutine
// at a time. It holds a buffer of 1 KiB between two commands, and never more
// than Limits allow.
type Decoder struct {
	src  source
	lim  Limits
	utf8 bool
	cont func() error
	err  error   // sticky: the connection is of no more use
	open *Append // whose literals and rest of line are still to be read
	old  bool    // a line was read before

	// The command being read.
	line  []byte       // the piece of it that is being parsed, in src's buffer
	pos   int          // how far in line
	base  int          // bytes of the command before line
	held  int          // bytes of pieces and literals so far
	items int          // search keys so far
	tag   string       //
	verb  string       //
	bad   *SyntaxError // the first thing wrong
	fatal error        // the reader or the continuation failed
}

// NewDecoder makes a decoder that reads from r. cont is called when the size
// of a synchronising literal was accepted and its bytes are wanted: it sends
// "+ …" and flushes.
func NewDecoder(r io.Reader, lim Limits, cont func() error) *Decoder {
	return &Decoder{src: source{r: r}, lim: lim, cont: cont}
}

// SetLimits sets what holds from the next command on.
func (d *Decoder) SetLimits(lim Limits) { d.lim = lim }

// SetUTF8 says whether mailbox names come as UTF-8 (after ENABLE IMAP4rev2 or
// UTF8=ACCEPT) or as modified UTF-7 (RFC 3501 §5.1.3).
func (d *Decoder) SetUTF8(on bool) { d.utf8 = on }

// Buffered is the number of bytes that arrived and were not read yet. More
// than 0 after STARTTLS is an injection (RFC 9051 §11.1).
func (d *Decoder) Buffered() int { return d.src.buffered() }

// Reset makes the decoder read from r and forgets all bytes that it holds.
func (d *Decoder) Reset(r io.Reader) {
	d.src = source{r: r}
	d.open, d.err, d.old = nil, nil, false
}

// Wait returns when a first byte of the next command has arrived, so that a
// session can tell an idle client from a slow one. A deadline that passes is
// returned and not sticky.
func (d *Decoder) Wait() error {
	if d.err != nil {
		return d.err
	}
	if d.open == nil {
		d.line = nil // it would hold on to a buffer that is given back
	}
	d.src.shrink()
	return d.stick(d.src.wait())
}

// Rest gives the buffer back if nothing is in it, for a wait that may be long.
func (d *Decoder) Rest() {
	if d.open == nil && d.src.buffered() == 0 {
		d.line = nil // it would hold on to the buffer
		d.src = source{r: d.src.r}
	}
}

// stick keeps an error, except a deadline that passed.
func (d *Decoder) stick(err error) error {
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		d.err = err
	}
	return err
}

// Next reads the next command. The error is a *SyntaxError, after which Next
// may be called again unless it says Close; io.EOF if the connection ended
// between two commands; or what the reader or the continuation gave. All but
// the first kind are sticky, except a read deadline that passes before the
// command's first line is complete: then Next may be called again. An Append
// that was not brought to its end is refused first.
func (d *Decoder) Next() (tag string, cmd Command, err error) {
	if d.open != nil {
		if _, err := d.open.Refuse(); err != nil {
			return "", nil, err
		}
	}
	if err := d.Wait(); err != nil {
		return "", nil, err
	}
	d.tag, d.verb, d.bad, d.fatal = "", "", nil, nil
	d.base, d.held, d.items = 0, 0, 0
	if !d.old && d.src.buf[d.src.pos] == 0x16 { // a TLS ClientHello
		return "", nil, d.foreign("TLS on a port without TLS")
	}
	line, ok, err := d.src.line(d.lim.Line)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return "", nil, d.stick(err)
	}
	d.old = true
	d.line, d.pos, d.held = line, 0, len(line)
	if isHTTP(line) {
		return "", nil, d.foreign("HTTP on a mail port")
	}
	if !ok {
		d.readTag()
		d.bad = nil
		d.lineTooLong()
		return d.tag, nil, d.failed()
	}
	cmd = d.command()
	if d.bad != nil || d.fatal != nil {
		return d.tag, nil, d.failed()
	}
	return d.tag, cmd, nil
}

func (d *Decoder) foreign(text string) error {
	e := &SyntaxError{Reason: Foreign, Text: text, Close: true}
	d.err = e
	return e
}

// isHTTP tells whether the line is the start of an HTTP request, which a web
// page may have made a browser send here.
func isHTTP(line []byte) bool {
	method, rest, _ := bytes.Cut(line, []byte{' '})
	if bytes.HasPrefix(rest, []byte("/")) {
		return true // whatever the method is: no command begins like this
	}
	switch string(method) {
	case "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PRI":
		return bytes.Contains(rest, []byte(" HTTP/"))
	}
	return false
}

// failed gives the error of the command that could not be read, after what
// remains of the command was thrown away.
func (d *Decoder) failed() error {
	if d.fatal == nil && !d.bad.Close {
		d.skipRest(d.lim.Drain)
	}
	if d.fatal != nil {
		d.err = d.fatal
		return d.err
	}
	d.bad.Tag, d.bad.Verb = d.tag, d.verb
	if d.bad.Close {
		d.err = d.bad
	}
	return d.bad
}

// skipRest reads over the non-synchronising literal that the current piece
// ends in and the pieces after it. A synchronising literal ends the command:
// the client waits for "+" and gets the tagged answer instead.
func (d *Decoder) skipRest(budget int64) {
	tail := d.line
	for {
		n, _, nonSync, ok := literalAtEnd(tail)
		if !ok || !nonSync {
			return
		}
		if budget -= min(n, budget+1); budget < 0 {
			d.bad.Close = true
			return
		}
		var err error
		if err = d.src.skip(n); err == nil {
			tail, err = d.src.skipLine(&budget)
		}
		if err != nil {
			d.readFailed(err)
			return
		}
		if budget < 0 {
			d.bad.Close = true
			return
		}
	}
}

// lineTooLong reports it and skips the line, which ends in the buffer.
func (d *Decoder) lineTooLong() {
	d.fail(LineTooLong, "the command line is too long")
	budget := d.lim.Drain
	tail, err := d.src.skipLine(&budget)
	if err != nil {
		d.readFailed(err)
		return
	}
	if budget < 0 {
		d.bad.Close = true
	}
	d.line, d.pos = tail, len(tail)
}

// readFailed notes that the connection failed in the middle of a command.
func (d *Decoder) readFailed(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if d.fatal == nil {
		d.fatal = err
	}
}

// single reads a line that is no command.
func (d *Decoder) single() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	d.tag, d.verb, d.bad, d.fatal = "", "", nil, nil
	line, ok, err := d.src.line(d.lim.Line)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, d.stick(err)
	}
	if !ok {
		d.lineTooLong()
		return nil, d.failed()
	}
	d.line, d.pos = nil, 0
	return line, nil
}

// ReadSASL reads the client's answer to a SASL challenge (RFC 9051 §6.2.2).
// cancelled tells that it sent "*". Bad base64 is a *SyntaxError without tag.
func (d *Decoder) ReadSASL() (resp mail.Secret, cancelled bool, err error) {
	line, err := d.single()
	if err != nil {
		return resp, false, err
	}
	defer clear(line)
	if string(line) == "*" {
		return resp, true, nil
	}
	raw, ok := decodeBase64(line)
	if !ok {
		return resp, false, &SyntaxError{Verb: "AUTHENTICATE", Text: "expected base64 or * as the answer to the challenge"}
	}
	return mail.NewSecret(raw), false, nil
}

// decodeBase64 decodes strictly (RFC 4648 §3.5): one value, one spelling.
func decodeBase64(b []byte) ([]byte, bool) {
	if bytes.ContainsAny(b, "\r\n") {
		return nil, false
	}
	enc := base64.StdEncoding.Strict()
	raw := make([]byte, enc.DecodedLen(len(b)))
	n, err := enc.Decode(raw, b)
	return raw[:n], err == nil
}

// ReadDone reads the line that ends IDLE (RFC 9051 §6.3.13). Any other line is
// a *SyntaxError without tag, and ends IDLE too.
func (d *Decoder) ReadDone() error {
	line, err := d.single()
	if err != nil {
		return err
	}
	if !bytes.EqualFold(line, []byte("DONE")) {
		return &SyntaxError{Verb: "IDLE", Text: "expected DONE to end IDLE"}
	}
	return nil
}

// errOrder is our own mistake in the calls on an Append.
func errOrder(op string) error {
	return fault.New(fault.Internal, "imapwire."+op, "called out of order")
}
