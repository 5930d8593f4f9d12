package imapserver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/blob/fileblob"
	"postern/mail"
	"postern/mailbox"
	"postern/server/imapserver"
	"postern/signin"
	"postern/signin/grant"
	"postern/signin/grant/granttest"
	"postern/signin/policy"
	"postern/store/pebblestore"
)

// authority is a stand-in that knows a few names; the real one is used in
// signin_test.go. Every password is "secret".
type authority struct {
	t         testing.TB
	plaintext bool

	mu     sync.Mutex // guards what follows
	seen   []signin.Attempt
	revoke []func()
	answer func(signin.Attempt) (signin.Verdict, bool)
}

func (a *authority) SignIn(_ context.Context, at signin.Attempt) signin.Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, _ := at.Proof.(signin.Password)
	kept := at
	kept.Proof = nil
	a.seen = append(a.seen, kept)
	if a.answer != nil {
		if v, done := a.answer(at); done {
			return v
		}
	}
	id, rights := mail.AccountID(0), grant.Owner
	switch at.Name {
	case "alice":
		id = 1
	case "bob":
		id = 2
	case "root":
		id, rights = 1, grant.Owner|grant.Admin
	}
	switch {
	case at.TLS == nil && !a.plaintext:
		return signin.Verdict{Outcome: signin.Deny, Reason: policy.NoTLS, ID: at.ID}
	case at.Mechanism != "LOGIN" && at.Mechanism != "PLAIN":
		return signin.Verdict{Outcome: signin.Deny, Reason: policy.MechanismOff, ID: at.ID}
	case at.Proof == signin.Proof(signin.MalformedProof{}):
		return signin.Verdict{Outcome: signin.Deny, Reason: policy.Malformed, ID: at.ID}
	case id == 0 || string(p.Secret.Reveal()) != "secret":
		return signin.Verdict{Outcome: signin.Deny, Reason: policy.WrongPassword, ID: at.ID}
	}
	g, revoke := granttest.New(a.t, id, rights)
	a.revoke = append(a.revoke, revoke)
	return signin.Verdict{Outcome: signin.Allow, Grant: g, ID: at.ID}
}

func (a *authority) Mechanisms(_, _ string, tls bool) []string {
	if tls || a.plaintext {
		return []string{"LOGIN", "PLAIN"}
	}
	return nil
}

func (a *authority) NoVerdict(signin.Unfinished) {}

func (a *authority) attempts() []signin.Attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]signin.Attempt(nil), a.seen...)
}

// house is a server over a real engine and real stores.
type house struct {
	t      testing.TB
	ctx    context.Context //nolint:containedctx // what the server's connections run under
	auth   *authority
	engine *mailbox.Engine
	srv    *imapserver.Server
	log    *logBuffer
	blobs  string // the folder of the blob store
	tls    *tls.Config
	roots  *x509.CertPool
	next   int
	wg     sync.WaitGroup
}

// logBuffer keeps the log of a test for when it fails, and for looking at.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// option changes a house before it is built.
type option func(*imapserver.Options, *authority, *mailbox.Options)

func newHouse(t testing.TB, opts ...option) *house {
	t.Helper()
	h := &house{t: t, ctx: context.WithoutCancel(t.Context()), auth: &authority{t: t, plaintext: true}, log: &logBuffer{}}
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	st, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem(), MemTableBytes: 8 << 20})
	must(t, err)
	h.blobs = t.TempDir()
	blobs, err := fileblob.Open(h.blobs, fileblob.Options{})
	must(t, err)
	mo := mailbox.Options{Store: st, Blobs: blobs, Logger: logger}
	so := imapserver.Options{Authority: h.auth, Logger: logger, Version: "test"}
	for _, o := range opts {
		o(&so, h.auth, &mo)
	}
	h.engine, err = mailbox.New(mo)
	must(t, err)
	if so.Mailboxes == nil {
		so.Mailboxes = h.engine
	}
	h.srv, err = imapserver.New(so)
	must(t, err)
	h.tls, h.roots = certificate(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := h.srv.Close(ctx); err != nil {
			t.Errorf("close the server: %v", err)
		}
		h.wg.Wait()
		must(t, h.engine.Close())
		must(t, blobs.Close())
		must(t, st.Close())
		if t.Failed() && testing.Verbose() {
			t.Log(h.log.String())
		}
	})
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// conn is a connection as server/listen makes it.
type conn struct {
	id     string
	config *tls.Config

	mu    sync.Mutex // guards what follows
	inner net.Conn
	facts *signin.TLSFacts
}

func (c *conn) now() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inner
}

func (c *conn) Read(p []byte) (int, error)         { return c.now().Read(p) }
func (c *conn) Write(p []byte) (int, error)        { return c.now().Write(p) }
func (c *conn) Close() error                       { return c.now().Close() }
func (c *conn) HangUp() error                      { return c.Close() }
func (c *conn) LocalAddr() net.Addr                { return c.now().LocalAddr() }
func (c *conn) RemoteAddr() net.Addr               { return c.now().RemoteAddr() }
func (c *conn) SetDeadline(t time.Time) error      { return c.now().SetDeadline(t) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.now().SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.now().SetWriteDeadline(t) }
func (c *conn) ID() string                         { return c.id }
func (c *conn) Listener() string                   { return "imap" }
func (c *conn) SignedIn()                          {}
func (c *conn) CanStartTLS() bool                  { return c.config != nil && c.TLS() == nil }

func (c *conn) TLS() *signin.TLSFacts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.facts
}

func (c *conn) StartTLS(ctx context.Context) error {
	n := tls.Server(c.now(), c.config)
	if err := n.HandshakeContext(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inner, c.facts = n, &signin.TLSFacts{Version: "1.3"}
	return nil
}

// certificate makes a certificate for localhost.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}

// client is the other end: it speaks lines.
type client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	tags int
}

// raw opens a connection to the server and gives the client's end.
func (h *house) raw() net.Conn {
	h.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(h.t, err)
	defer func() { must(h.t, ln.Close()) }()
	d := net.Dialer{Timeout: 5 * time.Second}
	c, err := d.DialContext(h.t.Context(), "tcp", ln.Addr().String())
	must(h.t, err)
	n, err := ln.Accept()
	must(h.t, err)
	h.serve(n)
	h.t.Cleanup(func() { _ = c.Close() })
	return c
}

// serve hands a connection to the server.
func (h *house) serve(n net.Conn) {
	h.next++
	sc := &conn{id: fmt.Sprintf("c%d", h.next), inner: n, config: h.tls}
	h.wg.Go(func() { h.srv.Serve(h.ctx, sc) })
}

// dial opens a connection and reads the greeting.
func (h *house) dial() *client {
	h.t.Helper()
	c := &client{t: h.t, conn: h.raw()}
	c.r = bufio.NewReaderSize(c.conn, 1<<16)
	if g := c.line(); !strings.HasPrefix(g, "* OK ") {
		h.t.Fatalf("greeting: %q", g)
	}
	return c
}

// signedIn opens a connection and signs in.
func (h *house) signedIn(name string) *client {
	h.t.Helper()
	c := h.dial()
	c.ok("LOGIN " + name + " secret")
	return c
}

func (c *client) send(s string) {
	c.t.Helper()
	must(c.t, c.conn.SetWriteDeadline(time.Now().Add(20*time.Second)))
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.t.Fatalf("send %.80q: %v", s, err)
	}
}

// line reads one line without CRLF.
func (c *client) line() string {
	c.t.Helper()
	s, err := c.tryLine()
	if err != nil {
		c.t.Fatalf("read a line: %v (got %.200q)", err, s)
	}
	return s
}

func (c *client) tryLine() (string, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	s, err := c.r.ReadString('\n')
	return strings.TrimSuffix(s, "\r\n"), err
}

// cmd sends a command with a fresh tag and reads up to its tagged line: the
// untagged lines and the tagged one without its tag.
func (c *client) cmd(command string) (untagged []string, tagged string) {
	c.t.Helper()
	c.tags++
	tag := fmt.Sprintf("t%d", c.tags)
	c.send(tag + " " + command + "\r\n")
	return c.until(tag)
}

func (c *client) until(tag string) (untagged []string, tagged string) {
	c.t.Helper()
	for {
		l := c.line()
		if rest, mine := strings.CutPrefix(l, tag+" "); mine {
			return untagged, rest
		}
		untagged = append(untagged, l)
	}
}

// ok is cmd for a command that must succeed.
func (c *client) ok(command string) []string {
	c.t.Helper()
	untagged, tagged := c.cmd(command)
	if !strings.HasPrefix(tagged, "OK ") {
		c.t.Fatalf("%s: %s\n%s", command, tagged, strings.Join(untagged, "\n"))
	}
	return untagged
}

// append stores a message.
func (c *client) append(box, flags, msg string) string {
	c.t.Helper()
	c.tags++
	tag := fmt.Sprintf("t%d", c.tags)
	c.send(fmt.Sprintf("%s APPEND %s (%s) {%d+}\r\n%s\r\n", tag, box, flags, len(msg), msg))
	_, tagged := c.until(tag)
	if !strings.HasPrefix(tagged, "OK ") {
		c.t.Fatalf("APPEND: %s", tagged)
	}
	return tagged
}

// crlf turns LF into CRLF.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// testdata lists the files of a folder of testdata.
func testdata(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	must(t, err)
	if len(names) == 0 {
		t.Fatalf("no file testdata/%s", pattern)
	}
	return names
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return b
}

// withoutPlaintext has the authority want TLS.
func withoutPlaintext(_ *imapserver.Options, a *authority, _ *mailbox.Options) { a.plaintext = false }
