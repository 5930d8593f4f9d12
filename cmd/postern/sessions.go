package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"postern/server/adminserver"
)

type sessionCommands struct {
	List sessionList `cmd:"" help:"List the open sessions, oldest first."`
	Kill sessionKill `cmd:"" help:"End one session at once."`
}

type sessionList struct {
	where
	JSON bool `help:"One JSON object a line."`
}

func (c *sessionList) Run(ctx context.Context, a app) error {
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	return errors.Join(c.with(ctx, a, func(ad *adminClient) error {
		if !c.JSON {
			fmt.Fprintln(w, "ID\tACCOUNT\tPROTOCOL\tFROM\tTLS\tCLIENT\tSINCE")
		}
		return stream(ctx, ad, "GET", "/v1/sessions", nil, func(s adminserver.Session) error {
			if c.JSON {
				return json.NewEncoder(a.out).Encode(s)
			}
			what := s.ClientName
			if s.Purpose != "" {
				what = s.Purpose
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%q\t%s\n", s.ID, s.Account, s.Protocol, s.IPAddress, s.TLSVersion, what, s.Since.Local().Format(time.DateTime))
			return nil
		})
	}), w.Flush())
}

type sessionKill struct {
	where
	ID string `arg:"" help:"The session's id, as \"postern sessions list\" shows it."`
}

func (c *sessionKill) Run(ctx context.Context, a app) error {
	err := c.with(ctx, a, func(ad *adminClient) error {
		return ad.call(ctx, "DELETE", "/v1/sessions/"+url.PathEscape(c.ID), nil, nil)
	})
	if err == nil {
		fmt.Fprintf(a.out, "session %s has ended\n", c.ID)
	}
	return err
}
