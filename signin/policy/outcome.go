package policy

// Outcome is what the authority says to an attempt.
type Outcome uint8

// The outcomes. The zero Outcome is Unavailable, so that a verdict that nobody
// filled in is never taken for a wrong password, nor for a right one.
const (
	Unavailable Outcome = iota // we cannot tell now; never said with the words for a wrong password
	Allow
	Deny
	Challenge // more is needed from the person
	Delay     // ask again later; said with the words of Unavailable
	outcomeCount
)

var outcomeNames = [outcomeCount]string{"unavailable", "allow", "deny", "challenge", "delay"} //nolint:gochecknoglobals // a constant table

// String is the outcome as the sign-in log writes it.
func (o Outcome) String() string {
	if o < outcomeCount {
		return outcomeNames[o]
	}
	return outcomeNames[Unavailable]
}

// Reason is why an outcome is what it is, as a stable word for machines. It
// goes to the log, never to the client.
type Reason string

// The reasons.
const (
	// Allowed, for completeness of the log.
	Allowed Reason = ""

	// Denials said with the words for a wrong password.
	WrongPassword       Reason = "wrong-password"
	UnknownAccount      Reason = "unknown-account"
	Disabled            Reason = "disabled"
	Expired             Reason = "expired"
	AppPasswordRequired Reason = "app-password-required"
	ProtocolOff         Reason = "protocol-off"
	NetworkNotAllowed   Reason = "network-not-allowed"
	OtherIdentity       Reason = "other-identity" // an authorization identity that is not the account

	// Denials with words of their own.
	NoTLS        Reason = "no-tls"
	TLSVersion   Reason = "tls-version"
	MechanismOff Reason = "mechanism-off"
	Malformed    Reason = "malformed"

	// Reasons for Unavailable.
	Throttled     Reason = "throttled"
	HashQueueFull Reason = "hash-queue-full"
	StoreDown     Reason = "store-down"
	StoreDamaged  Reason = "store-damaged"
	NoRevision    Reason = "no-revision"
	Panic         Reason = "panic"
	Canceled      Reason = "canceled"
	Closing       Reason = "closing"
)
