package listen_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"postern/fault"
	"postern/server/listen"
)

func TestMain(m *testing.M) {
	if os.Getenv("LISTEN_FDS") != "" {
		os.Exit(activated())
	}
	goleak.VerifyTestMain(m)
}

// writeCert makes a self-signed pair for names and gives its files.
func writeCert(t testing.TB, dir string, names ...string) listen.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := listen.Certificate{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	writeFile(t, c.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	writeFile(t, c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return c
}

// writeFile replaces a file by rename, as certificate tools do.
func writeFile(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// echo answers each line with itself; "starttls" upgrades.
func echo(ctx context.Context, c *listen.Conn) {
	if _, err := io.WriteString(c, "* hello\r\n"); err != nil {
		return
	}
	for {
		line, err := readLine(c.Reader())
		if ctx.Err() != nil {
			_, _ = io.WriteString(c, "* BYE\r\n")
			return
		}
		if err != nil {
			return
		}
		switch line {
		case "panic":
			panic("as asked")
		case "signin":
			c.SignedIn()
		case "facts":
			line = fmt.Sprintf("%+v", *c.TLS())
		case "remote":
			line = c.RemoteAddr().String()
		case "starttls":
			if _, err := io.WriteString(c, "OK begin\r\n"); err != nil || c.StartTLS(ctx) != nil {
				return
			}
			continue
		}
		if _, err := io.WriteString(c, line+"\r\n"); err != nil {
			return
		}
	}
}

func readLine(r io.ByteReader) (string, error) {
	var b []byte
	for len(b) < 1000 {
		c, err := r.ReadByte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return strings.TrimSuffix(string(b), "\r"), nil
		}
		b = append(b, c)
	}
	return "", errors.New("line too long")
}

// serve starts a server that ends with the test.
func serve(t testing.TB, cfg listen.Config, handler listen.Handler, hooks listen.Hooks) *listen.Server {
	t.Helper()
	for i := range cfg.Listeners {
		if l := &cfg.Listeners[i]; l.Address == "" && l.Socket == nil {
			l.Address = "127.0.0.1:0"
		}
	}
	s, err := listen.New(cfg, handler, hooks)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return s
}

// dial connects and closes when the test ends.
func dial(t testing.TB, s *listen.Server, name string) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", s.Addr(name).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func clientConfig() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}
}

// expect reads exactly want.
func expect(t testing.TB, c io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("got %q (%v), want %q", b[:n], err, want)
	}
}

func send(t testing.TB, c io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

func ended(t testing.TB, c io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection stays open (%q)", b)
	}
	return string(b)
}

func TestEcho(t *testing.T) {
	s := serve(t, listen.Config{Listeners: []listen.Listener{{Name: "imap", Protocol: "imap"}}}, echo, listen.Hooks{})
	c := dial(t, s, "imap")
	expect(t, c, "* hello\r\n")
	long := strings.Repeat("x", 900)
	for range 20 {
		send(t, c, "one\r\ntwo\r\n"+long+"\r\n")
	}
	for range 20 {
		expect(t, c, "one\r\ntwo\r\n"+long+"\r\n")
	}
	if st := s.Stats(); st.Open["imap"] != 1 || st.BeforeSignIn != 1 {
		t.Errorf("stats %+v", st)
	}
	send(t, c, "signin\r\n")
	expect(t, c, "signin\r\n")
	if st := s.Stats(); st.BeforeSignIn != 0 {
		t.Errorf("stats after sign-in %+v", st)
	}
}

func TestConfig(t *testing.T) {
	one := listen.Listener{Name: "a", Protocol: "imap", Address: "127.0.0.1:0"}
	for _, bad := range [][]listen.Listener{
		{{Protocol: "imap", Address: ":0"}},
		{one, one},
		{{Name: "a", Address: ":0"}},
		{{Name: "a", Protocol: "imap"}},
		{{Name: "a", Protocol: "imap", Address: ":0", TLS: 9}},
		{{Name: "a", Protocol: "imap", Address: ":0", TLS: listen.TLSImplicit}},
		{{Name: "a", Protocol: "imap", Address: ":0", TLS: listen.TLSStart, Certificates: []listen.Certificate{{CertFile: "/no", KeyFile: "/no"}}}},
	} {
		if _, err := listen.New(listen.Config{Listeners: bad}, echo, listen.Hooks{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v, want invalid", bad, err)
		}
	}
}

func TestPortTaken(t *testing.T) {
	s := serve(t, listen.Config{Listeners: []listen.Listener{{Name: "a", Protocol: "imap"}}}, echo, listen.Hooks{})
	addr := s.Addr("a").String()
	_, err := listen.New(listen.Config{Listeners: []listen.Listener{{Name: "b", Protocol: "imap", Address: addr}}}, echo, listen.Hooks{})
	if !fault.Is(err, fault.InUse) || !strings.Contains(err.Error(), addr) {
		t.Errorf("%v, want in use and the address", err)
	}
}

func TestPanicEndsItsConnectionOnly(t *testing.T) {
	var mu sync.Mutex
	var got []any
	s := serve(t, listen.Config{Listeners: []listen.Listener{{Name: "imap", Protocol: "imap"}}}, echo, listen.Hooks{
		OnPanic: func(c *listen.Conn, v any, stack []byte) {
			mu.Lock()
			defer mu.Unlock()
			if len(stack) > 0 && len(c.ID()) == 16 {
				got = append(got, v)
			}
		},
	})
	other := dial(t, s, "imap")
	expect(t, other, "* hello\r\n")
	c := dial(t, s, "imap")
	send(t, c, "panic\r\n")
	ended(t, c)
	send(t, other, "still\r\n")
	expect(t, other, "still\r\n")
	if n := s.Stats().Panics; n != 1 {
		t.Errorf("%d panics counted", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 1 || got[0] != "as asked" {
		t.Errorf("hook got %v", got)
	}
}

func TestShutdown(t *testing.T) {
	cfg := listen.Config{Listeners: []listen.Listener{{Name: "imap", Protocol: "imap", Address: "127.0.0.1:0"}}}
	s, err := listen.New(cfg, echo, listen.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	c := dial(t, s, "imap")
	expect(t, c, "* hello\r\n")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ended(t, c); got != "* BYE\r\n" {
		t.Errorf("got %q", got)
	}
	var d net.Dialer
	if c, err := d.DialContext(t.Context(), "tcp", s.Addr("imap").String()); err == nil {
		_ = c.Close()
		t.Error("still listening")
	}
}

func TestShutdownCutsOff(t *testing.T) {
	entered := make(chan struct{})
	cfg := listen.Config{Listeners: []listen.Listener{{Name: "imap", Protocol: "imap", Address: "127.0.0.1:0"}}}
	s, err := listen.New(cfg, func(_ context.Context, c *listen.Conn) {
		close(entered)
		big := make([]byte, 1<<20)
		for { // a door that does not look at its context, and a client that reads nothing
			if _, err := c.Write(big); err != nil {
				return
			}
		}
	}, listen.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	dial(t, s, "imap")
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !fault.Is(err, fault.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}
