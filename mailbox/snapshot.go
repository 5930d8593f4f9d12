package mailbox

import (
	"cmp"
	"iter"
	"slices"
	"sort"

	"postern/mail"
)

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

// chunkRows is the most rows of a chunk: what one changed message copies.
const chunkRows = 256

// chunk is a run of rows by UID. Rows and their number never change, but a
// later chunk may share the array and be longer.
type chunk struct{ rows []Row }

// Snapshot is a mailbox at one moment: its messages by sequence number. It is
// immutable and shared by all sessions. Snapshots of one mailbox share the
// chunks in which they do not differ, so making one and telling two apart
// costs what changed.
type Snapshot struct {
	chunks  []*chunk
	starts  []uint32 // rows before each chunk
	n       uint32
	uidNext mail.UID
	highest mail.ModSeq

	table    *flagTable // who made the ids; only compared here
	sets     []*FlagSet
	keywords []string
}

// Len is the number of messages.
func (s *Snapshot) Len() int { return int(s.n) }

// UIDNext is the mailbox's UIDNEXT.
func (s *Snapshot) UIDNext() mail.UID { return s.uidNext }

// HighestModSeq is the mailbox's HIGHESTMODSEQ as far as the snapshot shows
// it: while removed messages are held back it stays where it was, so that a
// client that keeps it will be told of them again.
func (s *Snapshot) HighestModSeq() mail.ModSeq { return s.highest }

// Keywords lists the keywords that the mailbox knows, in order of appearance.
// The slice is shared.
func (s *Snapshot) Keywords() []string { return s.keywords }

// FlagSet is the set of a Row of this snapshot.
func (s *Snapshot) FlagSet(id FlagSetID) *FlagSet { return s.sets[id] }

// Row is the message with the sequence number, 1 ≤ seq ≤ Len.
func (s *Snapshot) Row(seq uint32) Row {
	i := s.chunkOf(seq - 1)
	return s.chunks[i].rows[seq-1-s.starts[i]]
}

// Find is the sequence number of a UID.
func (s *Snapshot) Find(uid mail.UID) (seq uint32, ok bool) {
	seq = s.Seek(uid)
	return seq, seq <= s.n && s.Row(seq).UID == uid
}

// Seek is the first sequence number whose UID is at least uid, or Len+1.
func (s *Snapshot) Seek(uid mail.UID) uint32 {
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].last() >= uid })
	if i == len(s.chunks) {
		return s.n + 1
	}
	j, _ := slices.BinarySearchFunc(s.chunks[i].rows, uid, func(r Row, u mail.UID) int { return cmp.Compare(r.UID, u) })
	return s.starts[i] + uint32(j) + 1
}

// Rows lists from ≤ sequence number ≤ to; to is cut to Len.
func (s *Snapshot) Rows(from, to uint32) iter.Seq2[uint32, Row] {
	return func(yield func(uint32, Row) bool) {
		from, to := max(from, 1), min(to, s.n)
		if from > to {
			return
		}
		i := s.chunkOf(from - 1)
		at := from - 1 - s.starts[i]
		for seq := from; i < len(s.chunks); i, at = i+1, 0 {
			for _, r := range s.chunks[i].rows[at:] {
				if seq > to || !yield(seq, r) {
					return
				}
				seq++
			}
		}
	}
}

// chunkOf is the chunk that holds the row at index at < n. No chunk is larger
// than chunkRows, so it is not before at/chunkRows.
func (s *Snapshot) chunkOf(at uint32) int {
	i := int(at / chunkRows)
	if i+1 >= len(s.chunks) || s.starts[i+1] > at {
		return i
	}
	rest := s.starts[i+1:]
	return i + sort.Search(len(rest), func(k int) bool { return rest[k] > at })
}

func (c *chunk) first() mail.UID { return c.rows[0].UID }
func (c *chunk) last() mail.UID  { return c.rows[len(c.rows)-1].UID }

// bytes is roughly what the rows weigh.
func (s *Snapshot) bytes() int64 { return int64(s.n)*rowBytes + int64(len(s.chunks))*chunkBytes }

const (
	rowBytes   = 40
	chunkBytes = 64
)
