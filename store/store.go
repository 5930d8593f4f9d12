// Package store is the contract of Postern's database: what every engine under
// it promises to the rooms above. The rooms of level 4 (mailbox, signin, …)
// call it; cmd picks an engine. The laws below are checked on every engine by
// store/storetest.
//
// # Laws
//
//  1. One writer per partition at a time. Update locks its partitions in sorted
//     order and may run fn again. The lock is not held while the disk syncs:
//     writers of one partition follow each other into the log and share a sync.
//  2. All or nothing, also on cancel and crash. When Update returns nil the
//     write survives kill -9 and power loss.
//  3. A View sees one snapshot that is durable: it never shows a write that a
//     crash could still take back, and always shows every Update of its
//     partitions that returned before it began.
//  4. The change log of an account is gapless and in commit order. Subscribers
//     hear each change once, in that order, after it is durable and before the
//     Update that made it returns.
//  5. Counters that Tx hands out (ModSeq, account ids) never fall and are never
//     handed out twice by committed transactions.
//  6. NotFound, Conflict, Closed, Full, ReadOnly, Damaged, Canceled and
//     Unavailable mean the same on every engine.
//  7. A failed fsync is never retried and trusted: from then on writes get
//     ReadOnly, reads go on, until the process is started anew.
//  8. A full disk refuses new mail with Full, still allows reading and deleting
//     (see Delete), and heals without a restart.
package store

import (
	"context"
	"time"

	"postern/mail"
)

// Store is one open database. All methods may be called at the same time.
type Store interface {
	// View calls fn with a snapshot of the named partitions; reading another
	// one is an Invalid error. Byte slices that a Reader hands out are valid
	// until fn returns, unless their method says otherwise.
	View(ctx context.Context, fn func(Reader) error, parts ...Partition) error

	// Update calls fn in a transaction that holds the named partitions and
	// commits if fn returns nil; an error from fn is returned as it is and
	// nothing is written. Reads in fn see the writes of fn. fn must be safe to
	// run again. A ctx that ends before the commit starts cancels; after that
	// the commit is waited for. After a ReadOnly error of law 7 the write may or
	// may not be there when the store is opened again; whole, if it is.
	Update(ctx context.Context, fn func(Tx) error, parts ...Partition) error

	// Delete is Update for work that frees room: it may use the reserve that a
	// full disk keeps for it (law 8). fn must not store message bodies.
	Delete(ctx context.Context, fn func(Tx) error, parts ...Partition) error

	// Subscribe has fn called for every change of the account committed after
	// Subscribe returns (law 4), and perhaps for some that were on their way to
	// the disk by then: who reads a View afterwards skips what it shows already. fn runs on the committing goroutine: it must
	// not block and must not call the store. cancel returns once no call of fn
	// is under way.
	Subscribe(account mail.AccountID, fn func(*Change)) (cancel func())

	// Health tells whether writes are taken: nil, or a Full or ReadOnly error
	// that says why.
	Health() error

	// Checkpoint writes a consistent copy of the database, as of now, into the
	// folder dir, which must not exist yet (Exists), while everything goes on.
	// After a failed sync it is refused with ReadOnly.
	Checkpoint(ctx context.Context, dir string) error

	// Verify reads everything and reports each damaged place in words that
	// name file or key. It returns an error only if it could not go on.
	Verify(ctx context.Context, report func(Damage)) error

	// Close waits for running transactions and closes. Later calls get Closed.
	Close() error
}

// Damage is one place that Verify found unreadable.
type Damage struct {
	Where string // file and offset, or room and key
	What  string // what is wrong
}

// Partition is the unit of locking: one account's mail or one system room.
type Partition struct {
	Room    Room
	Account mail.AccountID // for RoomMail, else 0
}

// Room names the kinds of partitions.
type Room uint8

// The rooms.
const (
	RoomMail      Room = 1 + iota // the mail of one account
	RoomDirectory                 // accounts, addresses, credentials, known devices
	RoomAttempts                  // the sign-in log
	RoomSystem                    // settings, policy revisions
)

// MailOf is the partition of an account's mail.
func MailOf(a mail.AccountID) Partition { return Partition{Room: RoomMail, Account: a} }

// The system partitions.
var (
	Directory = Partition{Room: RoomDirectory} //nolint:gochecknoglobals // a constant
	Attempts  = Partition{Room: RoomAttempts}  //nolint:gochecknoglobals // a constant
	System    = Partition{Room: RoomSystem}    //nolint:gochecknoglobals // a constant
)

// Reader gives the rooms of a snapshot.
type Reader interface {
	Mail(account mail.AccountID) MailReader
	Directory() DirectoryReader
	Attempts() AttemptReader
	System() SystemReader
}

// Tx gives the rooms of a transaction.
type Tx interface {
	Mail(account mail.AccountID) MailTx
	Directory() DirectoryTx
	Attempts() AttemptTx
	System() SystemTx
}

// SystemReader reads the system room.
type SystemReader interface {
	// Setting is the value under name, which the caller may keep; NotFound if
	// there is none.
	Setting(name string) ([]byte, error)
	// Revision is a stored policy revision; NotFound if there is none.
	Revision(number uint64) (RevisionRow, error)
	// LastRevision is the one with the highest number; NotFound if none.
	LastRevision() (RevisionRow, error)
}

// SystemTx writes the system room.
type SystemTx interface {
	SystemReader
	PutSetting(name string, value []byte) error
	DeleteSetting(name string) error
	// PutRevision stores a new revision; Exists if its number is taken.
	PutRevision(RevisionRow) error
}

// RevisionRow is one policy revision: a document and who made it.
type RevisionRow struct {
	Number   uint64
	Hash     string // of Document, hexadecimal SHA-256
	Document []byte // TOML
	Created  time.Time
	Author   string
	Reason   string
}
