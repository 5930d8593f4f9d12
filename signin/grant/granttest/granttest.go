// Package granttest makes grants for tests of rooms that take one. It needs a
// testing.TB, so no program can be built that mints grants here.
package granttest

import (
	"testing"

	"postern/mail"
	"postern/signin/internal/mint"
)

// New makes a grant for an account and what revokes it; the test's end does too.
func New(t testing.TB, account mail.AccountID, rights mint.Rights) (g mint.Grant, revoke func()) {
	t.Helper()
	g, revoke = mint.New(mint.Facts{
		Account: account,
		Address: account.String() + "@postern.test",
		Rights:  rights,
		ID:      t.Name(),
	})
	t.Cleanup(revoke)
	return g, revoke
}
