package listen_test

import (
	"context"
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"time"

	"postern/server/listen"
)

// TestHangUp: a client that is busy sending when the server says its last words
// and goes is not reset: it reads them, and then the plain end.
func TestHangUp(t *testing.T) {
	for _, name := range []string{"plain", "imaps"} {
		t.Run(name, func(t *testing.T) {
			cfg := secure(t)
			cfg.Listeners = append(cfg.Listeners, listen.Listener{Name: "plain", Protocol: "imap", TLS: listen.TLSNone})
			began := make(chan struct{})
			s := serve(t, cfg, func(ctx context.Context, c *listen.Conn) {
				close(began)
				<-ctx.Done()
				_, _ = io.WriteString(c, "* BYE\r\n")
				_ = c.HangUp()
			}, listen.Hooks{})
			c := dial(t, s, name)
			if name == "imaps" {
				c = tls.Client(c, clientConfig())
			}
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(c, strings.Repeat("x", 900_000))
				sent <- err
			}()
			<-began
			down := make(chan error, 1)
			go func() { down <- s.Shutdown(context.WithoutCancel(t.Context())) }()
			if err := <-sent; err != nil {
				t.Errorf("sending: %v", err)
			}
			if b, err := io.ReadAll(c); err != nil || string(b) != "* BYE\r\n" {
				t.Errorf("the last words were %q, %v", b, err)
			}
			_ = c.Close()
			if err := <-down; err != nil {
				t.Errorf("shutdown: %v", err)
			}
		})
	}
}

// TestHangUpIsBounded: neither a client that stays nor one that sends for ever
// keeps the server, and Close ends it.
func TestHangUpIsBounded(t *testing.T) {
	for _, what := range []string{"stays", "sends", "closed"} {
		t.Run(what, func(t *testing.T) {
			took := make(chan time.Duration, 1)
			cfg := listen.Config{Listeners: []listen.Listener{{Name: "plain", Protocol: "imap", TLS: listen.TLSNone}}}
			s := serve(t, cfg, func(_ context.Context, c *listen.Conn) {
				began := time.Now()
				if what == "closed" {
					_ = c.Close()
				}
				_ = c.HangUp()
				took <- time.Since(began)
			}, listen.Hooks{})
			c := dial(t, s, "plain")
			if what == "sends" {
				go func() {
					for b := make([]byte, 1<<16); ; {
						if _, err := c.Write(b); err != nil {
							return
						}
					}
				}()
			}
			if d := <-took; d > 3*time.Second || what == "closed" && d > time.Second/2 {
				t.Errorf("hanging up took %v", d)
			}
		})
	}
}
