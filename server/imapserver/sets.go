package imapserver

import (
	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// span is a run of sequence numbers of a snapshot, both ends included.
type span struct{ first, last uint32 }

// spans finds the messages that a command's set names, as ascending runs of
// sequence numbers. A sequence number beyond the mailbox is a client's mistake
// and not fine (RFC 9051 §9); a UID that is not there is passed over. `*` in an
// empty mailbox names nothing: clients ask for 1:* without looking.
func (s *session) spans(set imapwire.SeqSet, uid bool) (runs []span, fine bool) {
	snap := s.view.Snapshot()
	size := uint32(snap.Len())
	switch {
	case set.Saved():
		return spansOfUIDs(snap, s.saved), true
	case uid:
		largest := uint32(0)
		if size > 0 {
			largest = uint32(snap.Row(size).UID)
		}
		return spansOfUIDs(snap, set.Resolve(largest)), true
	}
	set = set.Resolve(size)
	if set.Max() > size {
		return nil, false
	}
	for _, r := range set.Ranges() {
		runs = append(runs, span{r.First, r.Last})
	}
	return runs, true
}

// spansOfUIDs finds the messages whose UIDs are in a static set.
func spansOfUIDs(snap *mailbox.Snapshot, set imapwire.UIDSet) []span {
	ranges := set.Ranges()
	runs := make([]span, 0, len(ranges))
	size := uint32(snap.Len())
	for _, r := range ranges {
		first := snap.Seek(mail.UID(r.First))
		if first > size {
			break
		}
		last := size
		if r.Last != ^uint32(0) {
			last = snap.Seek(mail.UID(r.Last+1)) - 1
		}
		if first > last {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].last+1 == first {
			runs[n-1].last = last
			continue
		}
		runs = append(runs, span{first, last})
	}
	return runs
}

// uidsOf lists the UIDs of runs.
func uidsOf(snap *mailbox.Snapshot, runs []span) []mail.UID {
	n := 0
	for _, r := range runs {
		n += int(r.last-r.first) + 1
	}
	uids := make([]mail.UID, 0, n)
	for _, r := range runs {
		for _, row := range snap.Rows(r.first, r.last) {
			uids = append(uids, row.UID)
		}
	}
	return uids
}

// intersect is the part of ascending ranges that a static set has.
func intersect(ranges []mailbox.UIDRange, set imapwire.UIDSet) imapwire.UIDSet {
	var out imapwire.UIDSet
	in := set.Ranges()
	for _, r := range ranges {
		for len(in) > 0 && in[0].Last < uint32(r.First) {
			in = in[1:]
		}
		for _, k := range in {
			if k.First > uint32(r.Last) {
				break
			}
			out.AddRange(max(uint32(r.First), k.First), min(uint32(r.Last), k.Last))
		}
	}
	return out
}

// wireRanges is ranges as a set.
func wireRanges(ranges []mailbox.UIDRange) imapwire.UIDSet {
	out := make([]imapwire.Range, len(ranges))
	for i, r := range ranges {
		out[i] = imapwire.Range{First: uint32(r.First), Last: uint32(r.Last)}
	}
	return imapwire.SeqSetOf(out...)
}
