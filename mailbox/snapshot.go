package mailbox

import (
	"iter"

	"postern/mail"
)

// FlagSetID names a FlagSet within a Snapshot.
type FlagSetID uint32

// FlagSet is a combination of flags, kept once per mailbox. It is shared:
// nobody may change it.
type FlagSet struct {
	mail.Flags
	IMAP []byte // the names divided by spaces, such as `\Seen $Forwarded`
}

// Row is what is at hand of a message without reading the store.
type Row struct {
	UID      mail.UID
	Set      FlagSetID
	ModSeq   mail.ModSeq
	Received int64 // INTERNALDATE, Unix seconds
	Saved    int64 // SAVEDATE, Unix seconds
	Size     uint32
	Zone     int16 // of INTERNALDATE, minutes east of UTC
}

// Snapshot is a mailbox at one moment: its messages by sequence number. It is
// immutable and shared by all sessions.
type Snapshot struct{}

// Len is the number of messages.
func (s *Snapshot) Len() int { return 0 }

// Row is the message with the sequence number, 1 ≤ seq ≤ Len.
func (s *Snapshot) Row(seq uint32) Row { return Row{} }

// Find is the sequence number of a UID.
func (s *Snapshot) Find(uid mail.UID) (seq uint32, ok bool) { return 0, false }

// Seek is the first sequence number whose UID is at least uid, or Len+1.
func (s *Snapshot) Seek(uid mail.UID) uint32 { return 1 }

// Rows lists from ≤ sequence number ≤ to; to is cut to Len.
func (s *Snapshot) Rows(from, to uint32) iter.Seq2[uint32, Row] {
	return func(func(uint32, Row) bool) {}
}

// UIDNext is the mailbox's UIDNEXT.
func (s *Snapshot) UIDNext() mail.UID { return 1 }

// HighestModSeq is the mailbox's HIGHESTMODSEQ as far as the snapshot shows it.
func (s *Snapshot) HighestModSeq() mail.ModSeq { return 1 }

// Keywords lists the keywords that the mailbox knows, in order of appearance.
// The slice is shared.
func (s *Snapshot) Keywords() []string { return nil }

// FlagSet is the set of a Row of this snapshot.
func (s *Snapshot) FlagSet(id FlagSetID) *FlagSet { return &FlagSet{} }
