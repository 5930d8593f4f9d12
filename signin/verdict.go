package signin

import (
	"time"

	"postern/signin/grant"
	"postern/signin/policy"
)

// Outcome is what the authority says to an attempt.
type Outcome = policy.Outcome

// The outcomes.
const (
	Unavailable = policy.Unavailable
	Allow       = policy.Allow
	Deny        = policy.Deny
	Challenge   = policy.Challenge
	Delay       = policy.Delay
)

// Reason is why, as a stable word for machines; package policy lists them. It
// is for logs and people who run the server, never for the client.
type Reason = policy.Reason

// Verdict is the answer to an Attempt. The zero Verdict is unavailable. Its
// methods IMAP, POP3, SMTP, HTTP and OAuth are the only source of a door's
// words.
type Verdict struct {
	Outcome    Outcome
	Reason     Reason
	Revision   uint64        // number of the policy revision that decided; 0 if none did
	Grant      grant.Grant   // set if and only if the outcome is Allow; release it when the session ends
	RetryAfter time.Duration // for Unavailable and Delay: when to try again; 0 if nobody knows
	ID         string        // correlation id, in the log and in the words for Unavailable

	help string // URL in the words for a wrong password
}
