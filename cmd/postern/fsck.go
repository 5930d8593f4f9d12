package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"postern/server/adminserver"
)

type fsckCommand struct {
	where
	Account string `help:"Check this account alone."`
	Repair  bool   `help:"Mend what can be mended without losing anything."`
	JSON    bool   `help:"One JSON object a line."`
}

func (c *fsckCommand) Run(ctx context.Context, a app) error {
	var sum adminserver.Finding
	err := c.with(ctx, a, func(ad *adminClient) error {
		return stream(ctx, ad, "POST", "/v1/check", adminserver.CheckOrder{Account: c.Account, Repair: c.Repair}, func(f adminserver.Finding) error {
			if f.Done {
				sum = f
			}
			if c.JSON {
				return json.NewEncoder(a.out).Encode(f)
			}
			if !f.Done {
				fmt.Fprintln(a.out, finding(f))
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(a.out, "%d accounts checked, %d findings, %d repaired\n", sum.Accounts, sum.Found, sum.Mended)
	}
	if sum.Found > sum.Mended {
		if !c.JSON && !c.Repair {
			fmt.Fprintln(a.out, "Give --repair to mend what is safe to mend.")
		}
		return quietError{errors.New("there are findings")}
	}
	return nil
}

func finding(f adminserver.Finding) string {
	var words []string
	if f.Account != "" {
		words = append(words, f.Account)
	}
	if f.Mailbox != "" {
		words = append(words, fmt.Sprintf("%q", f.Mailbox))
	}
	if f.UID != 0 {
		words = append(words, fmt.Sprintf("UID %d", f.UID))
	}
	mended := ""
	if f.Repaired {
		mended = " (repaired)"
	}
	return strings.Join(append(words, f.Law), " ") + ": " + f.What + mended
}
