package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postern/config"
	"postern/fault"
	"postern/server/imapserver"
	"postern/server/listen"
	"postern/signin"
)

// drainTime is how long sessions have to say goodbye at the end.
const drainTime = 10 * time.Second

// doors are the sockets of one process and what serves them. They are bound
// first, so that a taken port is told before anything else is done, and serve
// once the node behind them is open.
type doors struct {
	cfg     *config.Config
	log     *slog.Logger
	server  *listen.Server
	metrics net.Listener // nil without
	admin   net.Listener
	imap    atomic.Pointer[imapserver.Server]
	node    atomic.Pointer[node]
	counts  atomic.Pointer[metrics]
	local   localHTTP
}

// bindDoors opens every socket of the configuration.
func bindDoors(ctx context.Context, cfg *config.Config, log *slog.Logger) (*doors, error) {
	d := &doors{cfg: cfg, log: log, local: localHTTP{log: log}}
	lc, err := d.listenConfig()
	if err != nil {
		return nil, err
	}
	hooks := listen.Hooks{OnRefused: d.refused, OnLimited: d.limited}
	if d.server, err = listen.New(lc, d.serve, hooks); err != nil {
		return nil, err
	}
	if cfg.Metrics.Address != "" {
		var l net.ListenConfig
		if d.metrics, err = l.Listen(ctx, "tcp", cfg.Metrics.Address); err != nil {
			d.Abort()
			return nil, fault.New(fault.InUse, "postern", "metrics cannot be served on %s: %w", cfg.Metrics.Address, err)
		}
	}
	return d, nil
}

func (d *doors) listenConfig() (listen.Config, error) {
	sockets, err := listen.Activated(os.Getenv, os.Getpid())
	if err != nil {
		return listen.Config{}, err
	}
	c := listen.Config{
		Logger: d.log, SignInTimeout: time.Duration(d.cfg.Limits.SignInTime),
		Limits: listen.Limits{PerNetwork: d.cfg.Limits.PerNetwork, BeforeSignIn: d.cfg.Limits.BeforeSignIn},
	}
	modes := map[string]listen.TLSMode{"none": listen.TLSNone, "implicit": listen.TLSImplicit, "starttls": listen.TLSStart}
	for name, l := range d.cfg.Listeners {
		to := listen.Listener{Name: name, Protocol: l.Protocol, Address: l.Address, Socket: sockets[name], TLS: modes[l.TLS], MaxConns: l.Connections}
		if l.Protocol == "imap" {
			to.Busy = "* BYE [UNAVAILABLE] Too many connections, please come back in a moment.\r\n"
		}
		if l.TLS != "none" {
			to.Certificates = []listen.Certificate{{CertFile: d.cfg.TLS.Certificate, KeyFile: d.cfg.TLS.Key}}
		}
		for _, p := range l.ProxyNetworks {
			to.ProxyFrom = append(to.ProxyFrom, netip.MustParsePrefix(p)) // checked by config
		}
		c.Listeners = append(c.Listeners, to)
		c.Limits.Total += l.Connections
	}
	return c, nil
}

// Serve begins to answer, with n behind the doors.
func (d *doors) Serve(n *node) error {
	m := newMetrics(n)
	imap, err := imapserver.New(imapserver.Options{
		Authority: n.authority, Mailboxes: n.mailboxes, Logger: d.log, Observer: m, Name: "Postern", Version: version,
		AppendLimit: n.mailboxes.Limits().MessageBytes, Timeouts: imapserver.Timeouts{Idle: time.Duration(d.cfg.Limits.IdleTime)},
	})
	if err != nil {
		return err
	}
	if d.admin, err = listenAdmin(d.cfg); err != nil {
		return errors.Join(err, imap.Close(context.Background()))
	}
	d.counts.Store(m)
	d.node.Store(n)
	d.imap.Store(imap)
	d.local.serve(d.admin, n.adminHandler())
	if d.metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
		d.local.serve(d.metrics, mux)
	}
	d.server.Start()
	return nil
}

// listenAdmin opens the local socket. The data folder is ours by now, so a
// socket that is there already was left by a process that has ended.
func listenAdmin(cfg *config.Config) (net.Listener, error) {
	path := cfg.Admin.Socket
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, fault.New(fault.Exists, "admin.socket", "%s is there and no socket; name another path", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.Unavailable, "admin.socket", "%s cannot be replaced: %w", path, err)
	}
	address, done, err := socketAddress(path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "admin.socket", "%w", err)
	}
	defer done()
	// A socket is made with the mode that the umask leaves: nobody else may get
	// in before it has its own.
	before := syscall.Umask(0o077)
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "unix", address)
	syscall.Umask(before)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "admin.socket", "%s: %w", path, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(address == path) // else the name means nothing any more
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fault.New(fault.Unavailable, "admin.socket", "%w", err), l.Close())
	}
	return l, nil
}

// Addresses names the listeners that answer.
func (d *doors) Addresses() map[string]string {
	out := map[string]string{}
	for name := range d.cfg.Listeners {
		out[name] = d.server.Addr(name).String()
	}
	if d.metrics != nil {
		out["metrics"] = d.metrics.Addr().String()
	}
	return out
}

// Shutdown stops accepting, lets sessions say BYE and waits for all.
func (d *doors) Shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := d.server.Shutdown(ctx)
	if imap := d.imap.Load(); imap != nil {
		err = errors.Join(err, imap.Close(ctx))
	}
	return errors.Join(err, d.local.shutdown(requestTime, giveUpTime))
}

// Abort closes doors that never served; after Serve it does nothing.
func (d *doors) Abort() {
	if d.node.Load() != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = d.server.Shutdown(ctx) // there are no sessions to wait for
	if d.metrics != nil {
		_ = d.metrics.Close()
	}
}

// serve hands a connection to its protocol.
func (d *doors) serve(ctx context.Context, c *listen.Conn) {
	if imap := d.imap.Load(); imap != nil {
		imap.Serve(ctx, imapConn{c})
	}
}

func (d *doors) refused(r listen.HandshakeRefusal) {
	n := d.node.Load()
	if n == nil {
		return
	}
	d.counts.Load().refused.WithLabelValues(r.Listener, "tls").Inc()
	n.authority.HandshakeRefused(signin.Handshake{
		Protocol: r.Protocol, Listener: r.Listener, Client: addrPort(r.RemoteAddr), ServerName: r.ServerName,
		OfferedVersions: r.OfferedVersions, Reason: handshakeReason(r), ID: r.ID, Started: r.Time,
	})
}

// handshakeReason tells why in the sign-in log's words.
func handshakeReason(r listen.HandshakeRefusal) string {
	fits := func(v string) bool { return v == "1.2" || v == "1.3" }
	switch {
	case len(r.OfferedVersions) > 0 && !slices.ContainsFunc(r.OfferedVersions, fits):
		return "tls-version"
	case len(r.ALPN) > 0 && r.ALPN[0] != r.Protocol:
		return "tls-alpn"
	default:
		return "tls-failed"
	}
}

func (d *doors) limited(l listen.Limited) {
	if m := d.counts.Load(); m != nil {
		m.refused.WithLabelValues(l.Listener, l.Limit).Inc()
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// imapConn is a connection as the IMAP door wants it.
type imapConn struct{ *listen.Conn }

func (c imapConn) TLS() *signin.TLSFacts {
	f := c.Conn.TLS()
	if f == nil {
		return nil
	}
	return &signin.TLSFacts{Version: f.Version, Cipher: f.Cipher, OfferedVersions: f.OfferedVersions, ServerName: f.ServerName, Resumed: f.Resumed}
}
