package imapwire

import (
	"io"

	"postern/mail"
)

// Decoder reads the commands of one connection. It is used by one goroutine
// at a time.
type Decoder struct {
	src      source
	lim      Limits
	utf8     bool
	cont     func() error
	appendOp *Append // whose literals and rest of line are still to be read
	err      error   // sticky: the connection is of no more use
	first    bool    // no line was read yet
}

// NewDecoder makes a decoder that reads from r. cont is called when the size
// of a synchronising literal was accepted and its bytes are wanted: it sends
// "+ …" and flushes.
func NewDecoder(r io.Reader, lim Limits, cont func() error) *Decoder {
	return &Decoder{src: source{r: r}, lim: lim, cont: cont, first: true}
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
	d.appendOp, d.err, d.first = nil, nil, true
}

// Next reads the next command. The error is a *SyntaxError, after which Next
// may be called again unless it says Close; io.EOF if the connection ended
// between two commands; or what the reader or the continuation gave. All but
// the first kind are sticky. An Append that was not brought to its end is
// refused first.
func (d *Decoder) Next() (tag string, cmd Command, err error) {
	panic("being written")
}

// ReadSASL reads the client's answer to a SASL challenge (RFC 9051 §6.2.2).
// cancelled tells that it sent "*". Bad base64 is a *SyntaxError without tag.
func (d *Decoder) ReadSASL() (resp mail.Secret, cancelled bool, err error) {
	panic("being written")
}

// ReadDone reads the line that ends IDLE (RFC 9051 §6.3.13). Any other line is
// a *SyntaxError without tag, and ends IDLE too.
func (d *Decoder) ReadDone() error {
	panic("being written")
}
