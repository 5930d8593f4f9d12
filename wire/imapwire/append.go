package imapwire

import (
	"errors"
	"io"

	"postern/fault"
)

// Append is APPEND (RFC 9051 §6.3.12) with one message or, as MULTIAPPEND
// (RFC 3502), more. It arrives when the header of the first literal was read
// and no byte of the message. The session then does
//
//	for {
//		// decide on cmd.Mailbox and cmd.Message; to refuse: cmd.Refuse()
//		r, err := cmd.Accept() // sends the "+"
//		// read r to its end
//		more, err := cmd.More()
//		if !more { break } // cmd.Message is the next one
//	}
//
// and only commits when More was false without an error.
type Append struct {
	Mailbox string
	Message AppendMessage

	d    *Decoder
	step appendStep
	left int64 // bytes of the literal still to be read
}

type appendStep uint8

const (
	appendHead    appendStep = iota // the head of a literal was read
	appendReading                   // Accept was called
	appendDone                      // nothing of the command is left
)

// readAppend reads APPEND up to its first literal.
func (d *Decoder) readAppend() Command {
	d.space("APPEND")
	c := &Append{Mailbox: d.mailbox(), d: d}
	c.message("the mailbox name")
	if d.ok() {
		d.open = c
	}
	return c
}

// message reads what stands before one literal, and its head.
func (c *Append) message(after string) {
	d := c.d
	c.Message = AppendMessage{}
	d.space(after)
	if d.peek() == '(' {
		c.Message.Flags, c.Message.Unknown = d.flagList()
		d.space("the flags")
	}
	if d.peek() == '"' {
		c.Message.Date = d.dateTime()
		d.space("the date")
	}
	if d.nextIs("UTF8 (") { // RFC 6855 §4
		d.pos += len("UTF8 (")
		c.Message.UTF8 = true
	}
	if d.eat('~') {
		c.Message.Binary = true
	} else if c.Message.UTF8 {
		d.expected("~{ after UTF8 (")
	}
	if d.peek() != '{' {
		if d.nextIs("CATENATE") {
			d.fail(BadSyntax, "CATENATE is not supported, expected a literal")
		}
		d.expected("flags, a date or the { of a literal")
	}
	c.Message.Size, c.Message.NonSync = d.literalHead()
	c.left, c.step = c.Message.Size, appendHead
}

// Accept asks the client for the message, if it waits for that, and gives
// exactly Message.Size bytes of it. A connection that ends early is
// io.ErrUnexpectedEOF. Call it once per message.
func (c *Append) Accept() (io.Reader, error) {
	switch {
	case c.d.err != nil:
		return nil, c.d.err
	case c.step != appendHead:
		return nil, errOrder("Append.Accept")
	}
	c.step = appendReading
	if !c.Message.NonSync {
		if err := c.d.cont(); err != nil {
			c.d.err = err
			return nil, err
		}
	}
	return literalReader{c}, nil
}

// More is called after Accept's reader was read to its end (what is left is
// skipped). It reads on: true and a new Message, or false at the end of the
// command. A *SyntaxError means that the whole APPEND must be given up.
func (c *Append) More() (bool, error) {
	d := c.d
	switch {
	case d.err != nil:
		return false, d.err
	case c.step != appendReading:
		return false, errOrder("Append.More")
	}
	if err := c.drain(); err != nil {
		return false, err
	}
	d.held, d.line = 0, nil
	d.nextPiece()
	if c.Message.UTF8 {
		d.want(')', ") after the literal of UTF8 (")
	}
	if d.ok() && d.pos == len(d.line) {
		c.finish()
		return false, nil
	}
	c.message("the message")
	if !d.ok() {
		c.finish()
		return false, d.failed()
	}
	return true, nil
}

// drain reads what is left of the literal.
func (c *Append) drain() error {
	c.d.base += int(c.Message.Size)
	n := c.left
	c.left = 0
	if err := c.d.src.skip(n); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		c.d.err = err
		return err
	}
	return nil
}

func (c *Append) finish() { c.step, c.d.open = appendDone, nil }

// Refuse gives up the rest of the command: a message that waits for the "+" is
// not asked for, one that is under way is thrown away up to Limits.Drain bytes.
// closeConn tells that it was more: answer, then end the connection; from then
// on the decoder gives an error only. Refuse after the end does nothing.
func (c *Append) Refuse() (closeConn bool, err error) {
	d := c.d
	if d.err != nil {
		return true, d.err
	}
	step := c.step
	c.finish()
	if step == appendDone || step == appendHead && !c.Message.NonSync {
		return false, nil
	}
	if c.left > d.lim.Drain {
		d.err = fault.New(fault.TooLarge, "imapwire.Append.Refuse", "%d bytes of a refused message are under way", c.left)
		return true, nil
	}
	budget := d.lim.Drain - c.left
	if err := c.drain(); err != nil {
		return true, err
	}
	d.bad, d.fatal = &SyntaxError{}, nil
	d.held, d.line, d.pos = 0, nil, 0
	if d.line, err = d.src.skipLine(&budget); err != nil {
		d.readFailed(err)
	} else if budget >= 0 {
		d.skipRest(budget)
	}
	switch {
	case d.fatal != nil:
		d.err = d.fatal
		return true, d.err
	case budget < 0 || d.bad.Close:
		d.err = fault.New(fault.TooLarge, "imapwire.Append.Refuse", "too much of a refused APPEND is under way")
		return true, nil
	}
	return false, nil
}
