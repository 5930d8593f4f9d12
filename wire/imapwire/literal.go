package imapwire

import (
	"io"
	"math"
	"strconv"
)

// literalHead takes "{n}" or "{n+}", which must end the piece.
func (d *Decoder) literalHead() (n int64, nonSync bool) {
	if !d.ok() {
		return 0, false
	}
	n, width, nonSync, ok := literalAtEnd(d.line[d.pos:])
	if !ok || width != len(d.line)-d.pos {
		d.pos++
		if c := d.peek(); c < '0' || c > '9' {
			d.expected("the size of a literal after {")
			return 0, false
		}
		d.run(func(c byte) bool { return '0' <= c && c <= '9' })
		d.eat('+')
		if !d.eat('}') {
			d.expected("} after the size of a literal")
		}
		d.expected("the end of the line after the size of a literal")
		return 0, false
	}
	d.pos = len(d.line)
	return n, nonSync
}

// literalAtEnd reads the literal head that a piece ends in; width is that from
// its "{" on. A size over 2^63-1 is given as that.
func literalAtEnd(b []byte) (n int64, width int, nonSync, ok bool) {
	i := len(b) - 1
	if i < 2 || b[i] != '}' {
		return 0, 0, false, false
	}
	i--
	if b[i] == '+' {
		nonSync = true
		i--
	}
	last := i
	for i >= 0 && '0' <= b[i] && b[i] <= '9' {
		i--
	}
	if i < 0 || b[i] != '{' || i == last {
		return 0, 0, false, false
	}
	for _, c := range b[i+1 : last+1] {
		if n > (math.MaxInt64-int64(c-'0'))/10 {
			n = math.MaxInt64
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(b) - i, nonSync, true
}

// literal takes a literal that is no message. Its size is judged before the
// client is asked for it and before anything is allocated.
func (d *Decoder) literal() []byte {
	n, nonSync := d.literalHead()
	if !d.ok() {
		return nil
	}
	limit := d.lim.Literal
	if nonSync {
		limit = min(limit, d.lim.NonSync)
	}
	limit = min(limit, d.lim.Total-d.held)
	if n > int64(limit) {
		d.fail(LiteralTooBig, "a literal of "+strconv.FormatInt(n, 10)+" bytes is too big here, the limit is "+
			strconv.Itoa(max(limit, 0)))
		return nil
	}
	if !nonSync {
		if err := d.cont(); err != nil {
			d.fatal = err
			return nil
		}
	}
	b := make([]byte, n)
	for got := 0; got < len(b); {
		k, err := d.src.read(b[got:])
		got += k
		if err != nil && got < len(b) {
			d.readFailed(err)
			return nil
		}
	}
	d.base += int(n)
	d.held += int(n)
	for i, c := range b {
		if c == 0 {
			d.nextPiece()
			d.fail(BadSyntax, "a literal holds NUL at its byte "+strconv.Itoa(i+1))
			return nil
		}
	}
	d.nextPiece()
	return b
}

// nextPiece reads the piece after a literal.
func (d *Decoder) nextPiece() {
	d.base += len(d.line) + 2
	limit := max(min(d.lim.Line, d.lim.Total-d.held), 0)
	line, ok, err := d.src.line(limit)
	if err != nil {
		d.readFailed(err)
		return
	}
	d.line, d.pos = line, 0
	d.held += len(line)
	if !ok {
		d.lineTooLong()
	}
}

// literalReader gives the bytes of an APPEND's literal.
type literalReader struct{ c *Append }

// Read reads the next bytes of the message.
func (r literalReader) Read(p []byte) (int, error) {
	c := r.c
	if c.d.err != nil {
		return 0, c.d.err
	}
	if c.left == 0 || c.step != appendReading {
		return 0, io.EOF
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.d.src.read(p)
	c.left -= int64(n)
	if err != nil && n == 0 {
		if err == io.EOF { //nolint:errorlint // an io.Reader gives io.EOF itself
			err = io.ErrUnexpectedEOF
		}
		c.d.err = err
		return 0, err
	}
	return n, nil
}
