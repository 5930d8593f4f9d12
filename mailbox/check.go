package mailbox

import (
	"context"

	"postern/mail"
	"postern/signin/grant"
)

// Finding is one broken law that Check found.
type Finding struct {
	Account  mail.AccountID
	Mailbox  string // name, or "" for the account as a whole
	UID      mail.UID
	Law      string // a stable word, such as "counters"
	What     string // what is wrong, in words
	Repaired bool
}

// Check checks every law that holds in one account and reports what is broken;
// with repair it mends what can be mended without losing anything. The Admin
// right is needed. An error means that it could not go on.
func (e *Engine) Check(ctx context.Context, g grant.Grant, repair bool, report func(Finding)) error {
	return unsupported("mailbox.Check")
}
