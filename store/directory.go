package store

import (
	"time"

	"postern/mail"
)

// DirectoryReader reads accounts and their credentials. Rows may be kept.
type DirectoryReader interface {
	// Account is one account, also a disabled one; NotFound if none.
	Account(id mail.AccountID) (AccountRow, error)
	// AccountByAddress finds the account that has the address, compared as
	// stored (callers normalise); NotFound if none.
	AccountByAddress(address string) (AccountRow, error)
	// Accounts lists all accounts by id.
	Accounts(fn func(AccountRow) error) error
	// Credentials lists an account's credentials by id.
	Credentials(account mail.AccountID) ([]CredentialRow, error)
	// Devices lists an account's known devices.
	Devices(account mail.AccountID) ([]DeviceRow, error)
}

// DirectoryTx writes accounts and their credentials. Versions are the caller's.
type DirectoryTx interface {
	DirectoryReader
	// NextAccountID hands out an account id (law 5).
	NextAccountID() (mail.AccountID, error)
	// PutAccount creates or changes an account and its address index; Exists
	// if another account has one of the addresses. NextAccountID never hands out
	// an id that was put.
	PutAccount(AccountRow) error
	// DeleteAccount removes the account, its addresses, credentials, devices;
	// NotFound if none. Deleting a credential or device that is not there is no
	// error.
	DeleteAccount(id mail.AccountID) error
	PutCredential(CredentialRow) error
	DeleteCredential(account mail.AccountID, id uint64) error
	PutDevice(DeviceRow) error
	DeleteDevice(account mail.AccountID, key string) error
}

// AccountRow is one account.
type AccountRow struct {
	ID       mail.AccountID
	Version  uint64   // raised by every change of the row or its credentials
	Address  string   // primary, normalised
	Aliases  []string // further addresses, normalised
	Name     string   // display name
	Classes  []string // labels set by the administrator; "admin" is one
	Disabled bool
	Created  time.Time
	// ScramSalt and ScramIterations are shared by all of the account's
	// credentials, so that a proof can be tried against each.
	ScramSalt       []byte
	ScramIterations int
}

// CredentialRow is one way to prove to be an account.
type CredentialRow struct {
	Account    mail.AccountID
	ID         uint64 // within the account, never reused
	Kind       CredentialKind
	Version    uint64 // raised when Hash changes
	Label      string
	Hash       string // PHC or crypt(3) string; its scheme is the signin room's
	Scram      []ScramVerifier
	Created    time.Time
	Expires    time.Time // zero is never
	LastUsed   time.Time // zero is never; at most an hour behind
	LastUsedBy string    // protocol and network of the last use
	Protocols  []string  // protocols it is good for; empty is all
	Networks   []string  // CIDR networks it is good from; empty is all
}

// CredentialKind tells credentials apart; the numbers are stored.
type CredentialKind uint8

// The kinds of credentials.
const (
	CredentialPassword CredentialKind = 1 + iota
	CredentialAppPassword
)

// ScramVerifier is what SCRAM needs of a password (RFC 5802 §3).
type ScramVerifier struct {
	Mechanism string // "SCRAM-SHA-256"
	StoredKey []byte
	ServerKey []byte
}

// DeviceRow is a place from which an account has signed in.
type DeviceRow struct {
	Account mail.AccountID
	Key     string // network and protocol, made by the signin room
	Seen    time.Time
}

// AttemptReader reads the sign-in log.
type AttemptReader interface {
	// Attempts lists attempts newest first, older than before (zero is from
	// the newest), of one account or of all (0). The row may be kept. One that
	// cannot be read has its ID only.
	Attempts(account mail.AccountID, before AttemptID, fn func(AttemptRow) error) error
}

// AttemptTx writes the sign-in log.
type AttemptTx interface {
	AttemptReader
	// AppendAttempts adds rows; Exists if one of the IDs is in the log. They
	// should come in order, which is cheapest, but need not.
	AppendAttempts([]AttemptRow) error
	// PruneAttempts removes the oldest, at most limit, made before t and tells how
	// many it removed.
	PruneAttempts(t time.Time, limit int) (int, error)
}

// AttemptID orders attempts: Unix nanoseconds, then a node's counter.
type AttemptID struct {
	Time int64
	Seq  uint32
}

// AttemptRow is one line of the sign-in log.
type AttemptRow struct {
	ID      AttemptID
	Account mail.AccountID // 0 if the name belongs to no account
	JSON    []byte         // one object; its keys are the signin room's
}
