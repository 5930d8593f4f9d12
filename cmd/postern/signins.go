package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"postern/fault"
	"postern/signin"
)

type signinsCommand struct {
	where
	JSON     bool   `help:"One JSON object a line."`
	Limit    int    `help:"How many entries." default:"100"`
	Follow   bool   `help:"Show the last entries, then each new one until Ctrl-C."`
	Account  string `help:"Only this account name."`
	Protocol string `help:"Only this protocol."`
	Outcome  string `help:"Only this outcome." enum:"allow,deny,challenge,delay,unavailable," default:""`
}

func (c *signinsCommand) Run(ctx context.Context, a app) error {
	if c.Limit < 1 {
		return fault.New(fault.Invalid, "--limit", "%d is no number of entries; write 1 or more", c.Limit)
	}
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	for k, v := range map[string]string{"account": c.Account, "protocol": c.Protocol, "outcome": c.Outcome} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if c.Follow {
		q.Set("follow", "true")
	}
	return c.with(ctx, a, func(ad *adminClient) error {
		return stream(ctx, ad, "GET", "/v1/signins?"+q.Encode(), nil, func(e signin.Entry) error {
			if c.JSON {
				return json.NewEncoder(a.out).Encode(e)
			}
			tls := "no TLS"
			if e.TLSVersion != nil {
				tls = "TLS " + *e.TLSVersion
			}
			why := ""
			if e.Status.FailureReason != "" {
				why = " (" + e.Status.FailureReason + ")"
			}
			_, err := fmt.Fprintf(a.out, "%s %s%s %q %s %s from %s, %s, %q, revision %d\n", e.Time.Local().Format(time.DateTime),
				e.Outcome, why, e.Account, e.Protocol, e.Mechanism, e.IPAddress, tls, e.ClientAppUsed, e.Revision)
			return err
		})
	})
}
