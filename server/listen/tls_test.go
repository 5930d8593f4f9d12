package listen_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/server/listen"
)

// secure is a configuration with two implicit listeners and one for STARTTLS.
func secure(t testing.TB) listen.Config {
	t.Helper()
	certs := []listen.Certificate{writeCert(t, t.TempDir(), "localhost", "mail.example.org")}
	return listen.Config{
		Listeners: []listen.Listener{
			{Name: "imaps", Protocol: "imap", TLS: listen.TLSImplicit, Certificates: certs},
			{Name: "pop3s", Protocol: "imap", TLS: listen.TLSImplicit, Certificates: certs}, // the same ALPN, to prove that tickets are apart
			{Name: "imap", Protocol: "imap", TLS: listen.TLSStart, Certificates: certs},
		},
		ReloadEvery: 10 * time.Millisecond,
	}
}

// facts connects, asks for the TLS facts and gives the answer.
func facts(t testing.TB, s *listen.Server, name string, cfg *tls.Config) (string, error) {
	t.Helper()
	c := tls.Client(dial(t, s, name), cfg)
	if name == "imap" {
		raw := dial(t, s, name)
		expect(t, raw, "* hello\r\n")
		send(t, raw, "starttls\r\n")
		expect(t, raw, "OK begin\r\n")
		c = tls.Client(raw, cfg)
	}
	defer func() { _ = c.Close() }()
	if err := c.HandshakeContext(t.Context()); err != nil {
		return "", err
	}
	if name != "imap" {
		b := make([]byte, len("* hello\r\n"))
		if _, err := io.ReadFull(c, b); err != nil {
			return "", err // TLS 1.3 clients hear of a refusal here
		}
	}
	if _, err := io.WriteString(c, "facts\r\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func TestFacts(t *testing.T) {
	s := serve(t, secure(t), echo, listen.Hooks{})
	for _, name := range []string{"imaps", "imap"} {
		for version, want := range map[uint16]string{
			tls.VersionTLS12: "{Version:1.2 Cipher:TLS_ECDHE_ECDSA_WITH_", tls.VersionTLS13: "{Version:1.3 Cipher:TLS_",
		} {
			cfg := clientConfig()
			cfg.MaxVersion, cfg.MinVersion = version, tls.VersionTLS10
			cfg.NextProtos = []string{"imap"}
			got, err := facts(t, s, name, cfg)
			if err != nil || !strings.HasPrefix(got, want) || !strings.Contains(got, " 1.1 1.0] ServerName:localhost Resumed:false}") {
				t.Errorf("%s: got %q (%v), want it to begin with %q", name, got, err, want)
			}
		}
	}
}

// refusals makes hooks that collect refused handshakes.
func refusals() (listen.Hooks, chan listen.HandshakeRefusal) {
	ch := make(chan listen.HandshakeRefusal, 100)
	return listen.Hooks{OnRefused: func(r listen.HandshakeRefusal) { ch <- r }}, ch
}

func TestRefusals(t *testing.T) {
	hooks, got := refusals()
	s := serve(t, secure(t), echo, hooks)
	for what, change := range map[string]func(*tls.Config){
		"old":   func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
		"alpn":  func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} },
		"sni12": func(c *tls.Config) { c.ServerName, c.MaxVersion = "other.example", tls.VersionTLS12 },
		"sni13": func(c *tls.Config) { c.ServerName = "other.example" },
	} {
		for _, name := range []string{"imaps", "imap"} {
			cfg := clientConfig()
			change(cfg)
			if answer, err := facts(t, s, name, cfg); err == nil {
				t.Fatalf("%s: accepted: %q", what, answer)
			}
			r := <-got
			want := []string{"1.3", "1.2"}
			switch what {
			case "old":
				want = []string{"1.1", "1.0"}
			case "sni12":
				want = []string{"1.2"}
			}
			if r.Listener != name || r.Protocol != "imap" || r.Err == nil || len(r.ID) != 16 || r.RemoteAddr == nil ||
				r.ServerName != cfg.ServerName || !slices.Equal(r.OfferedVersions, want) || !slices.Equal(r.ALPN, cfg.NextProtos) {
				t.Errorf("%s: reported %+v", what, r)
			}
		}
	}
	c := dial(t, s, "imaps") // no TLS at all
	send(t, c, "a LOGIN b c\r\n")
	ended(t, c)
	if r := <-got; len(r.OfferedVersions) != 0 || r.Err == nil {
		t.Errorf("plaintext: reported %+v", r)
	}
}

// RELIABILITY: a ticket from each listener, tried on every other, resumes
// nothing; on its own it does.
func TestTicketsStayAtTheirListener(t *testing.T) {
	s := serve(t, secure(t), echo, listen.Hooks{})
	names := []string{"imaps", "pop3s", "imap"}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, from := range names {
			for _, to := range names {
				cfg := clientConfig()
				cfg.MaxVersion, cfg.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
				if _, err := facts(t, s, from, cfg); err != nil {
					t.Fatal(err)
				}
				got, err := facts(t, s, to, cfg)
				if err != nil || strings.Contains(got, "Resumed:true") != (from == to) {
					t.Errorf("version %x, ticket of %s at %s: %q (%v)", version, from, to, got, err)
				}
			}
		}
	}
}

// oneSession offers its session to whatever server name is asked for.
type oneSession struct{ state *tls.ClientSessionState }

func (o *oneSession) Get(string) (*tls.ClientSessionState, bool) { return o.state, o.state != nil }

func (o *oneSession) Put(_ string, s *tls.ClientSessionState) { o.state = s }

// A resumed session shows no certificate, so the server name is looked at again.
func TestResumedServerName(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		hooks, refused := refusals()
		s := serve(t, secure(t), echo, hooks)
		cfg := clientConfig()
		cfg.MaxVersion, cfg.ClientSessionCache = version, &oneSession{}
		if _, err := facts(t, s, "imaps", cfg); err != nil {
			t.Fatal(err)
		}
		cfg.ServerName = "other.example"
		if got, err := facts(t, s, "imaps", cfg); err == nil {
			t.Errorf("version %x: %q", version, got)
		}
		if r := <-refused; r.ServerName != "other.example" {
			t.Errorf("version %x: reported %+v", version, r)
		}
	}
}

func TestLegacyListener(t *testing.T) {
	cfg := secure(t)
	cfg.Listeners[1].MinVersion = tls.VersionTLS10
	s := serve(t, cfg, echo, listen.Hooks{})
	old := clientConfig()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
	if got, err := facts(t, s, "pop3s", old); err != nil || !strings.HasPrefix(got, "{Version:1.0 ") {
		t.Errorf("legacy listener: %q (%v)", got, err)
	}
	if got, err := facts(t, s, "imaps", old); err == nil {
		t.Errorf("the listener beside it takes TLS 1.0: %q", got)
	}
}

// serverName is the name in the certificate that the server shows now.
func certName(t *testing.T, s *listen.Server, sni string) string {
	t.Helper()
	cfg := clientConfig()
	cfg.ServerName = sni
	c := tls.Client(dial(t, s, "imaps"), cfg)
	defer func() { _ = c.Close() }()
	if err := c.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].DNSNames[0]
}

func TestReload(t *testing.T) {
	cfg := secure(t)
	files := cfg.Listeners[0].Certificates[0]
	dir := files.CertFile[:len(files.CertFile)-len("/cert.pem")]
	s := serve(t, cfg, echo, listen.Hooks{})
	open := tls.Client(dial(t, s, "imaps"), clientConfig())
	expect(t, open, "* hello\r\n")
	if got := certName(t, s, ""); got != "localhost" {
		t.Fatalf("certificate of %q", got)
	}
	writeCert(t, dir, "second", "localhost")
	end := time.Now().Add(10 * time.Second)
	for certName(t, s, "") != "second" { // found by polling
		if time.Now().After(end) {
			t.Fatal("the new certificate is not taken")
		}
	}
	good, err := os.ReadFile(files.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{"", "garbage", string(good[:len(good)/2])} {
		writeFile(t, files.CertFile, []byte(broken))
		s.Reload()
		if got := certName(t, s, ""); got != "second" {
			t.Fatalf("after a broken file: certificate of %q", got)
		}
	}
	if err := os.Remove(files.KeyFile); err != nil {
		t.Fatal(err)
	}
	s.Reload()
	if got := certName(t, s, ""); got != "second" {
		t.Fatalf("without the key file: certificate of %q", got)
	}
	writeCert(t, dir, "third", "localhost")
	s.Reload()
	if got := certName(t, s, ""); got != "third" {
		t.Fatalf("after Reload: certificate of %q", got)
	}
	send(t, open, "still\r\n") // sessions go on
	expect(t, open, "still\r\n")
	if e := s.Expiries(); len(e) != 3 || time.Until(e[0].NotAfter) > time.Hour {
		t.Errorf("expiries %v", e)
	}
}

func TestCertificateByServerName(t *testing.T) {
	cfg := secure(t)
	l := &cfg.Listeners[0]
	l.Certificates = append(l.Certificates, writeCert(t, t.TempDir(), "two.example", "*.two.example"))
	s := serve(t, cfg, echo, listen.Hooks{})
	for sni, want := range map[string]string{"": "localhost", "mail.example.org": "localhost", "two.example": "two.example", "a.two.example": "two.example"} {
		if got := certName(t, s, sni); got != want {
			t.Errorf("for %q the certificate of %q, want %q", sni, got, want)
		}
	}
}

// RELIABILITY: commands injected behind STARTTLS in the clear, at every split of
// the bytes, are never obeyed under TLS.
func TestStartTLSInjection(t *testing.T) {
	obeyed := make(chan string, 1000)
	hooks, _ := refusals()
	hooks.OnRefused = nil
	s := serve(t, secure(t), func(ctx context.Context, c *listen.Conn) {
		for {
			line, err := readLine(c.Reader())
			if err != nil {
				return
			}
			if c.TLS() != nil {
				obeyed <- line
			}
			if line == "a STARTTLS" {
				if _, err := io.WriteString(c, "a OK\r\n"); err != nil || c.StartTLS(ctx) != nil {
					return
				}
			}
		}
	}, hooks)
	const stream = "a STARTTLS\r\nb INJECTED\r\n"
	clean := 0
	for split := 1; split <= len(stream); split++ {
		c := dial(t, s, "imap").(*net.TCPConn)
		_ = c.SetNoDelay(true)
		send(t, c, stream[:split])
		if split < len(stream) {
			// Let the first part arrive by itself where an answer tells.
			if split == len("a STARTTLS\r\n") {
				expect(t, c, "a OK\r\n")
			}
			send(t, c, stream[split:])
		}
		client := tls.Client(c, clientConfig())
		if split != len("a STARTTLS\r\n") {
			if _, err := io.ReadFull(c, make([]byte, len("a OK\r\n"))); err != nil {
				continue
			}
		}
		if client.HandshakeContext(t.Context()) == nil {
			clean++
			_, _ = io.WriteString(client, "c AFTER\r\n")
			if got := <-obeyed; got != "c AFTER" {
				t.Errorf("split %d: obeyed %q", split, got)
			}
			_ = client.Close()
		}
	}
	// The good case, to see that the test can tell.
	c := dial(t, s, "imap")
	send(t, c, "a STARTTLS\r\n")
	expect(t, c, "a OK\r\n")
	client := tls.Client(c, clientConfig())
	send(t, client, "c AFTER\r\n")
	if got := <-obeyed; got != "c AFTER" {
		t.Errorf("without injection: obeyed %q", got)
	}
	select {
	case got := <-obeyed:
		t.Errorf("obeyed %q", got)
	default:
	}
	t.Logf("%d splits, %d handshakes went on", len(stream), clean)
}

func TestHandshakeTimeout(t *testing.T) {
	cfg := secure(t)
	cfg.HandshakeTimeout = 300 * time.Millisecond
	hooks, got := refusals()
	s := serve(t, cfg, echo, hooks)
	c := dial(t, s, "imaps")
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a client that is never silent for long
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for _, b := range []byte("\x16\x03\x01\x02\x00" + strings.Repeat("\x01", 500)) {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
		}
	}()
	_, _ = io.Copy(io.Discard, c) // until it is cut off
	if r := <-got; r.Err == nil || time.Since(r.Time) > 10*time.Second {
		t.Errorf("reported %+v", r)
	}
}
