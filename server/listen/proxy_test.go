package listen_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"postern/server/listen"
)

const v2 = "\r\n\r\n\x00\r\nQUIT\n"

func TestProxy(t *testing.T) {
	s := serve(t, listen.Config{Listeners: []listen.Listener{
		{Name: "imap", Protocol: "imap", ProxyFrom: loopback()},
		{Name: "open", Protocol: "imap", ProxyFrom: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	}}, echo, listen.Hooks{})
	for header, want := range map[string]string{
		"PROXY TCP4 192.0.2.7 127.0.0.1 4711 143\r\n":                                        "192.0.2.7:4711",
		"PROXY TCP6 2001:db8::1 ::1 4711 143\r\n":                                            "[2001:db8::1]:4711",
		"PROXY UNKNOWN\r\n":                                                                  "127.0.0.1:",
		"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n":                                              "127.0.0.1:",
		v2 + "\x21\x11\x00\x0c\xc0\x00\x02\x08\x7f\x00\x00\x01\x00\x50\x00\x8f":              "192.0.2.8:80",
		v2 + "\x21\x11\x00\x10\xc0\x00\x02\x08\x7f\x00\x00\x01\x00\x50\x00\x8f\x04\x00\x01x": "192.0.2.8:80",
		v2 + "\x21\x21\x00\x24\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x09" + strings.Repeat("\x00", 16) + "\x01\x00\x00\x8f": "[2001:db8::9]:256",
		v2 + "\x20\x00\x00\x00":   "127.0.0.1:",
		v2 + "\x21\x00\x00\x02ab": "127.0.0.1:",
	} {
		c := dial(t, s, "imap")
		send(t, c, header+"remote\r\n")
		expect(t, c, "* hello\r\n"+want)
	}
	for _, header := range []string{
		"a NOOP\r\na NOOP\r\n", "PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n", "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
		"PROXY TCP4 192.0.2.7 127.0.0.1 70000 143\r\n", "PROXY TCP9 192.0.2.7 127.0.0.1 1 2\r\n", "PROXY " + strings.Repeat("x", 200),
		v2 + "\x31\x11\x00\x0c", v2 + "\x21\x11\x00\x04abcd", v2 + "\x21\x21\x00\x0c" + strings.Repeat("a", 12), v2 + "\x21\x11\xff\xff", v2 + "\x2f\x11\x00\x00",
	} {
		c := dial(t, s, "imap")
		send(t, c, header)
		_ = c.(*net.TCPConn).CloseWrite()
		b := make([]byte, 1)
		if n, err := c.Read(b); err == nil {
			t.Errorf("%q is answered with %q", header, b[:n])
		}
	}
	c := dial(t, s, "open") // who is not trusted speaks for himself
	send(t, c, "PROXY TCP4 192.0.2.7 127.0.0.1 4711 143\r\nremote\r\n")
	expect(t, c, "* hello\r\nPROXY TCP4 192.0.2.7 127.0.0.1 4711 143\r\n127.0.0.1:")
}
