package imapserver

import (
	"context"

	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// search is SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, 5032, 5182, 7162,
// 8474, 8514).
func (s *session) search(ctx context.Context, c *imapwire.Search) (reply, error) {
	p := searchProgram{s: s}
	q := p.query(&c.Key)
	if p.wrongSeq {
		return noSuchSeq(), nil
	}
	if p.modSeq {
		s.enableCondStore()
	}
	uids, err := s.view.Search(ctx, q)
	if err != nil {
		if c.Return&imapwire.SearchSave != 0 {
			s.saved = imapwire.UIDSet{} // RFC 5182 §2.1
		}
		return reply{}, err
	}
	snap := s.view.Snapshot()
	found := resultOf(snap, uids, c.UID)
	if c.Return&imapwire.SearchSave != 0 {
		s.saved = savedResult(c.Return, uids)
	}
	s.out.begin()
	var top mail.ModSeq
	if p.modSeq {
		top = topModSeq(snap, c.Return, uids)
	}
	switch {
	case !c.Extended && !s.enabled.rev2:
		s.out.B = imapwire.AppendSearch(s.out.B, found, top)
	case c.Return == imapwire.SearchSave: // RFC 5182 §2.1: nothing but the tagged line
	default:
		ret := c.Return
		if !c.Extended {
			ret = imapwire.SearchAll
		}
		s.out.B = imapwire.AppendESearch(s.out.B, &imapwire.ESearchData{
			Tag: s.tag, UID: c.UID, Return: ret, Found: found, Count: uint64(len(uids)),
			Min: found.Min(), Max: found.Max(), ModSeq: top,
		})
	}
	r := ok("The search is done.")
	r.keep = p.seq // RFC 7162 §3.2.10.2
	return r, nil
}

// resultOf is what was found as UIDs or sequence numbers.
func resultOf(snap *mailbox.Snapshot, uids []mail.UID, uid bool) imapwire.SeqSet {
	if uid {
		return imapwire.UIDSetOf(uids)
	}
	var found imapwire.SeqSet
	for _, u := range uids {
		if seq, here := snap.Find(u); here {
			found.Add(seq)
		}
	}
	return found
}

// savedResult is what `$` means after a SEARCH with SAVE (RFC 5182 §2.4): with
// MIN and MAX and nothing else, only these.
func savedResult(ret imapwire.SearchReturn, uids []mail.UID) imapwire.UIDSet {
	if ret&(imapwire.SearchAll|imapwire.SearchCount) != 0 || ret&(imapwire.SearchMin|imapwire.SearchMax) == 0 || len(uids) == 0 {
		return imapwire.UIDSetOf(uids)
	}
	var set imapwire.UIDSet
	if ret&imapwire.SearchMin != 0 {
		set.Add(uint32(uids[0]))
	}
	if ret&imapwire.SearchMax != 0 {
		set.Add(uint32(uids[len(uids)-1]))
	}
	return set
}

// topModSeq is the MODSEQ of a result (RFC 7162 §3.1.5, §3.1.10): the highest
// of the messages that are told.
func topModSeq(snap *mailbox.Snapshot, ret imapwire.SearchReturn, uids []mail.UID) mail.ModSeq {
	if len(uids) == 0 {
		return 0
	}
	if ret != 0 && ret&(imapwire.SearchAll|imapwire.SearchCount) == 0 {
		var ends []mail.UID
		if ret&imapwire.SearchMin != 0 {
			ends = append(ends, uids[0])
		}
		if ret&imapwire.SearchMax != 0 {
			ends = append(ends, uids[len(uids)-1])
		}
		uids = ends
	}
	var top mail.ModSeq
	for _, u := range uids {
		if seq, here := snap.Find(u); here {
			top = max(top, snap.Row(seq).ModSeq)
		}
	}
	return top
}
