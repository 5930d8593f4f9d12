package listen_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"postern/server/listen"
)

// proxied sends a PROXY line first.
func proxied(t testing.TB, s *listen.Server, name, from string) net.Conn {
	t.Helper()
	c := dial(t, s, name)
	send(t, c, "PROXY TCP4 "+from+" 127.0.0.1 4711 143\r\n")
	return c
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func TestLimits(t *testing.T) {
	limited := make(chan listen.Limited, 10)
	s := serve(t, listen.Config{
		Listeners: []listen.Listener{
			{Name: "one", Protocol: "imap", MaxConns: 1, Busy: "* BYE busy\r\n"},
			{Name: "imap", Protocol: "imap", ProxyFrom: loopback(), Busy: "* BYE busy\r\n"},
		},
		Limits: listen.Limits{Total: 7, BeforeSignIn: 4, PerNetwork: 3, PerNetworkBeforeSignIn: 2},
	}, echo, listen.Hooks{OnLimited: func(l listen.Limited) { limited <- l }})
	want := func(limit string, evicted bool) {
		t.Helper()
		if l := <-limited; l.Limit != limit || l.Evicted != evicted {
			t.Fatalf("got %+v, want limit %q, evicted %v", l, limit, evicted)
		}
	}
	hello := func(c net.Conn) net.Conn {
		t.Helper()
		expect(t, c, "* hello\r\n")
		return c
	}
	hello(dial(t, s, "one")) // 1, not signed in
	if got := ended(t, dial(t, s, "one")); got != "* BYE busy\r\n" {
		t.Fatalf("got %q", got)
	}
	want("listener", false)

	a := hello(proxied(t, s, "imap", "192.0.2.1"))
	b := hello(proxied(t, s, "imap", "192.0.2.1"))
	hello(proxied(t, s, "imap", "192.0.2.1")) // the third of two: the oldest goes
	want("network before sign-in", true)
	ended(t, a)
	send(t, b, "signin\r\n")
	expect(t, b, "signin\r\n")
	hello(proxied(t, s, "imap", "192.0.2.1"))
	if got := ended(t, proxied(t, s, "imap", "192.0.2.1")); got != "* BYE busy\r\n" {
		t.Fatalf("got %q", got)
	}
	want("network", false)

	// One and two have not signed in; with one more each of two networks there
	// are four, and the biggest makes room for the fifth.
	hello(proxied(t, s, "imap", "192.0.2.2"))
	hello(proxied(t, s, "imap", "192.0.2.3"))
	want("before sign-in", true)
	send(t, b, "still\r\n")
	expect(t, b, "still\r\n")
}

func TestTotal(t *testing.T) {
	s := serve(t, listen.Config{
		Listeners: []listen.Listener{{Name: "imap", Protocol: "imap", Busy: "* BYE busy\r\n"}},
		Limits:    listen.Limits{Total: 1},
	}, echo, listen.Hooks{})
	c := dial(t, s, "imap")
	expect(t, c, "* hello\r\n")
	if got := ended(t, dial(t, s, "imap")); got != "* BYE busy\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestSignInTimeout(t *testing.T) {
	s := serve(t, listen.Config{
		Listeners:     []listen.Listener{{Name: "imap", Protocol: "imap"}, {Name: "smtp", Protocol: "smtp", NoSignIn: true}},
		SignInTimeout: 200 * time.Millisecond,
	}, func(_ context.Context, c *listen.Conn) {
		for { // the door would wait for ever
			_ = c.SetReadDeadline(time.Time{})
			b, err := c.Reader().ReadByte()
			if err != nil {
				return
			}
			if b == 's' {
				c.SignedIn()
			}
			_, _ = c.Write([]byte{b})
		}
	}, listen.Hooks{})
	slow, quick, mx := dial(t, s, "imap"), dial(t, s, "imap"), dial(t, s, "smtp")
	send(t, quick, "s")
	expect(t, quick, "s")
	send(t, slow, "x")
	expect(t, slow, "x")
	ended(t, slow)
	send(t, quick, "y")
	expect(t, quick, "y")
	send(t, mx, "y")
	expect(t, mx, "y")
}

func TestWriteTimeout(t *testing.T) {
	failed := make(chan error, 1)
	s := serve(t, listen.Config{
		Listeners:    []listen.Listener{{Name: "imap", Protocol: "imap"}},
		WriteTimeout: 100 * time.Millisecond,
	}, func(_ context.Context, c *listen.Conn) {
		big := make([]byte, 64<<20)
		_, err := c.Write(big)
		failed <- err
	}, listen.Hooks{})
	dial(t, s, "imap") // reads nothing
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write to a client that reads nothing: %v", err)
	}
}
