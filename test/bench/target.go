package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"

	"postern/test/bench/load"
	"postern/test/bench/peer"
)

// target is a server with what has been prepared on it.
type target struct {
	*peer.Server
	reference bool // ratios are against the best of these
	large     bool // the large mailbox is filled
	small     bool // the small mailboxes are filled
	folders   int  // makes names of new mailboxes unique
}

func newTarget(s *peer.Server, reference bool) *target {
	return &target{Server: s, reference: reference}
}

// largeBox has the large mailbox; it belongs to account 0. Every account that
// a STORE row uses has a small one.
const (
	largeBox = "Large"
	smallBox = "Small"
)

// login signs in to account i over plain TCP.
func (t *target) login(ctx context.Context, i int) (*load.Conn, error) {
	c, err := load.Login(ctx, t.IMAP, nil, t.User(i), t.Password)
	if err != nil {
		return nil, fmt.Errorf("%s: sign-in as %s: %w", t.Name, t.User(i), err)
	}
	return c, nil
}

// open signs in to account i, selects a mailbox and expects many answers.
func (t *target) open(ctx context.Context, i int, mailbox string) (*load.Conn, error) {
	c, err := t.login(ctx, i)
	if err != nil {
		return nil, err
	}
	c.Grow()
	if _, err := c.Do("SELECT " + mailbox); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// freshBox makes a mailbox that did not exist.
func (t *target) freshBox(c *load.Conn) (string, error) {
	t.folders++
	name := "Fresh" + strconv.Itoa(t.folders)
	_, err := c.Do("CREATE " + name)
	return name, err
}

// tlsConfig trusts the authority of the server's certificate.
func (t *target) tlsConfig() (*tls.Config, error) {
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", t.CAFile)
	}
	return &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}, nil
}

// needLarge fills the large mailbox with the same messages on every server.
func needLarge(ctx context.Context, t *target, o options) error {
	if t.large {
		return nil
	}
	if err := t.fill(ctx, 0, largeBox, o.messages); err != nil {
		return err
	}
	t.large = true
	return nil
}

// smallMessages is how many messages a small mailbox has, smallBoxes how many
// accounts have one.
const (
	smallMessages = 500
	smallBoxes    = 16
)

func needSmall(ctx context.Context, t *target, _ options) error {
	if t.small {
		return nil
	}
	for i := range smallBoxes {
		if err := t.fill(ctx, i, smallBox, smallMessages); err != nil {
			return err
		}
	}
	t.small = true
	return nil
}

func (t *target) fill(ctx context.Context, account int, mailbox string, n int) error {
	c, err := t.login(ctx, account)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Do("CREATE " + mailbox); err != nil {
		return err
	}
	batch := 1
	if multi, err := c.Has("MULTIAPPEND"); err != nil {
		return err
	} else if multi {
		batch = 100
	}
	for at := 0; at < n; at += batch {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := c.DoBytes(appendCommand(mailbox, at, min(at+batch, n))); err != nil {
			return fmt.Errorf("%s: filling %s: %w", t.Name, mailbox, err)
		}
	}
	return nil
}

// appendCommand is an APPEND of messages from … to-1 with LITERAL+ (RFC 7888).
func appendCommand(mailbox string, from, to int) []byte {
	b := []byte("APPEND " + mailbox)
	for i := from; i < to; i++ {
		b = appendLiteral(b, load.Message(i))
	}
	return append(b, '\r', '\n')
}

func appendLiteral(b, message []byte) []byte {
	b = append(b, " {"...)
	b = strconv.AppendInt(b, int64(len(message)), 10)
	b = append(b, "+}\r\n"...)
	return append(b, message...)
}
