package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postern/blob/fileblob"
	"postern/config"
	"postern/fault"
	"postern/mailbox"
	"postern/server/adminserver"
	"postern/signin"
	"postern/store/pebblestore"
)

// The folders below the data folder.
const (
	storeFolder = "store"
	blobFolder  = "blobs"
)

// node is what stands behind the doors of one process: store, blobs, engine
// and authority over one data folder.
type node struct {
	cfg       *config.Config
	log       *slog.Logger
	store     *pebblestore.Store
	blobs     *fileblob.Store
	mailboxes *mailbox.Engine
	authority *signin.Authority
}

// openNode opens a data folder, making it if it is missing. InUse says that
// another process has it, Denied that it is another user's.
func openNode(_ context.Context, cfg *config.Config, log *slog.Logger) (*node, error) {
	n := &node{cfg: cfg, log: log}
	if err := checkOwner(filepath.Join(cfg.Data, storeFolder)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "postern", err)
	}
	err := n.open()
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *node) open() (err error) {
	n.store, err = pebblestore.Open(filepath.Join(n.cfg.Data, storeFolder), pebblestore.Options{Logger: n.log, CacheBytes: int64(n.cfg.Mailbox.CacheMemory)})
	if err != nil {
		return err
	}
	n.blobs, err = fileblob.Open(filepath.Join(n.cfg.Data, blobFolder), fileblob.Options{Logger: n.log})
	if err != nil {
		return err
	}
	n.mailboxes, err = mailbox.New(mailbox.Options{
		Store: n.store, Blobs: n.blobs, Logger: n.log, IndexBudget: int64(n.cfg.Mailbox.IndexMemory),
		Grace: time.Duration(n.cfg.Mailbox.Grace), Limits: mailbox.Limits{MessageBytes: int64(n.cfg.Mailbox.MessageSize)},
	})
	if err != nil {
		return err
	}
	n.authority, err = signin.New(signin.Options{
		Store: n.store, Logger: n.log, Node: n.cfg.Hostname, HelpURL: n.cfg.HelpURL, DefaultDomain: n.domain(),
		HashMemory: int64(n.cfg.SignIn.HashMemory), HashWait: time.Duration(n.cfg.SignIn.HashWait), LogRetention: time.Duration(n.cfg.SignIn.LogRetention),
	})
	return err
}

// Close closes what is open, from the top down.
func (n *node) Close() error {
	var errs []error
	if n.authority != nil {
		errs = append(errs, n.authority.Close())
	}
	if n.mailboxes != nil {
		errs = append(errs, n.mailboxes.Close())
	}
	if n.blobs != nil {
		errs = append(errs, n.blobs.Close())
	}
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	return errors.Join(errs...)
}

// domain is the one of addresses without one: the only one that is served.
func (n *node) domain() string {
	if len(n.cfg.Domains) == 1 {
		return n.cfg.Domains[0]
	}
	return ""
}

func (n *node) adminHandler() http.Handler {
	return adminserver.New(adminserver.Options{
		Authority: n.authority, Mailboxes: n.mailboxes, Maintenance: n, Logger: n.log, Version: version, Domain: n.domain(), Quota: int64(n.cfg.Mailbox.Quota),
	})
}

// certificatePair reads the configured certificate; nil without one.
func certificatePair(cfg *config.Config) (*tls.Certificate, error) {
	if cfg.TLS.Certificate == "" {
		return nil, nil //nolint:nilnil // no certificate is no error: a node may be without TLS
	}
	pair, err := tls.LoadX509KeyPair(cfg.TLS.Certificate, cfg.TLS.Key)
	if err != nil {
		return nil, fault.New(fault.Invalid, "tls.certificate", "%s and %s are no pair of certificate and key: %w", cfg.TLS.Certificate, cfg.TLS.Key, err)
	}
	return &pair, nil
}

// certificateNotes tells why mail programs would refuse a certificate that can
// be served.
func certificateNotes(cfg *config.Config, now time.Time) []string {
	pair, err := certificatePair(cfg)
	if pair == nil || err != nil || pair.Leaf == nil {
		return nil // told elsewhere
	}
	var notes []string
	say := func(format string, args ...any) {
		notes = append(notes, fmt.Sprintf("%s %s; mail programs will refuse it", cfg.TLS.Certificate, fmt.Sprintf(format, args...)))
	}
	leaf := pair.Leaf
	if err := leaf.VerifyHostname(cfg.Hostname); err != nil {
		say("is not for %s but for %s", cfg.Hostname, strings.Join(leaf.DNSNames, ", "))
	}
	if now.After(leaf.NotAfter) {
		say("was good until %s", leaf.NotAfter.Local().Format(time.DateTime))
	}
	if now.Before(leaf.NotBefore) {
		say("is good only from %s", leaf.NotBefore.Local().Format(time.DateTime))
	}
	return notes
}
