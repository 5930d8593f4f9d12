package main

import (
	"strings"
	"testing"
	"time"

	"postern/signin"
)

func TestSignInLine(t *testing.T) {
	newer := "1.3"
	when := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	for want, e := range map[string]signin.Entry{
		`2026-03-01 12:00:00 allow "ann@example.org" imap LOGIN at imaps from 192.0.2.1, TLS 1.3, "mutt", revision 2`: {
			Time: when, Account: "ann@example.org", Protocol: "imap", Mechanism: "LOGIN", Listener: "imaps", ClientAppUsed: "mutt", IPAddress: "192.0.2.1",
			TLSVersion: &newer, OfferedVersions: []string{"1.3", "1.2"}, Outcome: "allow", Revision: 2,
		},
		`offered TLS 1.1, 1.0, "IMAP4"`:                {ClientAppUsed: "IMAP4", OfferedVersions: []string{"1.1", "1.0"}},
		`deny (tls-version) before any name imap `:     {Outcome: "deny", Protocol: "imap", Status: signin.Status{FailureReason: "tls-version"}},
		`deny 940 times (malformed) no one name imap `: {Outcome: "deny", Protocol: "imap", Status: signin.Status{FailureReason: "malformed"}, Count: 940},
		`, no TLS, `: {},
	} {
		if got := signInLine(e); !strings.Contains(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
