package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"postern/fault"
	"postern/signin"
)

type signinsCommand struct {
	where
	JSON     bool   `help:"One JSON object a line."`
	Limit    int    `help:"How many entries." default:"100"`
	Follow   bool   `help:"Show the last entries, then each new one until Ctrl-C."`
	Account  string `help:"Only this account." placeholder:"ADDRESS"`
	Protocol string `help:"Only this protocol, such as imap." placeholder:"NAME"`
	Outcome  string `help:"Only this outcome: allow, deny, challenge, delay or unavailable." placeholder:"WORD" enum:"allow,deny,challenge,delay,unavailable," default:""`
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
		if c.Follow && ad.offline { // it could not start either, while this waits
			return fault.New(fault.Unavailable, "", "no server runs, so nothing new can come; without --follow the log is shown")
		}
		return stream(ctx, ad, "GET", "/v1/signins?"+q.Encode(), nil, func(e signin.Entry) error {
			if c.JSON {
				return json.NewEncoder(a.out).Encode(e)
			}
			_, err := fmt.Fprintln(a.out, signInLine(e))
			return err
		})
	})
}

// signInLine is an entry of the sign-in log for a person.
func signInLine(e signin.Entry) string {
	why := ""
	if e.Status.FailureReason != "" {
		why = " (" + e.Status.FailureReason + ")"
	}
	who := fmt.Sprintf("%q", e.Account)
	switch {
	case e.Account == "" && e.Count > 0:
		who = "no one name"
	case e.Account == "":
		who = "before any name"
	}
	tls := "no TLS"
	switch {
	case e.TLSVersion != nil:
		tls = "TLS " + *e.TLSVersion
	case len(e.OfferedVersions) > 0:
		tls = "offered TLS " + strings.Join(e.OfferedVersions, ", ")
	}
	how := e.Protocol
	if e.Mechanism != "" {
		how += " " + e.Mechanism
	}
	times := ""
	if e.Count > 0 {
		times = fmt.Sprintf(" %d times", e.Count)
	}
	return fmt.Sprintf("%s %s%s%s %s %s at %s from %s, %s, %q, revision %d", e.Time.Local().Format(time.DateTime),
		e.Outcome, times, why, who, how, e.Listener, e.IPAddress, tls, e.ClientAppUsed, e.Revision)
}
