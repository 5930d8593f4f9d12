package main

import (
	"fmt"
	"time"

	"postern/config"
)

type checkConfigCommand struct {
	File string `arg:"" help:"The configuration file." type:"path"`
}

func (c *checkConfigCommand) Run(a app) error {
	cfg, err := config.Load(c.File)
	if err != nil {
		return err
	}
	if _, err := certificatePair(cfg); err != nil {
		return err
	}
	if cfg.SignIn.Policy != "" {
		if _, err := readPolicy(cfg.SignIn.Policy); err != nil {
			return err
		}
	}
	for _, note := range certificateNotes(cfg, time.Now()) {
		fmt.Fprintf(a.errs, "warning: %s\n", note)
	}
	fmt.Fprintf(a.out, "%s is good: %d listeners, data in %s\n", c.File, len(cfg.Listeners), cfg.Data)
	return nil
}
