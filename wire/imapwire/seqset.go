package imapwire

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strconv"

	"postern/fault"
	"postern/mail"
)

// Star is `*` in a Range: the largest number in use. 0 is no sequence number
// and no UID, so it is free to mean that.
const Star uint32 = 0

// Range is First to Last, both included. Last is Star or not below First;
// First is Star only in `*` alone.
type Range struct{ First, Last uint32 }

// SeqSet is a set of sequence numbers or UIDs (RFC 9051 §9 sequence-set). One
// that came from a client may hold Star and overlap; Resolve makes it static:
// in ascending order, merged, without Star. The zero SeqSet is empty. A SeqSet
// shares memory when copied: Add to one copy only.
type SeqSet struct {
	ranges []Range
	saved  bool
}

// UIDSet is a SeqSet of UIDs.
type UIDSet = SeqSet

// SavedSet is `$`, the saved result of RFC 5182.
func SavedSet() SeqSet { return SeqSet{saved: true} }

// SeqSetOf is the set of ranges; it takes ownership of the slice.
func SeqSetOf(ranges ...Range) SeqSet { return SeqSet{ranges: ranges} }

// UIDSetOf is the static set of uids. Ascending uids are the fast way.
func UIDSetOf(uids []mail.UID) UIDSet {
	var s SeqSet
	for _, u := range uids {
		s.Add(uint32(u))
	}
	return s
}

// Saved tells whether the set is `$`. Then it has no ranges.
func (s SeqSet) Saved() bool { return s.saved }

// Empty tells whether the set has no numbers and is not `$`.
func (s SeqSet) Empty() bool { return len(s.ranges) == 0 && !s.saved }

// Ranges are the set's ranges in their order. The caller must not change them.
func (s SeqSet) Ranges() []Range { return s.ranges }

// Add puts n, which must not be 0, into a static set. It is cheap for a number
// not below the last one, and linear otherwise.
func (s *SeqSet) Add(n uint32) { s.AddRange(n, n) }

// AddRange puts first to last into a static set. Neither may be 0.
func (s *SeqSet) AddRange(first, last uint32) {
	if first > last {
		first, last = last, first
	}
	if k := len(s.ranges); k > 0 {
		t := &s.ranges[k-1]
		switch {
		case first < t.First:
			s.ranges = normalise(append(s.ranges, Range{first, last}))
			return
		case t.Last == math.MaxUint32 || first <= t.Last+1:
			t.Last = max(t.Last, last)
			return
		}
	}
	s.ranges = append(s.ranges, Range{first, last})
}

// Resolve gives the static set, with largest for Star (RFC 9051 §9: "5:*" has
// the largest number even if that is below 5). In an empty mailbox largest is
// 0 and Star stands for nothing. The result shares memory with s only if s was
// static already.
func (s SeqSet) Resolve(largest uint32) SeqSet {
	if s.static() {
		return s
	}
	out := make([]Range, 0, len(s.ranges))
	for _, r := range s.ranges {
		if r.Last == Star {
			if largest == 0 {
				continue
			}
			if r.First == Star {
				r.First = largest
			}
			r.Last = largest
			if r.First > r.Last {
				r.First, r.Last = r.Last, r.First
			}
		}
		out = append(out, r)
	}
	return SeqSet{ranges: normalise(out), saved: s.saved}
}

// static tells whether the ranges are merged, ascending and without Star.
func (s SeqSet) static() bool {
	prev := uint64(0)
	for i, r := range s.ranges {
		if r.Last == Star || i > 0 && uint64(r.First) <= prev+1 {
			return false
		}
		prev = uint64(r.Last)
	}
	return true
}

// normalise sorts and merges ranges without Star in place.
func normalise(rs []Range) []Range {
	if len(rs) < 2 {
		return rs
	}
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	out := rs[:1]
	for _, r := range rs[1:] {
		t := &out[len(out)-1]
		if t.Last == math.MaxUint32 || r.First <= t.Last+1 {
			t.Last = max(t.Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Contains tells whether n is in a static set, by binary search.
func (s SeqSet) Contains(n uint32) bool {
	_, ok := slices.BinarySearchFunc(s.ranges, n, func(r Range, n uint32) int {
		switch {
		case r.Last < n:
			return -1
		case r.First > n:
			return 1
		}
		return 0
	})
	return ok
}

// Count is how many numbers a static set holds.
func (s SeqSet) Count() uint64 {
	n := uint64(0)
	for _, r := range s.ranges {
		n += uint64(r.Last) - uint64(r.First) + 1
	}
	return n
}

// All yields the numbers of a static set in ascending order.
func (s SeqSet) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, r := range s.ranges {
			for n := uint64(r.First); n <= uint64(r.Last); n++ {
				if !yield(uint32(n)) {
					return
				}
			}
		}
	}
}

// Min is the smallest number of a static set, 0 of an empty one.
func (s SeqSet) Min() uint32 {
	if len(s.ranges) == 0 {
		return 0
	}
	return s.ranges[0].First
}

// Max is the largest number of a static set, 0 of an empty one.
func (s SeqSet) Max() uint32 {
	if len(s.ranges) == 0 {
		return 0
	}
	return s.ranges[len(s.ranges)-1].Last
}

// AppendTo appends the set as IMAP writes it. An empty set appends nothing:
// the grammar has no such thing.
func (s SeqSet) AppendTo(dst []byte) []byte {
	if s.saved {
		return append(dst, '$')
	}
	for i, r := range s.ranges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendSeqNumber(dst, r.First)
		if r.Last != r.First {
			dst = append(dst, ':')
			dst = appendSeqNumber(dst, r.Last)
		}
	}
	return dst
}

func appendSeqNumber(dst []byte, n uint32) []byte {
	if n == Star {
		return append(dst, '*')
	}
	return strconv.AppendUint(dst, uint64(n), 10)
}

// String is the set as IMAP writes it.
func (s SeqSet) String() string { return string(s.AppendTo(nil)) }

// ParseSeqSet reads a sequence set of at most maxRanges ranges, all of b.
// "7:3" arrives as 3:7 and "*:5" as 5:*, as RFC 9051 §9 allows both.
func ParseSeqSet(b []byte, maxRanges int) (SeqSet, error) {
	s, rest, msg := scanSeqSet(b, maxRanges)
	if msg == "" && len(rest) > 0 {
		msg = "expected a comma or the end of the sequence set"
	}
	if msg != "" {
		return SeqSet{}, fault.New(fault.Invalid, "imapwire.ParseSeqSet", "%s", msg)
	}
	return s, nil
}

// scanSeqSet reads the sequence set at the start of b and gives what follows.
// The message is what went wrong, in words for a client.
func scanSeqSet(b []byte, maxRanges int) (s SeqSet, rest []byte, msg string) {
	if len(b) > 0 && b[0] == '$' {
		return SavedSet(), b[1:], ""
	}
	n := countRanges(b)
	if n > maxRanges {
		return s, b, "too many ranges in one sequence set, the limit is " + strconv.Itoa(maxRanges)
	}
	s.ranges = make([]Range, 0, n)
	for {
		var r Range
		if r.First, b, msg = scanSeqNumber(b); msg != "" {
			return SeqSet{}, b, msg
		}
		r.Last = r.First
		if len(b) > 0 && b[0] == ':' {
			if r.Last, b, msg = scanSeqNumber(b[1:]); msg != "" {
				return SeqSet{}, b, msg
			}
			if r.First == Star || r.Last != Star && r.First > r.Last {
				r.First, r.Last = r.Last, r.First
			}
		}
		s.ranges = append(s.ranges, r)
		if len(b) == 0 || b[0] != ',' {
			return s, b, ""
		}
		b = b[1:]
	}
}

// countRanges is an upper bound of the ranges at the start of b.
func countRanges(b []byte) int {
	n := 1
	for _, c := range b {
		switch {
		case c == ',':
			n++
		case c != ':' && c != '*' && (c < '0' || c > '9'):
			return n
		}
	}
	return n
}

// scanSeqNumber reads `*` or a number from 1 to 2^32-1.
func scanSeqNumber(b []byte) (n uint32, rest []byte, msg string) {
	const want = "expected a number from 1 to 4294967295 or * in the sequence set"
	if len(b) > 0 && b[0] == '*' {
		return Star, b[1:], ""
	}
	i, v := 0, uint64(0)
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		if v = v*10 + uint64(b[i]-'0'); v > math.MaxUint32 {
			return 0, b, want
		}
	}
	if v == 0 {
		return 0, b, want
	}
	return uint32(v), b[i:], ""
}
