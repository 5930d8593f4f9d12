package listen

import (
	"io"
	"time"
)

// What a client may still send after the server's last words.
const (
	hangUpFor   = time.Second
	hangUpBytes = 1 << 20
)

// HangUp closes the connection so that the client gets what was written last.
// A system that closes a socket with input unread resets the connection (RFC
// 1122 §4.2.2.13), and the client may lose the BYE that it has not read yet. So
// HangUp ends its own direction, with TLS's close_notify, and takes what the
// client still sends until it has closed too, for at most a second or 1 MiB.
// It may be called together with Close, which ends it, but not with Read.
func (c *Conn) HangUp() error {
	if t := c.tls.Load(); t != nil {
		_ = t.CloseWrite() // the client may be gone
	}
	half, ok := c.raw.Conn.(interface{ CloseWrite() error })
	if !ok {
		return c.Close()
	}
	if err := half.CloseWrite(); err != nil {
		return c.Close() // gone
	}
	c.mu.Lock()
	c.hungUp = true // nobody moves the deadline any more
	err := c.raw.SetReadDeadline(time.Now().Add(hangUpFor))
	c.mu.Unlock()
	if err == nil {
		_, _ = io.CopyN(io.Discard, struct{ io.Reader }{c.raw}, hangUpBytes)
	}
	return c.Close()
}
