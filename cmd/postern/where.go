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

// load finds the configuration of an installation, whose data folder must have
// been set up.
func (w where) load() (*config.Config, error) {
	cfg, err := w.find()
	if err != nil {
		return nil, err
	}
	return cfg, mustHoldData(cfg.Data)
}

// find finds the configuration. With --data alone it is the default one for
// that folder.
func (w where) find() (*config.Config, error) {
	switch {
	case w.Config != "":
		return config.Load(w.Config)
	case w.Data != "":
		abs, err := filepath.Abs(w.Data)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "postern", err)
		}
		return config.ForData(abs), nil
	}
	if _, err := os.Stat(defaultConfig); err == nil {
		return config.Load(defaultConfig)
	}
	return nil, fault.New(fault.Invalid, "postern", "say which installation: --data DIR or --config FILE")
}

// mustHoldData refuses a folder that was never set up, or whose disk is not
// there: an empty store made in its place would say 'wrong password' to everybody.
func mustHoldData(dir string) error {
	for _, name := range []string{storeFolder, blobFolder} {
		entries, err := os.ReadDir(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
			return fault.New(fault.NotFound, "postern",
				"%s holds no Postern data; is its disk there? `postern setup` or `postern demo --data DIR` makes a new one", dir)
		}
	}
	return nil // a folder that cannot be read is told by whoever opens it
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
