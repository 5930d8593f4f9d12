//go:build crash

package tls

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/test/posterntest"
)

func start(t *testing.T) *posterntest.Server {
	t.Helper()
	s, err := posterntest.Start(t.Context(), posterntest.Binary(t), posterntest.Options{
		Dir: filepath.Join(t.TempDir(), "data"), Accounts: 1, Password: "tls-pass-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, _, err := s.Stop(20 * time.Second); err != nil {
			t.Error(err)
		}
	})
	return s
}

// listeners are the doors that speak TLS, and how a scanner gets it there.
func listeners(s *posterntest.Server) map[string]string {
	return map[string]string{"imaps": s.IMAPS, "imap": s.IMAP}
}

func scan(t *testing.T, within time.Duration, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = time.Second
	out, _ := cmd.CombinedOutput() // testssl.sh counts what it found in its exit code
	if ctx.Err() != nil {
		t.Fatalf("%v: not done within %v\n%s", args, within, out)
	}
	return string(out)
}

// TestSSLScan: nothing older than TLS 1.2, no compression, no renegotiation,
// and no suite that is weak.
func TestSSLScan(t *testing.T) {
	posterntest.Need(t, "sslscan")
	s := start(t)
	for name, addr := range listeners(s) {
		args := []string{"sslscan", "--no-colour", addr}
		if name == "imap" {
			args = []string{"sslscan", "--no-colour", "--starttls-imap", addr}
		}
		out := scan(t, 2*time.Minute, args...)
		for line, want := range map[string]string{
			"SSLv2": "disabled", "SSLv3": "disabled", "TLSv1.0": "disabled", "TLSv1.1": "disabled", "TLSv1.2": "enabled", "TLSv1.3": "enabled",
		} {
			if f := field(out, line); f != want {
				t.Errorf("%s: %s is %q, want %s\n%s", name, line, f, want, out)
			}
		}
		for _, bad := range []string{"vulnerable to heartbleed\n\n", "Compression enabled", "Insecure session renegotiation", " RC4", " 3DES", "NULL", "EXPORT", "-CBC3", "anon"} {
			if strings.Contains(out, bad) && !strings.Contains(bad, "heartbleed") {
				t.Errorf("%s: sslscan found %s\n%s", name, bad, out)
			}
		}
		if n := strings.Count(out, "not vulnerable to heartbleed"); n == 0 || n != strings.Count(out, "vulnerable to heartbleed") {
			t.Errorf("%s: heartbleed\n%s", name, out)
		}
	}
}

// field is the second word of the line that begins with a word.
func field(out, first string) string {
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == first {
			return f[1]
		}
	}
	return ""
}

// allowed are findings of testssl.sh that are the demo's certificate: its
// authority is its own. The last ones are about the scanner and what it found
// in OpenSSL.
var allowed = map[string]bool{
	"cert_chain_of_trust": true, "cert_trust": true, "cert_revocation": true, "cert_crlDistributionPoints": true,
	"cert_ocspURL": true, "cert_CRL_OCSP": true, "overall_grade": true,
	"engine_problem": true, "scanTime": true,
}

// TestTestSSL: nothing that testssl.sh calls more than low.
func TestTestSSL(t *testing.T) {
	posterntest.Need(t, "testssl")
	s := start(t)
	for name, addr := range listeners(s) {
		report := filepath.Join(t.TempDir(), name+".json")
		args := []string{"testssl", "--quiet", "--color", "0", "--warnings", "off", "--fast", "--ip", "one", "--jsonfile", report}
		args = append(args, "--protocols", "--std", "--fs", "--server-defaults", "--vulnerable")
		if name == "imap" {
			args = append(args, "--starttls", "imap")
		}
		out := scan(t, 10*time.Minute, append(args, addr)...)
		raw, err := os.ReadFile(report)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var all []struct{ ID, Severity, Finding string }
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, f := range all {
			seen[f.ID] = true
			switch id, _, _ := strings.Cut(f.ID, " "); f.Severity {
			case "OK", "INFO", "LOW", "DEBUG":
			default:
				missing := f.Severity == "WARN" && strings.Contains(f.Finding, "not supported by local OpenSSL")
				if !allowed[id] && !missing {
					t.Errorf("%s: %s: %s: %s", name, f.ID, f.Severity, f.Finding)
				}
			}
		}
		for _, id := range []string{"TLS1", "TLS1_2", "TLS1_3", "heartbleed", "ROBOT", "PFS"} {
			if !seen[id] {
				t.Errorf("%s: testssl.sh did not get as far as %s:\n%s", name, id, out)
			}
		}
	}
}

// session makes a TLS session on a listener and tells whether it was resumed.
func session(t *testing.T, s *posterntest.Server, name string, version uint16, cache tls.ClientSessionCache) bool {
	t.Helper()
	ca, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	cfg := &tls.Config{RootCAs: roots, ServerName: "localhost", MaxVersion: version, MinVersion: version, ClientSessionCache: cache}
	var d net.Dialer
	raw, err := d.DialContext(t.Context(), "tcp", listeners(s)[name])
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if name == "imap" {
		r := bufio.NewReader(raw)
		expect(t, r, "* OK ")
		fmt.Fprint(raw, "a STARTTLS\r\n")
		expect(t, r, "a OK ")
	}
	c := tls.Client(raw, cfg)
	if err := c.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	if name == "imaps" {
		expect(t, r, "* OK ")
	}
	fmt.Fprint(c, "b LOGOUT\r\n") // the answer brings TLS 1.3's tickets
	expect(t, r, "* BYE ")
	return c.ConnectionState().DidResume
}

func expect(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, want) {
		t.Fatalf("%q (%v), want %q", line, err, want)
	}
}

// TestTickets: a ticket resumes on its own listener and on no other.
func TestTickets(t *testing.T) {
	s := start(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for from := range listeners(s) {
			for to := range listeners(s) {
				cache := tls.NewLRUClientSessionCache(1)
				session(t, s, from, version, cache)
				if resumed := session(t, s, to, version, cache); resumed != (from == to) {
					t.Errorf("TLS %x: a ticket of %s at %s: resumed is %v", version, from, to, resumed)
				}
			}
		}
	}
}

// TestHTTP: a browser that was sent to a mail port gets nothing of its request
// back; the connection ends.
func TestHTTP(t *testing.T) {
	s := start(t)
	for _, verb := range []string{
		"GET / HTTP/1.1", "POST /x HTTP/1.1", "HEAD / HTTP/1.0", "PUT /a HTTP/1.1", "DELETE /a HTTP/1.1", "OPTIONS * HTTP/1.1",
		"CONNECT mail:143 HTTP/1.1", "TRACE / HTTP/1.1", "PATCH /a HTTP/1.1", "PRI * HTTP/2.0",
	} {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", s.IMAP)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "%s\r\nHost: reflected\r\nX: a1 LOGIN x y\r\n\r\nreflected NOOP\r\n", verb)
		said, err := io.ReadAll(c)
		c.Close()
		if rest, ok := strings.CutPrefix(string(said), "* OK "); !ok && len(said) > 0 || strings.Count(rest, "\n") > 1 || strings.Contains(rest, "reflected") {
			t.Errorf("%s: answered %q", verb, said)
		}
		if ne, ok := err.(net.Error); ok && ne.Timeout() { //nolint:errorlint // it is what Read gives
			t.Errorf("%s: the connection stays open", verb)
		}
	}
}
