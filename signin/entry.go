package signin

import (
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postern/mail"
	"postern/signin/policy"
)

// Entry is one line of the sign-in log. Its JSON keys are a public interface,
// named so that they map to Entra's sign-in log. It holds no secret.
type Entry struct {
	Time            time.Time `json:"time"`            // when it was decided
	Account         string    `json:"account"`         // primary address, or the name as sent if it is nobody's
	Protocol        string    `json:"protocol"`        // "imap", …
	Mechanism       string    `json:"mechanism"`       // "PLAIN", …; empty for a refused handshake
	Listener        string    `json:"listener"`        // the listener's name
	ClientAppUsed   string    `json:"clientAppUsed"`   // what the client calls itself, else the protocol in Entra's words
	IPAddress       string    `json:"ipAddress"`       // of the client; its network in an entry that sums up several clients
	TLSVersion      *string   `json:"tlsVersion"`      // "1.0" … "1.3"; null without TLS
	TLSCipher       string    `json:"tlsCipher"`       // name of the suite
	OfferedVersions []string  `json:"offeredVersions"` // that the client hello offered
	Status          Status    `json:"status"`
	Outcome         string    `json:"outcome"`  // allow, deny, challenge, delay, unavailable
	Revision        uint64    `json:"revision"` // of the policy that decided; 0 if none did
	Node            string    `json:"node"`
	LatencyMs       float64   `json:"latencyMs"`
	CorrelationID   string    `json:"correlationId"`
	Count           uint64    `json:"count,omitempty"` // so many attempts are summed up in this entry; absent if it is one
}

// Status is why: a number in the manner of Entra's, and the reason in a word.
type Status struct {
	ErrorCode     int    `json:"errorCode"`
	FailureReason string `json:"failureReason"`
}

// tlsRefused is the error code of handshakes that were refused.
const tlsRefused = 1002016 // Entra's for clients with an old TLS version

// errorCodes are the numbers that Entra gives for the same causes.
var errorCodes = map[Reason]int{ //nolint:gochecknoglobals // a constant table
	policy.Allowed:             0,
	policy.WrongPassword:       50126,
	policy.UnknownAccount:      50034,
	policy.Disabled:            50057,
	policy.Expired:             50055,
	policy.AppPasswordRequired: 53004,
	policy.ProtocolOff:         53003,
	policy.NetworkNotAllowed:   53003,
	policy.OtherIdentity:       50105,
	policy.NoTLS:               tlsRefused,
	policy.TLSVersion:          tlsRefused,
	policy.MechanismOff:        50107,
	policy.Malformed:           90014,
	policy.Throttled:           50053,
	policy.HashQueueFull:       90033,
	policy.StoreDown:           90033,
	policy.StoreDamaged:        90033,
	policy.NoRevision:          90033,
	policy.Panic:               90033,
	policy.Canceled:            90033,
	policy.Closing:             90033,
}

// clientApps are the protocols in Entra's words.
var clientApps = map[string]string{ //nolint:gochecknoglobals // a constant table
	"imap": "IMAP4", "pop3": "POP3", "submission": "Authenticated SMTP", "http": "Browser",
}

func statusOf(r Reason) Status {
	code, ok := errorCodes[r]
	if !ok {
		code = 50000
	}
	return Status{ErrorCode: code, FailureReason: string(r)}
}

// note is an attempt on its way into the log, as cheap as can be.
type note struct {
	account  mail.AccountID
	name     string
	attempt  Attempt // without its proof
	outcome  Outcome
	status   Status
	revision uint64
	latency  time.Duration
	free     bool         // neither verified nor allowed
	count    uint64       // of the attempts that are summed up; 0 if it is one
	network  netip.Prefix // of several clients
}

// entry brings a note into the form that is stored and shown.
func (n *note) entry(at time.Time, node string) Entry {
	e := Entry{
		Time: at.UTC(), Account: clean(n.name), Protocol: n.attempt.Protocol, Mechanism: clean(n.attempt.Mechanism),
		Listener: n.attempt.Listener, ClientAppUsed: clean(n.attempt.ClientName), IPAddress: address(n.attempt.Client),
		OfferedVersions: []string{}, Status: n.status, Outcome: n.outcome.String(), Revision: n.revision, Node: node,
		LatencyMs: math.Round(float64(n.latency)/float64(time.Microsecond)) / 1000, CorrelationID: clean(n.attempt.ID), Count: n.count,
	}
	if n.network.IsValid() {
		e.IPAddress = n.network.String()
	}
	if e.ClientAppUsed == "" {
		e.ClientAppUsed = clientApps[e.Protocol]
	}
	if t := n.attempt.TLS; t != nil {
		if t.Version != "" {
			v := t.Version
			e.TLSVersion = &v
		}
		e.TLSCipher = t.Cipher
		if t.OfferedVersions != nil {
			e.OfferedVersions = t.OfferedVersions
		}
	}
	return e
}

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr().Unmap().String()
}

// longestText bounds what clients can put into the log.
const longestText = 320

// clean makes text of a client fit for a log: one line of printable
// characters, not too long.
func clean(s string) string {
	if len(s) <= longestText && plainText(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s[:min(len(s), longestText)])
	return strings.ToValidUTF8(s, "\ufffd")
}

func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
