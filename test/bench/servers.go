package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"postern/test/bench/peer"
)

// accounts is how many accounts each server needs.
const accounts = 512

// startServers starts the server to measure and the reference servers. What
// has been started is returned even with an error, to be stopped.
func startServers(ctx context.Context, o options, run string, stderr io.Writer) ([]*target, error) {
	var servers []*target
	if o.server != "" {
		servers = append(servers, newTarget(peer.Remote("server", o.server, o.password), false))
	} else if o.postern != "" {
		s, err := peer.Postern(ctx, o.postern, o.peerOptions(run, "postern"))
		if err != nil {
			return servers, err
		}
		servers = append(servers, newTarget(s, false))
	}
	for name := range strings.SplitSeq(o.peers, ",") {
		if name == "" {
			continue
		}
		if _, err := fmt.Fprintln(stderr, "starting", name); err != nil {
			return servers, err
		}
		s, err := startPeer(ctx, name, o.peerOptions(run, name))
		if err != nil {
			return servers, err
		}
		servers = append(servers, newTarget(s, true))
	}
	return servers, nil
}

func (o options) peerOptions(run, name string) peer.Options {
	return peer.Options{Cache: o.cache, Dir: filepath.Join(run, name), Password: o.password, Accounts: accounts}
}

func startPeer(ctx context.Context, name string, po peer.Options) (*peer.Server, error) {
	switch name {
	case "dovecot-maildir":
		return peer.Dovecot(ctx, peer.Maildir, po)
	case "dovecot-mdbox":
		return peer.Dovecot(ctx, peer.Mdbox, po)
	default:
		return nil, fmt.Errorf("no reference server is called %q; there are dovecot-maildir and dovecot-mdbox", name)
	}
}

func stopServers(servers []*target) error {
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
