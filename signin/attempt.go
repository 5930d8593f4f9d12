package signin

import (
	"net/netip"
	"time"

	"postern/mail"
)

// Attempt is one try to sign in. Every door builds the same Attempt, and
// whatever is in it besides the listener and TLS facts is the client's word.
type Attempt struct {
	Protocol   string         // "imap", "pop3", "submission", "http"
	Listener   string         // the listener's name, such as "imaps"
	Mechanism  string         // "LOGIN" (the IMAP command), "USER" (POP3's), "PLAIN", "BASIC", …
	TLS        *TLSFacts      // nil without TLS
	Client     netip.AddrPort // where the connection comes from
	ClientName string         // IMAP ID name and version, EHLO name, user agent; untrusted
	Name       string         // account name as sent (authcid)
	Authorize  string         // authorization identity as sent (authzid); empty is the account itself
	Proof      Proof          // what shall prove it; nil is a MalformedProof
	ID         string         // correlation id of the connection; made up if empty
	Started    time.Time      // when the client began; now if zero
}

// Proof is what a client sends to prove who it is: Password or MalformedProof.
type Proof interface{ proof() }

// Password is a proof in clear. The authority does not keep it after SignIn
// returns; the door may then wipe it.
type Password struct{ Secret mail.Secret }

// MalformedProof says that the client's response could not be parsed.
type MalformedProof struct{}

func (Password) proof()       {}
func (MalformedProof) proof() {}

// TLSFacts are what a door knows of the TLS under an attempt.
type TLSFacts struct {
	Version         string   // "1.0" … "1.3"
	Cipher          string   // name of the suite, such as "TLS_AES_128_GCM_SHA256"
	OfferedVersions []string // what the client hello offered
	ServerName      string   // SNI
	Resumed         bool
}
