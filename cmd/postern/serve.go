package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"postern/fault"
	"postern/signin/policy"
)

type serveCommand struct {
	Config string `help:"The configuration file." type:"path" default:"/etc/postern/postern.toml" env:"POSTERN_CONFIG" placeholder:"FILE"`
}

func (c *serveCommand) Run(ctx context.Context, a app) error {
	cfg, err := where{Config: c.Config}.load()
	if err != nil {
		return err
	}
	log := newLogger(cfg, a.errs)
	for _, note := range certificateNotes(cfg, time.Now()) {
		log.Warn("the certificate is of no use", "why", note)
	}
	d, err := bindDoors(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer d.Abort()
	n, err := openNode(ctx, cfg, log)
	if fault.Is(err, fault.InUse) {
		return fault.New(fault.InUse, "postern serve", "%s is in use by another Postern; one process uses a data folder at a time", cfg.Data)
	}
	if err != nil {
		return err
	}
	if err := applyPolicyFile(ctx, n); err != nil {
		return errors.Join(err, n.Close())
	}
	if err := d.Serve(n); err != nil {
		return errors.Join(err, n.Close())
	}
	log.Info("ready", "listeners", d.Addresses(), "data", cfg.Data, "version", version)
	return untilEnd(ctx, d, n)
}

// untilEnd serves until a signal, reloading certificates and policy on SIGHUP,
// and then closes everything from the doors down.
func untilEnd(ctx context.Context, d *doors, n *node) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	notify(n.log, daemon.SdNotifyReady)
	for {
		select {
		case <-hup:
			d.server.Reload()
			if err := applyPolicyFile(ctx, n); err != nil {
				n.log.Error("the policy file was not taken, the revision in force stays", "error", err)
			}
			continue
		case <-ctx.Done():
		}
		notify(n.log, daemon.SdNotifyStopping)
		n.log.Info("ending: sessions are told goodbye")
		if err := d.Shutdown(); err != nil {
			n.log.Warn("some sessions were cut off at the end", "error", err)
		}
		err := n.Close()
		n.log.Info("ended")
		return err
	}
}

// notify tells systemd, where it waits to be told.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd could not be told", "state", state, "error", err)
	}
}

// applyPolicyFile puts the configured policy file in force, if there is one.
func applyPolicyFile(ctx context.Context, n *node) error {
	if n.cfg.SignIn.Policy == "" {
		return nil
	}
	doc, err := readPolicy(n.cfg.SignIn.Policy)
	if err != nil {
		return err
	}
	_, err = n.authority.ApplyPolicy(ctx, doc, n.cfg.SignIn.Policy, "policy file")
	return err
}

func readPolicy(file string) ([]byte, error) {
	doc, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.NotFound, "signin.policy", "%w", err)
	}
	if _, err := policy.Compile(1, doc); err != nil {
		return nil, fault.In(file, err)
	}
	return doc, nil
}
