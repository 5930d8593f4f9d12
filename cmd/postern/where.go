package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"postern/config"
	"postern/fault"
)

// defaultConfig is where serve and the administrative commands look if they
// are told nothing.
const defaultConfig = "/etc/postern/postern.toml"

// where names the installation that a command works on.
type where struct {
	Data   string `help:"The data folder, such as the demo's." type:"path" env:"POSTERN_DATA" xor:"where" placeholder:"DIR"`
	Config string `help:"The server's configuration file; /etc/postern/postern.toml if there is one." type:"path" env:"POSTERN_CONFIG" xor:"where" placeholder:"FILE"`
}

// load finds the configuration. With --data alone it is the default one for
// that folder.
func (w where) load() (*config.Config, error) {
	switch {
	case w.Config != "":
		return config.Load(w.Config)
	case w.Data != "":
		return dataConfig(w.Data)
	}
	if _, err := os.Stat(defaultConfig); err == nil {
		return config.Load(defaultConfig)
	}
	return nil, fault.New(fault.Invalid, "postern", "say which installation: --data DIR or --config FILE")
}

// dataConfig is a configuration without listeners for a data folder that
// exists.
func dataConfig(dir string) (*config.Config, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "postern", err)
	}
	if _, err := os.Stat(filepath.Join(abs, storeFolder)); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "postern", "%s holds no Postern data; `postern demo --data DIR` or `postern setup` makes some", abs)
	}
	return config.ForData(abs), nil
}

// admin connects to the running server or, if none runs, opens the data
// itself. close must be called.
func (w where) admin(ctx context.Context, a app) (*adminClient, error) {
	cfg, err := w.load()
	if err != nil {
		return nil, err
	}
	if c := dialAdmin(ctx, cfg); c != nil {
		return c, nil
	}
	log := slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n, err := openNode(ctx, cfg, log)
	if fault.Is(err, fault.InUse) {
		return nil, fault.New(fault.InUse, "postern", "%s is in use by a process that does not answer on %s; wait until it has started or ended", cfg.Data, cfg.Admin.Socket)
	}
	if err != nil {
		return nil, err
	}
	return offlineAdmin(n), nil
}
