package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"postern/config"
	"postern/fault"
	"postern/mail"
	"postern/signin"
)

type setupCommand struct {
	Config        string `help:"The configuration file to write." type:"path" default:"/etc/postern/postern.toml" placeholder:"FILE"`
	Data          string `help:"The data folder." type:"path" default:"/var/lib/postern" placeholder:"DIR"`
	Hostname      string `help:"This host's name, such as mail.example.org." required:""`
	Domain        string `help:"The mail domain, such as example.org." required:""`
	Admin         string `help:"The first administrator's address; admin at the domain if it is not given."`
	Certificate   string `help:"PEM file with the certificate chain for the host name." type:"path" required:"" placeholder:"FILE"`
	Key           string `help:"PEM file with its private key." type:"path" required:"" placeholder:"FILE"`
	PasswordStdin bool   `help:"Read the administrator's password from standard input instead of making one up."`
}

// Run writes the configuration only if everything else has worked.
func (c *setupCommand) Run(ctx context.Context, a app) error {
	if _, err := os.Stat(c.Config); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Exists, "postern setup", "%s exists already; remove it first, or edit it", c.Config)
	}
	text, err := c.text()
	if err != nil {
		return err
	}
	cfg, err := config.Parse(c.Config, text)
	if err != nil {
		return err
	}
	if _, err := certificatePair(cfg); err != nil {
		return err
	}
	n, err := openNode(ctx, cfg, slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	made, err := c.administrator(ctx, a, n)
	if err = errors.Join(err, n.Close()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.Config), 0o755); err != nil { //nolint:gosec // a folder of configuration; secrets are not in it
		return fault.Wrap(fault.Unavailable, "postern setup", err)
	}
	if err := writeDurably(c.Config, text, 0o644); err != nil {
		return err
	}
	for _, note := range certificateNotes(cfg, time.Now()) {
		fmt.Fprintf(a.errs, "warning: %s\n", note)
	}
	fmt.Fprintf(a.out, "wrote %s\n", c.Config)
	if made.Err != nil {
		fmt.Fprintf(a.out, "%s has the account %s already; it stays as it is (\"postern account password\" gives it a new password)\n", c.Data, c.Admin)
	} else {
		fmt.Fprintf(a.out, "made the administrator %s\n", made.Account.Address)
	}
	if made.Secret != "" {
		fmt.Fprintf(a.out, "password: %s\n(It is shown only this once.)\n", made.Secret)
	}
	fmt.Fprintf(a.out, "Next: postern serve --config %s\n", c.Config)
	return nil
}

func (c *setupCommand) administrator(ctx context.Context, a app, n *node) (signin.Created, error) {
	if c.Admin == "" {
		c.Admin = "admin"
	}
	if !strings.Contains(c.Admin, "@") {
		c.Admin += "@" + c.Domain
	}
	account := signin.NewAccount{Address: c.Admin, Name: "Administrator", Classes: []string{"admin"}, Generate: true}
	if c.PasswordStdin {
		p, err := readPassword(a.in)
		if err != nil {
			return signin.Created{}, err
		}
		account.Generate, account.Password = false, mail.NewSecret([]byte(p))
	}
	made, err := n.authority.CreateAccount(ctx, account)
	if fault.Is(err, fault.Exists) { // a setup that broke off, or one whose configuration is lost
		return signin.Created{Err: err}, nil
	}
	return made, err
}

// configTemplate is the configuration that setup writes.
const configTemplate = `# Postern's configuration. docs/config.md explains every setting;
# "postern check-config FILE" checks this file.

data = {{printf "%q" .Data}}
hostname = {{printf "%q" .Hostname}}
domains = [{{printf "%q" .Domain}}]

[tls]
certificate = {{printf "%q" .Certificate}}
key = {{printf "%q" .Key}}

[listeners.imaps]
protocol = "imap"
address = ":993"
tls = "implicit"

[listeners.imap]
protocol = "imap"
address = ":143"
tls = "starttls"

[metrics]
address = "127.0.0.1:9090"
`

func (c *setupCommand) text() ([]byte, error) {
	t, err := template.New("config").Parse(configTemplate)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postern setup", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return nil, fault.Wrap(fault.Internal, "postern setup", err)
	}
	return b.Bytes(), nil
}
