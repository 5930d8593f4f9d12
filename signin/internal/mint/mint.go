// Package mint makes grants. Only the authority and its rooms, below signin/,
// can import it, so a door that skips the authority does not compile: the
// mailbox engine takes a grant.Grant, and nobody else can make one.
package mint

import (
	"sync"

	"postern/mail"
)

// Rights are what a grant allows, as bits.
type Rights uint16

// The rights.
const (
	Read   Rights = 1 << iota // list, select, fetch, search
	Insert                    // append and copy into mailboxes
	Flag                      // store flags
	Remove                    // expunge and move out of mailboxes
	Manage                    // create, rename, delete, subscribe mailboxes
	Admin                     // set quotas, wipe, check and repair
	// Owner is what a person has who signed in to their own account.
	Owner = Read | Insert | Flag | Remove | Manage
)

// Grant is the only key to a mailbox.
type Grant interface {
	// Account is the account whose mail the grant opens.
	Account() mail.AccountID
	// Address is the account's primary address.
	Address() string
	// Rights are what may be done.
	Rights() Rights
	// Purpose is "" for a person's sign-in, else the name of the service the
	// grant was made for, such as "import".
	Purpose() string
	// Revision is the policy revision that decided it; 0 for service grants.
	Revision() uint64
	// ID names the grant in the session list and in logs.
	ID() string
	// Done is closed when the grant is revoked or released: whoever holds it
	// ends the session at once.
	Done() <-chan struct{}
	// Release says that its session has ended. It may be called repeatedly.
	Release()

	sealed()
}

// Facts are what a new grant says of itself.
type Facts struct {
	Account  mail.AccountID
	Address  string
	Rights   Rights
	Purpose  string
	Revision uint64
	ID       string
	// OnRelease is called once, when the grant is released or revoked first.
	OnRelease func()
}

// New makes a grant. end revokes it.
func New(f Facts) (g Grant, end func()) {
	n := &granted{facts: f, done: make(chan struct{})}
	return n, n.Release
}

type granted struct {
	facts Facts
	once  sync.Once
	done  chan struct{}
}

func (g *granted) Account() mail.AccountID { return g.facts.Account }
func (g *granted) Address() string         { return g.facts.Address }
func (g *granted) Rights() Rights          { return g.facts.Rights }
func (g *granted) Purpose() string         { return g.facts.Purpose }
func (g *granted) Revision() uint64        { return g.facts.Revision }
func (g *granted) ID() string              { return g.facts.ID }
func (g *granted) Done() <-chan struct{}   { return g.done }
func (g *granted) sealed()                 {}

func (g *granted) Release() {
	g.once.Do(func() {
		close(g.done)
		if g.facts.OnRelease != nil {
			g.facts.OnRelease()
		}
	})
}
