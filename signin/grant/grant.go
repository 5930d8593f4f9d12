// Package grant is the key to a mailbox as everybody below and beside the
// authority sees it: something to hold and to ask, that only the authority can
// make (see signin/internal/mint).
package grant

import "postern/signin/internal/mint"

// Grant is the only key to a mailbox. It has an unexported method, so that no
// other package can make one.
type Grant = mint.Grant

// Rights are what a grant allows, as bits.
type Rights = mint.Rights

// The rights; Owner is what a person has in their own account.
const (
	Read   = mint.Read
	Insert = mint.Insert
	Flag   = mint.Flag
	Remove = mint.Remove
	Manage = mint.Manage
	Admin  = mint.Admin
	Owner  = mint.Owner
)
