package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"postern/fault"
)

// handshake makes the connection a TLS one, or reports why not and closes it. It
// runs on a goroutine of its own, whose stack grows to 32 KiB and more and goes
// away with it; the session's stays small.
func (c *Conn) handshake(ctx context.Context) error {
	t := tls.Server(c.raw, c.door.tls.config)
	h := new(hello)
	c.raw.hello = h
	result := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				result <- fault.New(fault.Internal, "listen.handshake", "panic: %v", v)
			}
		}()
		result <- t.HandshakeContext(ctx)
	}()
	err := <-result
	c.raw.hello = nil
	if err != nil {
		c.refused(*h, err)
		_ = c.raw.Close()
		return fault.Wrap(fault.Denied, "listen.handshake", err)
	}
	state := t.ConnectionState()
	c.facts.Store(&TLSFacts{
		Version: versionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
		OfferedVersions: h.versions, ServerName: state.ServerName, Resumed: state.DidResume,
	})
	c.tls.Store(t)
	return nil
}

// refused reports a handshake that came to nothing.
func (c *Conn) refused(h hello, err error) {
	c.s.seldom.Log(c.s.log, slog.LevelInfo, "TLS handshake refused", c.door.Name, "conn", c.id, "remote", c.remote,
		"offered", h.versions, "server_name", h.serverName, "error", err)
	if c.s.hooks.OnRefused != nil {
		c.s.hooks.OnRefused(HandshakeRefusal{
			Time: time.Now(), ID: c.id, Listener: c.door.Name, Protocol: c.door.Protocol, RemoteAddr: c.remote,
			OfferedVersions: h.versions, ServerName: h.serverName, ALPN: h.alpn, Err: err,
		})
	}
}

// noteHello keeps what a client hello says. It returns no configuration: the
// listener's own is used.
func noteHello(info *tls.ClientHelloInfo) (*tls.Config, error) {
	if raw, ok := info.Conn.(*rawConn); ok && raw.hello != nil {
		h := raw.hello
		h.serverName, h.alpn = info.ServerName, info.SupportedProtos
		for _, v := range info.SupportedVersions {
			if name := versionName(v); name != "" {
				h.versions = append(h.versions, name)
			}
		}
	}
	return nil, nil // crypto/tls reads it as 'go on'
}

// versionName is "" for values that are no versions (RFC 8701 has clients send
// some).
func versionName(v uint16) string {
	switch {
	case v == 0x0300:
		return "ssl3"
	case v > 0x0300 && v <= 0x0304:
		return fmt.Sprintf("1.%d", v-0x0301)
	}
	return ""
}
