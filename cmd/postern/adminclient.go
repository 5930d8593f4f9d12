package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"postern/config"
	"postern/fault"
	"postern/server/adminserver"
)

// adminClient calls the administrators' door, of a running server or of a node
// that it holds itself.
type adminClient struct {
	http    *http.Client
	close   func() error
	offline bool // there is no server: this process holds the data folder
}

// longestSocket is the longest name that the kernel takes for a local socket.
const longestSocket = 100

// socketAddress is the name to listen or dial by. A longer name than the kernel
// takes is told by way of its open folder, which stays open until done: it must
// not move to a shared folder, where others could be there first.
func socketAddress(path string) (address string, done func(), err error) {
	if len(path) <= longestSocket {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }, nil
}

// dialAdmin is nil if no server answers.
func dialAdmin(ctx context.Context, cfg *config.Config) *adminClient {
	var d net.Dialer
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		address, done, err := socketAddress(cfg.Admin.Socket)
		if err != nil {
			return nil, err
		}
		defer done()
		return d.DialContext(ctx, "unix", address)
	}
	probe, err := dial(ctx, "", "")
	if err != nil {
		return nil
	}
	_ = probe.Close()
	return newAdminClient(dial, func() error { return nil })
}

// offlineAdmin serves the door within this process.
func offlineAdmin(n *node) *adminClient {
	l := newPipeListener()
	srv := &http.Server{Handler: n.adminHandler(), ReadHeaderTimeout: time.Minute}
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) })
	c := newAdminClient(l.dial, func() error {
		err := srv.Close()
		done.Wait()
		return errors.Join(err, n.Close())
	})
	c.offline = true
	return c
}

func newAdminClient(dial func(context.Context, string, string) (net.Conn, error), closer func() error) *adminClient {
	t := &http.Transport{DialContext: dial, DisableCompression: true}
	return &adminClient{http: &http.Client{Transport: t}, close: func() error {
		t.CloseIdleConnections()
		return closer()
	}}
}

// do calls and gives the answer's body, which the caller closes. body may be
// an io.Reader, sent as it is, or a value, sent as JSON.
func (c *adminClient) do(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "postern", err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://postern"+path, r)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postern", err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "postern", "the server does not answer: %w", err)
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer res.Body.Close()
	var f adminserver.Failure
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil || f.Error.Message == "" {
		return nil, fault.New(fault.Internal, "postern", "the server answers %s", res.Status)
	}
	return nil, errors.New(f.Error.Message)
}

// call calls and decodes the answer into out, unless out is nil.
func (c *adminClient) call(ctx context.Context, method, path string, body, out any) error {
	r, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer r.Close()
	if out == nil {
		return nil
	}
	return fault.Wrap(fault.Internal, "postern", json.NewDecoder(r).Decode(out))
}

// stream calls and hands each line of the answer to fn.
func stream[T any](ctx context.Context, c *adminClient, method, path string, body any, fn func(T) error) error {
	r, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer r.Close()
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			if ctx.Err() != nil {
				return nil // the person has ended it
			}
			return fault.New(fault.Unavailable, "postern", "the answer broke off: %w", err)
		}
		var f adminserver.Failure
		if json.Unmarshal(line, &f) == nil && f.Error.Message != "" {
			return errors.New(f.Error.Message)
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return fault.Wrap(fault.Internal, "postern", err)
		}
		if err := fn(v); err != nil {
			return err
		}
	}
}

// pipeListener hands out connections within the process.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (*pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "in-process", Net: "unix"} }
