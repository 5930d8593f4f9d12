package policy

import (
	_ "embed"
	"strconv"
	"strings"
)

// Document is a policy as people write it, in TOML. Its zero value is no policy;
// Default gives the commented document that a new server starts with.
//
// The tag scope says whether a key acts before there is an account name
// ("connection") or after ("account").
type Document struct {
	TLS       TLSRules            `toml:"tls"`
	Passwords PasswordRules       `toml:"passwords"`
	Scram     ScramRules          `toml:"scram"`
	Limits    Limits              `toml:"limits"`
	Protocol  map[string]Protocol `toml:"protocol"`
	Class     map[string]Class    `toml:"class"`
}

// TLSRules are the rules for TLS.
type TLSRules struct {
	// Floor is the oldest TLS version that may sign in: "1.2" or "1.3".
	Floor string `toml:"floor" scope:"connection"`
}

// PasswordRules are the rules for passwords.
type PasswordRules struct {
	// PlaintextListeners are the listeners, by name, that take passwords
	// without TLS, from loopback addresses only.
	PlaintextListeners []string `toml:"plaintext-listeners" scope:"connection"`
}

// ScramRules are the rules for SCRAM.
type ScramRules struct {
	// Verifiers says whether SCRAM verifiers are written when a password is set.
	Verifiers bool `toml:"verifiers" scope:"account"`
	// Iterations is the PBKDF2 iteration count of new accounts, 4096 or more.
	Iterations int `toml:"iterations" scope:"account"`
}

// Limits slow guessing down.
type Limits struct {
	// Guesses is how many distinct wrong passwords an account takes in an hour
	// from places that are not known devices.
	Guesses uint32 `toml:"guesses-per-hour" scope:"account"`
	// DeviceGuesses is the same for each known device by itself.
	DeviceGuesses uint32 `toml:"device-guesses-per-hour" scope:"account"`
	// NetworkGuesses is how many distinct wrong passwords one network (/24, /64)
	// may try in an hour over all accounts.
	NetworkGuesses uint32 `toml:"network-guesses-per-hour" scope:"account"`
	// NetworkExempt are networks to which NetworkGuesses does not apply.
	NetworkExempt []string `toml:"network-exempt" scope:"account"`
	// DeviceDays is how long a place stays a known device after a sign-in.
	DeviceDays int `toml:"device-days" scope:"account"`
}

// Protocol are the rules for one protocol.
type Protocol struct {
	// Enabled is false to turn the protocol off for everybody.
	Enabled *bool `toml:"enabled" scope:"connection"`
	// Mechanisms are the ways to sign in, as offered.
	Mechanisms []string `toml:"mechanisms" scope:"connection"`
}

// Class are the rules for the accounts that carry a label. The class "everyone"
// is every account. Where classes differ the stricter rule wins.
type Class struct {
	// ProtocolsOff are protocols that these accounts may not use.
	ProtocolsOff []string `toml:"protocols-off" scope:"account"`
	// AppPasswordRequired are protocols on which these accounts need an app
	// password; "*" is all.
	AppPasswordRequired []string `toml:"app-password-required" scope:"account"`
	// Networks are the networks these accounts may sign in from; empty is all.
	Networks []string `toml:"networks" scope:"account"`
}

// Everyone is the class that every account is in.
const Everyone = "everyone"

//go:embed default.toml
var defaultDocument string

// Default is the commented document that a new server starts with. Listeners
// named in plaintext take passwords without TLS from loopback.
func Default(plaintext ...string) []byte {
	if len(plaintext) == 0 {
		return []byte(defaultDocument)
	}
	quoted := make([]string, len(plaintext))
	for i, l := range plaintext {
		quoted[i] = strconv.Quote(l)
	}
	return []byte(strings.Replace(defaultDocument, "plaintext-listeners = []",
		"plaintext-listeners = ["+strings.Join(quoted, ", ")+"]", 1))
}

// knownMechanisms are the mechanisms that a protocol can be told to offer, in
// the order in which they are offered.
var knownMechanisms = map[string][]string{ //nolint:gochecknoglobals // a constant table
	"imap":       {"PLAIN", "LOGIN"},
	"pop3":       {"PLAIN", "USER"},
	"submission": {"PLAIN", "LOGIN"},
	"http":       {"BASIC", "FORM"},
}

// Protocols are the protocols that policy knows, sorted.
func Protocols() []string { return sortedKeys(knownMechanisms) }
