package mailbox

import (
	"context"

	"postern/mail"
)

// View is a session's view of one mailbox. One goroutine uses it, except for
// Changed. It must be closed.
type View struct{ snap *Snapshot }

// Update is what Sync changed, in the order in which a client is told: first
// what went, then what came, then flags.
type Update struct {
	Expunged    []uint32   // sequence numbers of the old snapshot, from the highest down: each is right when it is sent
	Vanished    []UIDRange // the same messages as UIDs, ascending
	Exists      bool       // there are new messages
	Flags       []uint32   // sequence numbers in the new snapshot of old messages whose flags changed, ascending
	NewKeywords bool       // Snapshot.Keywords has more than before
	Gone        bool       // the mailbox was deleted: the session must end its selection
}

// Empty tells whether there is nothing to tell.
func (u Update) Empty() bool {
	return len(u.Vanished) == 0 && !u.Exists && len(u.Flags) == 0 && !u.NewKeywords && !u.Gone
}

// FlagOp is what Store does with flags.
type FlagOp uint8

// The operations of STORE.
const (
	FlagsSet FlagOp = iota
	FlagsAdd
	FlagsRemove
)

// StoreResult is what Store did.
type StoreResult struct {
	Changed  []mail.UID  // whose flags changed, ascending
	Modified []mail.UID  // left alone since they changed after unchangedSince
	Missing  []mail.UID  // expunged meanwhile
	ModSeq   mail.ModSeq // of the change; 0 if nothing changed
}

// CopyResult is what Copy or Move did; Src[i] became Dst[i]. UIDs that were
// expunged meanwhile are left out.
type CopyResult struct {
	UIDValidity mail.UIDValidity
	Src, Dst    []mail.UID
	ModSeq      mail.ModSeq
}

// Close ends the view. It may be called again.
func (v *View) Close() {}

// Info is the mailbox as it was selected, with UIDNext, HighestModSeq and
// Messages of the current snapshot.
func (v *View) Info() Info { return Info{} }

// ReadOnly tells whether the view was opened so.
func (v *View) ReadOnly() bool { return false }

// Snapshot is what the holder has been told. It changes in Sync only.
func (v *View) Snapshot() *Snapshot { return v.snap }

// Sync moves the snapshot to now and tells what changed. Without expunge the
// removed messages stay in the snapshot, to be told by a later Sync(true)
// (RFC 9051 §7.5.1).
func (v *View) Sync(expunge bool) Update { return Update{} }

// Changed receives when Sync may have something to tell. Its capacity is 1.
func (v *View) Changed() <-chan struct{} { return nil }

// Vanished lists the UIDs removed after since, ascending and merged
// (RFC 7162 §3.2.5.2). It never names a UID of the current snapshot.
func (v *View) Vanished(ctx context.Context, since mail.ModSeq) ([]UIDRange, error) {
	return nil, unsupported("mailbox.Vanished")
}

// Store changes flags. With unchangedSince, messages changed later are left
// alone (RFC 7162 §3.1.3). What would change nothing takes no MODSEQ.
func (v *View) Store(ctx context.Context, uids []mail.UID, op FlagOp, flags mail.Flags, unchangedSince *mail.ModSeq) (StoreResult, error) {
	return StoreResult{}, unsupported("mailbox.Store")
}

// Expunge removes the messages with \Deleted, in the ranges only unless nil,
// and tells the MODSEQ of the change, or 0 if there was none to remove.
func (v *View) Expunge(ctx context.Context, uids []UIDRange) (mail.ModSeq, error) {
	return 0, unsupported("mailbox.Expunge")
}

// Remove removes messages whatever their flags, as POP3 does.
func (v *View) Remove(ctx context.Context, uids []mail.UID) (mail.ModSeq, error) {
	return 0, unsupported("mailbox.Remove")
}

// Copy copies messages with their flags, all or nothing; NotFound if there is
// no mailbox dest.
func (v *View) Copy(ctx context.Context, uids []mail.UID, dest string) (CopyResult, error) {
	return CopyResult{}, unsupported("mailbox.Copy")
}

// Move is Copy and removal in one transaction (RFC 6851).
func (v *View) Move(ctx context.Context, uids []mail.UID, dest string) (CopyResult, error) {
	return CopyResult{}, unsupported("mailbox.Move")
}
