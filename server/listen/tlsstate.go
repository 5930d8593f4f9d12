package listen

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// tlsState is the TLS side of one listener. Its configuration is made afresh and
// shared with nobody: a tls.Config's clone would share its ticket keys.
type tlsState struct {
	listener *Listener
	log      *slog.Logger
	config   *tls.Config
	certs    atomic.Pointer[[]*tls.Certificate]
	stamps   []stamp    // used by the reloader only
	keys     [][32]byte // used by the reloader only: newest first
	rotated  time.Time  // used by the reloader only
}

// stamp tells whether a file has changed.
type stamp struct {
	info os.FileInfo // nil: missing
}

func newTLSState(l *Listener, log *slog.Logger) (*tlsState, error) {
	t := &tlsState{listener: l, log: log}
	certs, stamps, err := readCertificates(l.Certificates)
	if err != nil {
		return nil, err
	}
	t.certs.Store(&certs)
	t.stamps = stamps
	alpn := l.ALPN
	if alpn == nil {
		alpn = []string{l.Protocol}
	}
	t.config = &tls.Config{
		MinVersion:         l.minVersion(),
		NextProtos:         alpn,
		GetConfigForClient: noteHello,
		GetCertificate:     t.certificate,
		VerifyConnection:   t.verify,
	}
	t.rotate(time.Now())
	return t, nil
}

// keyLife is how long a ticket key is the newest. The one before it still
// resumes.
const keyLife = 24 * time.Hour

func (t *tlsState) rotate(now time.Time) {
	if len(t.keys) > 0 && now.Sub(t.rotated) < keyLife {
		return
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	t.keys = append([][32]byte{key}, t.keys[:min(len(t.keys), 1)]...)
	t.config.SetSessionTicketKeys(t.keys)
	t.rotated = now
}

// certificate picks by server name. nil makes crypto/tls answer with the alert
// unrecognized_name (RFC 6066 §3).
func (t *tlsState) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certs := *t.certs.Load()
	for _, c := range certs {
		if hello.SupportsCertificate(c) == nil {
			return c, nil
		}
	}
	if hello.ServerName == "" || t.listener.AnyServerName || t.named(hello.ServerName) {
		return certs[0], nil
	}
	return nil, nil // see above
}

func (t *tlsState) named(name string) bool {
	return slices.ContainsFunc(*t.certs.Load(), func(c *tls.Certificate) bool { return c.Leaf.VerifyHostname(name) == nil })
}

// verify runs on resumed connections too, for which no certificate is picked.
func (t *tlsState) verify(state tls.ConnectionState) error {
	if state.ServerName == "" || t.listener.AnyServerName || t.named(state.ServerName) {
		return nil
	}
	return fmt.Errorf("no certificate for the server name %q", state.ServerName)
}

func readCertificates(files []Certificate) ([]*tls.Certificate, []stamp, error) {
	var certs []*tls.Certificate
	stamps := stampsOf(files) // before reading: a change meanwhile is seen next time
	for _, f := range files {
		c, err := tls.LoadX509KeyPair(f.CertFile, f.KeyFile)
		if err != nil {
			return nil, nil, fmt.Errorf("certificate %s with key %s: %w", f.CertFile, f.KeyFile, err)
		}
		certs = append(certs, &c)
	}
	if len(certs) == 0 {
		return nil, nil, errors.New("no certificate")
	}
	return certs, stamps, nil
}

func stampsOf(files []Certificate) []stamp {
	var all []stamp
	for _, f := range files {
		for _, name := range []string{f.CertFile, f.KeyFile} {
			info, err := os.Stat(name)
			if err != nil {
				info = nil
			}
			all = append(all, stamp{info})
		}
	}
	return all
}

func (a stamp) same(b stamp) bool {
	if a.info == nil || b.info == nil {
		return a.info == nil && b.info == nil
	}
	return os.SameFile(a.info, b.info) && a.info.Size() == b.info.Size() && a.info.ModTime().Equal(b.info.ModTime())
}

// reload takes changed files. A pair that does not work is logged once and the
// old one stays.
func (t *tlsState) reload(force bool) {
	now := stampsOf(t.listener.Certificates)
	if !force && slices.EqualFunc(now, t.stamps, stamp.same) {
		return
	}
	certs, stamps, err := readCertificates(t.listener.Certificates)
	if err != nil {
		t.stamps = now
		t.log.Error("new certificate not taken, the old one stays", "listener", t.listener.Name, "error", err)
		return
	}
	t.stamps = stamps
	t.certs.Store(&certs)
	t.log.Info("certificate loaded", "listener", t.listener.Name,
		"names", certs[0].Leaf.DNSNames, "until", certs[0].Leaf.NotAfter)
}
