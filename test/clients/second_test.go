//go:build clients

package clients

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// second is the second connection through which a test fills mailboxes before
// a client sees them and looks at them afterwards.
type second struct {
	t *testing.T
	c *imapclient.Client
}

// look opens a second connection as the user.
func look(t *testing.T, s *server, user string) *second {
	t.Helper()
	l := &second{t: t, c: dialTLS(t, s, user, nil)}
	// go-imap writes names in UTF-8 as soon as IMAP4rev2 is announced, which
	// RFC 9051 §6.3.1 allows only after ENABLE.
	if l.c.Caps().Has(imap.CapIMAP4rev2) {
		_, err := l.c.Enable(imap.CapIMAP4rev2).Wait()
		l.check("ENABLE", err)
	}
	return l
}

// dialTLS signs in with go-imap over TLS, checking the certificate.
func dialTLS(t *testing.T, s *server, user string, h *imapclient.UnilateralDataHandler) *imapclient.Client {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s: no certificate in it", s.CAFile)
	}
	c, err := imapclient.DialTLS(s.IMAPS, &imapclient.Options{
		TLSConfig:             &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12},
		UnilateralDataHandler: h,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Logf("closing a connection: %v", err)
		}
	})
	if err := c.Login(user, s.Password).Wait(); err != nil {
		t.Fatalf("sign-in as %s: %v", user, err)
	}
	return c
}

// message is a small message with a subject to know it by.
func message(subject string) string {
	return "From: Tester <tester@example.org>\r\nTo: reader@postern.test\r\n" +
		"Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nSubject: " + subject + "\r\n" +
		"Message-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@clients.example.org>\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		"The text of " + subject + ".\r\nZweite Zeile: Grüße.\r\n"
}

func (s *second) check(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("second connection: %s: %v", what, err)
	}
}

func (s *second) create(mailbox string) {
	s.t.Helper()
	s.check("CREATE", s.c.Create(mailbox, nil).Wait())
	s.check("SUBSCRIBE", s.c.Subscribe(mailbox).Wait())
}

func (s *second) append(mailbox, text string, flags ...imap.Flag) {
	s.t.Helper()
	cmd := s.c.Append(mailbox, int64(len(text)), &imap.AppendOptions{Flags: flags})
	_, err := cmd.Write([]byte(text))
	s.check("APPEND", err)
	s.check("APPEND", cmd.Close())
	_, err = cmd.Wait()
	s.check("APPEND", err)
}

// fill appends messages called "prefix 0" … "prefix n-1".
func (s *second) fill(mailbox, prefix string, n int) {
	s.t.Helper()
	for i := range n {
		s.append(mailbox, message(fmt.Sprintf("%s %d", prefix, i)))
	}
}

// found is a message as the second connection sees it.
type found struct {
	uid     imap.UID
	subject string
	flags   []imap.Flag
}

func (f found) has(flag imap.Flag) bool {
	return slices.ContainsFunc(f.flags, func(g imap.Flag) bool { return strings.EqualFold(string(g), string(flag)) })
}

// list reads all messages of a mailbox.
func (s *second) list(mailbox string) []found {
	s.t.Helper()
	selected, err := s.c.Select(mailbox, nil).Wait()
	s.check("SELECT "+mailbox, err)
	if selected.NumMessages == 0 {
		return nil
	}
	all := imap.SeqSet{}
	all.AddRange(1, 0)
	got, err := s.c.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, Envelope: true}).Collect()
	s.check("FETCH", err)
	var out []found
	for _, m := range got {
		out = append(out, found{uid: m.UID, subject: m.Envelope.Subject, flags: m.Flags})
	}
	return out
}

// get is the message with a subject; it must be there once.
func (s *second) get(mailbox, subject string) found {
	s.t.Helper()
	var hits []found
	for _, m := range s.list(mailbox) {
		if m.subject == subject {
			hits = append(hits, m)
		}
	}
	if len(hits) != 1 {
		s.t.Fatalf("%s has %d messages called %q, want 1", mailbox, len(hits), subject)
	}
	return hits[0]
}

// has says whether a mailbox has a message with the subject.
func (s *second) has(mailbox, subject string) bool {
	s.t.Helper()
	return slices.ContainsFunc(s.list(mailbox), func(m found) bool { return m.subject == subject })
}

// flag adds a flag to a message.
func (s *second) flag(mailbox, subject string, flag imap.Flag) {
	s.t.Helper()
	m := s.get(mailbox, subject)
	s.check("STORE", s.c.Store(imap.UIDSetNum(m.uid), &imap.StoreFlags{
		Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag},
	}, nil).Close())
}

// remove deletes a message for good.
func (s *second) remove(mailbox, subject string) {
	s.t.Helper()
	s.flag(mailbox, subject, imap.FlagDeleted)
	s.check("EXPUNGE", s.c.Expunge().Close())
}

// eventually asks again until the answer is yes, for at most limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("after %v still not: %s", limit, what)
		case <-tick.C:
		}
	}
}
