package signin

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"postern/mail"
	"postern/signin/credential"
	"postern/signin/grant"
	"postern/store"
)

// Options are what an authority needs. Only Store is required.
type Options struct {
	Store  store.Store
	Logger *slog.Logger     // nil is none
	Clock  func() time.Time // nil is time.Now
	Node   string           // this node's name in the sign-in log; "local" if empty
	// HelpURL is given with the words for a wrong password; empty is none.
	HelpURL string
	// DefaultDomain lets people sign in with the bare local part of their
	// address. Set it only if exactly one domain is served; empty is off.
	DefaultDomain string
	// Policy is the document of revision 1, used only if the store has no
	// revision; nil is policy.Default().
	Policy []byte
	// Hash are the parameters for new password hashes; zero is the default.
	Hash credential.Params
	// HashMemory bounds the argon2 memory in flight, in bytes; 0 is 256 MiB.
	HashMemory int64
	// StorePatience is how long an attempt waits and retries while the store
	// is down or slow; 0 is 2 s.
	StorePatience time.Duration
	// LogRetention is how long the sign-in log is kept; 0 is 90 days.
	LogRetention time.Duration
}

// SessionInfo is one open session, or one service grant that is held.
type SessionInfo struct {
	ID         string
	Account    mail.AccountID
	Address    string
	Protocol   string // "service" for a service grant
	Listener   string
	Client     netip.AddrPort
	ClientName string
	TLSVersion string // empty without TLS
	Purpose    string // of a service grant
	Since      time.Time
}

// Handshake is a TLS handshake that a listener refused.
type Handshake struct {
	Protocol        string
	Listener        string
	Client          netip.AddrPort
	ServerName      string
	OfferedVersions []string // "1.0" … "1.3"
	Reason          string   // "tls-version", "tls-no-cipher", "tls-alpn", "tls-failed"
	ID              string
	Started         time.Time
}

// Unfinished is a connection that ended or hung before any verdict.
type Unfinished struct {
	Protocol string
	Listener string
	Client   netip.AddrPort
	Reason   string // "closed", "timeout", "protocol"
}

// Authority is the one sign-in authority of a node.
type Authority struct{ opts Options }

// New opens the authority over a store.
func New(o Options) (*Authority, error) { return &Authority{opts: o}, nil }

// Close stops the authority: open grants end, the sign-in log is written out.
func (a *Authority) Close() error { return nil }

// SignIn judges one attempt. There is always a verdict, never an error, never a panic.
func (a *Authority) SignIn(ctx context.Context, at Attempt) Verdict { return Verdict{ID: at.ID} }

// Mechanisms lists what to advertise now. In IMAP "LOGIN" stands for the LOGIN
// command and is no SASL mechanism; without it say LOGINDISABLED.
func (a *Authority) Mechanisms(protocol, listener string, tls bool) []string { return nil }

// Service makes a named, narrow and logged grant for a service of ours.
func (a *Authority) Service(ctx context.Context, purpose string, account mail.AccountID, rights grant.Rights) (grant.Grant, error) {
	return nil, nil
}

// Revoke ends all of an account's sessions at once and tells how many.
func (a *Authority) Revoke(ctx context.Context, account mail.AccountID, why string) int { return 0 }

// Sessions lists the open sessions, oldest first.
func (a *Authority) Sessions() []SessionInfo { return nil }

// Kill ends one session; false if there is none of that id.
func (a *Authority) Kill(id string) bool { return false }

// HandshakeRefused logs a TLS handshake that was refused.
func (a *Authority) HandshakeRefused(h Handshake) {}

// NoVerdict counts a connection that ended or hung without a verdict.
func (a *Authority) NoVerdict(u Unfinished) {}

// AccountInfo is an account as administrators see it.
type AccountInfo struct {
	ID          mail.AccountID
	Address     string
	Aliases     []string
	Name        string
	Classes     []string
	Enabled     bool
	Created     time.Time
	Version     uint64
	Credentials []CredentialInfo
}

// CredentialInfo is a credential without its secret.
type CredentialInfo struct {
	ID         uint64
	Kind       string // "password", "app-password"
	Label      string
	Scheme     string // "argon2id", "generated", "bcrypt", …
	Created    time.Time
	Expires    time.Time // zero is never
	LastUsed   time.Time // zero is never
	LastUsedBy string
	Protocols  []string
	Networks   []string
}

// NewAccount says what account to make. At most one of Password, Shared,
// Generate and Hash is set; with none the account cannot sign in yet.
type NewAccount struct {
	Address  string
	Name     string
	Aliases  []string
	Classes  []string
	Disabled bool
	Password mail.Secret     // chosen by a person
	Shared   *SharedPassword // one password for many accounts, for demonstrations only
	Generate bool            // make a password up, see Created.Secret
	Hash     string          // imported: PHC, crypt(3) or {SCHEME}…
}

// SharedPassword is a password hashed once for many accounts.
type SharedPassword struct{}

// Created is the result for one NewAccount.
type Created struct {
	Account AccountInfo
	Secret  string // the generated password, told once
	Err     error  // fault.Exists if an address is taken, fault.Invalid, …
}

// AppPassword says what app password to make.
type AppPassword struct {
	Label     string
	Expires   time.Time // zero is never
	Protocols []string  // empty is all
	Networks  []string  // CIDR; empty is all
}

// CreateAccount makes one account.
func (a *Authority) CreateAccount(ctx context.Context, n NewAccount) (Created, error) {
	return Created{}, nil
}

// CreateAccounts makes many accounts, in few transactions. The result has one entry for each.
func (a *Authority) CreateAccounts(ctx context.Context, list []NewAccount) ([]Created, error) {
	return nil, nil
}

// SharePassword hashes p once for many accounts. Whoever reads the store can
// then see that they share it: for demonstrations only.
func (a *Authority) SharePassword(p mail.Secret) (*SharedPassword, error) { return nil, nil }

// SetAccount changes name, classes and aliases.
func (a *Authority) SetAccount(ctx context.Context, id mail.AccountID, change func(*AccountInfo)) (AccountInfo, error) {
	return AccountInfo{}, nil
}

// SetPassword sets the account's password and ends its sessions.
func (a *Authority) SetPassword(ctx context.Context, id mail.AccountID, p mail.Secret) error {
	return nil
}

// GeneratePassword sets a generated password, told once, and ends the sessions.
func (a *Authority) GeneratePassword(ctx context.Context, id mail.AccountID) (string, error) {
	return "", nil
}

// ImportCredential sets the account's password to an imported hash, kept as it
// is until the first sign-in with it.
func (a *Authority) ImportCredential(ctx context.Context, id mail.AccountID, hash string) error {
	return nil
}

// AddAppPassword makes an app password; the secret is told once.
func (a *Authority) AddAppPassword(ctx context.Context, id mail.AccountID, p AppPassword) (CredentialInfo, string, error) {
	return CredentialInfo{}, "", nil
}

// RemoveAppPassword removes it and ends the sessions signed in with it.
func (a *Authority) RemoveAppPassword(ctx context.Context, id mail.AccountID, credential uint64) error {
	return nil
}

// SetEnabled enables or disables an account; disabling ends its sessions.
func (a *Authority) SetEnabled(ctx context.Context, id mail.AccountID, enabled bool) error {
	return nil
}

// DeleteAccount removes the account, its addresses and credentials and ends its
// sessions. Its mail is the mailbox engine's to wipe.
func (a *Authority) DeleteAccount(ctx context.Context, id mail.AccountID) error { return nil }

// Account is one account; fault.NotFound if none.
func (a *Authority) Account(ctx context.Context, id mail.AccountID) (AccountInfo, error) {
	return AccountInfo{}, nil
}

// AccountByAddress finds an account by primary address or alias.
func (a *Authority) AccountByAddress(ctx context.Context, address string) (AccountInfo, error) {
	return AccountInfo{}, nil
}

// Accounts lists all accounts by id, without their credentials.
func (a *Authority) Accounts(ctx context.Context, fn func(AccountInfo) error) error { return nil }

// Entry is one line of the sign-in log; its JSON keys are a public interface.
type Entry struct {
	Time            time.Time `json:"time"`
	Account         string    `json:"account"`
	Protocol        string    `json:"protocol"`
	Mechanism       string    `json:"mechanism"`
	Listener        string    `json:"listener"`
	ClientAppUsed   string    `json:"clientAppUsed"`
	IPAddress       string    `json:"ipAddress"`
	TLSVersion      *string   `json:"tlsVersion"`
	TLSCipher       string    `json:"tlsCipher"`
	OfferedVersions []string  `json:"offeredVersions"`
	Status          Status    `json:"status"`
	Outcome         string    `json:"outcome"`
	Revision        uint64    `json:"revision"`
	Node            string    `json:"node"`
	LatencyMs       float64   `json:"latencyMs"`
	CorrelationID   string    `json:"correlationId"`
}

// Status is why, in the manner of Entra's sign-in log.
type Status struct {
	ErrorCode     int    `json:"errorCode"`
	FailureReason string `json:"failureReason"`
}

// Filter picks entries; zero fields match all.
type Filter struct {
	Account  mail.AccountID
	Name     string // account name as in the log
	Protocol string
	Outcome  string
	Since    time.Time
	Limit    int // 0 is 100
}

// Attempts reads the sign-in log, newest first. What has been decided before
// the call is in it.
func (a *Authority) Attempts(ctx context.Context, f Filter, fn func(Entry) error) error { return nil }

// Follow gives the last f.Limit entries, oldest first, then each new one as it
// is decided, until ctx ends or fn returns an error.
func (a *Authority) Follow(ctx context.Context, f Filter, fn func(Entry) error) error { return nil }
