package listen_test

import (
	"testing"

	"postern/server/listen"
)

func TestSniffHTTP(t *testing.T) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\nHost: a\r\n", "OPTIONS * HTTP/1.1", "CONNECT a:143 HTTP/1.1\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM", "GET http://a/ HTTP/1.1\r\n", "PUT /", "HEAD / ",
	} {
		if !listen.SniffHTTP([]byte(s)) {
			t.Errorf("%q is not seen", s)
		}
	}
	for _, s := range []string{
		"", "GET", "a LOGIN b c\r\n", "GET LOGIN b c\r\n", "POST NOOP\r\n", "EHLO GET /", "CAPA\r\n", "\x16\x03\x01", "PUT CAPABILITY\r\n",
		"a OK\r\nGET / HTTP/1.1\r\n",
	} {
		if listen.SniffHTTP([]byte(s)) {
			t.Errorf("%q is taken for HTTP", s)
		}
	}
}
