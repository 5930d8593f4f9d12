package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"postern/cmd/postern/democert"
	"postern/config"
	"postern/fault"
	"postern/signin/policy"
)

// demoDomain is the domain of all demo accounts.
const demoDomain = "postern.test"

type demoCommand struct {
	Data           string `help:"The folder for the demo's mail; a second start finds it again." type:"path" default:"postern-demo" placeholder:"DIR"`
	BasePort       int    `help:"Each port is this number plus the well-known one: 10000 gives IMAP on 10143." default:"10000"`
	Accounts       int    `help:"Make so many further accounts, user0 and so on." default:"0"`
	Password       string `help:"One password for all accounts instead of random ones." placeholder:"P"`
	AllowPlaintext bool   `help:"Take passwords without TLS, on loopback only: for old programs and load tests."`
	Listen         string `help:"The loopback address to listen on." default:"127.0.0.1"`
	Archive        int    `help:"How many messages alice's archive gets." default:"3000" hidden:""`
}

func (c *demoCommand) Run(ctx context.Context, a app) error {
	if err := c.check(); err != nil {
		return err
	}
	dir, err := filepath.Abs(c.Data)
	if err != nil {
		return fault.Wrap(fault.Invalid, "--data", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Invalid, "--data", err)
	}
	certs, err := democert.Ensure(filepath.Join(dir, "tls"), time.Now(), "mail."+demoDomain)
	if err != nil {
		return err
	}
	cfg := c.config(dir, certs)
	log := newLogger(cfg, a.errs)
	d, err := bindDoors(ctx, cfg, log) // a taken port is told before anything is made
	if fault.Is(err, fault.InUse) {
		return fault.New(fault.InUse, "", "%s; perhaps another demo runs: end it, or give other ports with --base-port, such as %d", fault.Plain(err), c.BasePort+10000)
	}
	if err != nil {
		return err
	}
	defer d.Abort()
	n, err := openNode(ctx, cfg, log)
	if fault.Is(err, fault.InUse) {
		return fault.New(fault.InUse, "postern demo", "%s is in use by another Postern; end it, or name another folder with --data", dir)
	}
	if err != nil {
		return err
	}
	if err := c.policy(ctx, n); err != nil {
		return errors.Join(err, n.Close())
	}
	people, err := c.fill(ctx, n, filepath.Join(dir, "demo.json"))
	if err != nil {
		return errors.Join(err, n.Close())
	}
	if err := d.Serve(n); err != nil {
		return errors.Join(err, n.Close())
	}
	info := demoInfo{BasePort: c.BasePort, CAFile: certs.CA, Listeners: d.Addresses(), Accounts: people}
	for _, p := range people {
		if p.Address == "admin@"+demoDomain {
			info.Admin = p
		}
	}
	if err := info.write(filepath.Join(dir, "demo.json")); err != nil {
		return errors.Join(err, d.Shutdown(), n.Close())
	}
	c.page(a, info, dir)
	fmt.Fprintln(a.out, "postern: ready")
	return untilEnd(ctx, d, n)
}

// policy is the built-in one, with the plain listener named if that was asked
// for.
func (c *demoCommand) policy(ctx context.Context, n *node) error {
	doc, reason := policy.Default(), "demo"
	if c.AllowPlaintext {
		doc, reason = policy.Default("imap"), "demo with --allow-plaintext"
	}
	_, err := n.authority.ApplyPolicy(ctx, doc, "postern demo", reason)
	return err
}

func (c *demoCommand) check() error {
	if !config.Loopback(c.Listen) {
		return fault.New(fault.Invalid, "--listen", "%q is not this machine alone; the demo has known passwords, so it listens on loopback only, such as 127.0.0.1", c.Listen)
	}
	if c.BasePort < 1 || c.BasePort > 65535-9090 {
		return fault.New(fault.Invalid, "--base-port", "%d does not leave room for the ports up to +9090; write 1 to %d", c.BasePort, 65535-9090)
	}
	if c.Accounts < 0 || c.Accounts > 100_000 {
		return fault.New(fault.Invalid, "--accounts", "%d is out of bounds; write 0 to 100000", c.Accounts)
	}
	if c.Archive < 0 {
		return fault.New(fault.Invalid, "--archive", "%d is below 0", c.Archive)
	}
	return nil
}

func (c *demoCommand) config(dir string, certs democert.Files) *config.Config {
	cfg := config.ForData(dir)
	cfg.Hostname = "localhost"
	cfg.Domains = []string{demoDomain}
	cfg.TLS = config.TLS{Certificate: certs.Certificate, Key: certs.Key}
	at := func(port int) string { return net.JoinHostPort(c.Listen, strconv.Itoa(c.BasePort+port)) }
	cfg.Listeners = map[string]config.Listener{
		"imap":  {Protocol: "imap", Address: at(143), TLS: "starttls", Connections: 20000},
		"imaps": {Protocol: "imap", Address: at(993), TLS: "implicit", Connections: 20000},
	}
	cfg.Metrics.Address = at(9090)
	// Load tests come from one address.
	cfg.Limits.PerNetwork, cfg.Limits.BeforeSignIn = 40000, 40000
	cfg.Log.Level = "warn"
	return cfg
}

// demoInfo is demo.json, for programs that drive the demo.
type demoInfo struct {
	BasePort  int               `json:"base_port"`
	CAFile    string            `json:"ca_file"`
	Issuer    string            `json:"issuer"` // empty: there is no token issuer yet
	Listeners map[string]string `json:"listeners"`
	Accounts  []demoAccount     `json:"accounts"`
	Admin     demoAccount       `json:"admin"`
}

type demoAccount struct {
	Address  string `json:"address"`
	Password string `json:"password"`
}

func readDemoInfo(file string) (*demoInfo, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &demoInfo{}, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "postern demo", err)
	}
	var info demoInfo
	if err := json.Unmarshal(raw, &info); err != nil {
		return nil, fault.New(fault.Damaged, "postern demo", "%s cannot be read (%w); without it the passwords are lost: remove the folder to begin anew", file, err)
	}
	return &info, nil
}

func (i demoInfo) write(file string) error {
	raw, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return fault.Wrap(fault.Internal, "postern demo", err)
	}
	return writeDurably(file, append(raw, '\n'), 0o600)
}

// page is what a person reads first.
func (c *demoCommand) page(a app, info demoInfo, dir string) {
	alice := info.Accounts[0]
	if c.AllowPlaintext {
		fmt.Fprint(a.out, "\n  !! --allow-plaintext: passwords are taken WITHOUT encryption on "+info.Listeners["imap"]+".\n  !! Nobody but this machine can connect, yet do not do this with mail that matters.\n")
	}
	fmt.Fprintf(a.out, `
  Postern is running, on this machine alone.

  Mail program     server %s
                   IMAP  port %s  TLS/SSL   (or port %s with STARTTLS)
                   name  %s
                   password  %s
  Other people     bob, carol and admin at %s; passwords are in
                   %s

  Thunderbird      1. Settings > Privacy & Security > Certificates > Manage
                      Certificates > Authorities > Import:
                      %s
                      and tick "Trust this CA to identify websites".
                   2. New Account > your name, %s and the password
                   3. Configure manually: incoming IMAP, host localhost, port %s,
                      SSL/TLS, normal password. There is no outgoing server yet:
                      give any name and skip the test.
  curl             curl --cacert %s \
                     'imaps://localhost:%s/INBOX;MAILINDEX=1' -u %s
  mutt             mutt -e 'set ssl_ca_certificates_file=%s' \
                     -f imaps://%s@localhost:%s/INBOX
  Who signed in    bin/postern signins --data %s
  Metrics          http://%s/metrics

  Ctrl-C ends it. The next start finds everything again.

`, "localhost", port(info.Listeners["imaps"]), port(info.Listeners["imap"]), alice.Address, alice.Password, demoDomain, filepath.Join(dir, "demo.json"),
		info.CAFile, alice.Address, port(info.Listeners["imaps"]),
		info.CAFile, port(info.Listeners["imaps"]), "'"+alice.Address+":"+alice.Password+"'",
		info.CAFile, "'"+alice.Address+"'", port(info.Listeners["imaps"]), dir, info.Listeners["metrics"])
}

func port(address string) string {
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		return "?"
	}
	return p
}

// newLogger logs as the configuration says.
func newLogger(cfg *config.Config, w interface{ Write([]byte) (int, error) }) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.Log.Level)) // checked by config
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
