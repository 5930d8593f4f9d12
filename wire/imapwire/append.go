package imapwire

import "io"

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

	d *Decoder
}

// Accept asks the client for the message, if it waits for that, and gives
// exactly Message.Size bytes of it. A connection that ends early is
// io.ErrUnexpectedEOF. Call it once per message.
func (c *Append) Accept() (io.Reader, error) {
	panic("being written")
}

// More is called after Accept's reader was read to its end (what is left is
// skipped). It reads on: true and a new Message, or false at the end of the
// command. A *SyntaxError means that the whole APPEND must be given up.
func (c *Append) More() (bool, error) {
	panic("being written")
}

// Refuse gives up the rest of the command: a message that waits for the "+" is
// not asked for, one that is under way is thrown away up to Limits.Drain bytes.
// Close tells that it was more: answer, then end the connection.
func (c *Append) Refuse() (closeConn bool, err error) {
	panic("being written")
}
