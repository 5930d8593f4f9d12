package policy

import (
	"net/netip"
	"time"

	"postern/mail"
)

// TLS versions as they are on the wire (RFC 8446 §4.1.2).
const (
	VersionTLS10 uint16 = 0x0301
	VersionTLS11 uint16 = 0x0302
	VersionTLS12 uint16 = 0x0303
	VersionTLS13 uint16 = 0x0304
)

// Facts is all that is known of one attempt: enough for any revision to judge
// it, now or later. It holds no secret. Once it is judged nobody may change it.
type Facts struct {
	ID        string    // correlation id
	Time      time.Time // when the attempt began
	Protocol  string
	Listener  string
	Mechanism string
	Malformed bool // the response could not be parsed
	TLS       TLS
	Client    Client
	Account   Account
	Throttle  Throttle
	Results   []Result // one for each verifier that was tried
	// OtherIdentity says that another identity than the account was asked for.
	OtherIdentity bool
	// Trouble is what kept us from finding out the rest; empty is nothing.
	Trouble Reason
}

// TLS are the facts of the connection's TLS.
type TLS struct {
	Version    uint16 // 0 without TLS
	Cipher     string
	ServerName string
	Resumed    bool
}

// Client are the facts of the client.
type Client struct {
	Addr netip.Addr
	Name string // untrusted
	// Success is when the account last signed in from this device (network and
	// protocol); zero is never.
	Success time.Time
}

// Account are the facts of the account that the name belongs to.
type Account struct {
	Found    bool
	ID       mail.AccountID
	Version  uint64 // of its row
	Disabled bool
	Classes  []string
}

// Throttle are the guesses of the last hour, as they were before this attempt.
type Throttle struct {
	Account uint32 // distinct wrong guesses at the account, from everywhere
	Device  uint32 // those of this device
	Network uint32 // distinct wrong guesses from this network, at all accounts
	// Repeat says that this very guess is among those of the account, and this
	// device the last that tried it: trying it again teaches nobody anything.
	Repeat bool
	Exempt bool // the network is one to which the limit does not apply
	// FreeAt is when the oldest guess at the account will be an hour old.
	FreeAt time.Time
	// NetworkFreeAt is the same for those from the network.
	NetworkFreeAt time.Time
}

// Result is what one verifier said to the proof.
type Result struct {
	Credential uint64 // id of the credential row
	Version    uint64 // of the credential row
	Verifier   [8]byte
	Matched    bool
	Generated  bool // a secret of ours, which nobody can guess
	App        bool // an app password
	Expires    time.Time
	Protocols  []string       // that the credential is good for; empty is all
	Networks   []netip.Prefix // that the credential is good from; empty is all
}

// Decision is what a revision says to the facts.
type Decision struct {
	Outcome    Outcome
	Reason     Reason
	Revision   uint64
	Credential uint64 // that was accepted, on Allow
	RetryAfter time.Duration
}
