package mailbox

import "slices"

// edit makes the snapshot that lacks the rows in removed and has those of put,
// which replace rows of the same UID. Both are ascending. grow may write into
// spare room behind the last chunk's rows: only the one who makes the
// snapshots of a mailbox one after the other may say so.
func (s *Snapshot) edit(removed []UIDRange, put []Row, grow bool) *Snapshot {
	n := *s
	if len(removed) == 0 && (len(put) == 0 || len(s.chunks) == 0 || put[0].UID > s.chunks[len(s.chunks)-1].last()) {
		n.chunks = slices.Clone(s.chunks)
		n.extend(put, grow)
		n.count()
		return &n
	}
	n.chunks = make([]*chunk, 0, len(s.chunks)+len(put)/chunkRows+1)
	for i, c := range s.chunks {
		for len(removed) > 0 && removed[0].Last < c.first() {
			removed = removed[1:]
		}
		mine := len(put)
		if i+1 < len(s.chunks) {
			next := s.chunks[i+1].first()
			mine = 0
			for mine < len(put) && put[mine].UID < next {
				mine++
			}
		}
		if mine == 0 && (len(removed) == 0 || removed[0].First > c.last()) {
			n.chunks = append(n.chunks, c)
			continue
		}
		n.add(merge(c.rows, removed, put[:mine]))
		put = put[mine:]
	}
	n.add(put)
	n.count()
	return &n
}

// extend adds rows behind the last one.
func (s *Snapshot) extend(rows []Row, grow bool) {
	if k := len(s.chunks); k > 0 && len(rows) > 0 {
		last := s.chunks[k-1].rows
		m := min(chunkRows-len(last), len(rows))
		if m > 0 {
			if !grow {
				last = slices.Clip(last)
			}
			s.chunks[k-1] = &chunk{append(last, rows[:m]...)}
			rows = rows[m:]
		}
	}
	s.add(slices.Clone(rows))
}

// add takes rows over as chunks.
func (s *Snapshot) add(rows []Row) {
	if len(rows) == 0 {
		return
	}
	if k := len(s.chunks); k > 0 && len(rows) < chunkRows/4 {
		if last := s.chunks[k-1].rows; len(last)+len(rows) <= chunkRows/2 {
			s.chunks[k-1] = &chunk{slices.Concat(last, rows)}
			return
		}
	}
	for len(rows) > 0 {
		m := min(chunkRows, len(rows))
		s.chunks = append(s.chunks, &chunk{rows[:m:m]})
		rows = rows[m:]
	}
}

func (s *Snapshot) count() {
	s.starts = make([]uint32, len(s.chunks))
	s.n = 0
	for i, c := range s.chunks {
		s.starts[i] = s.n
		s.n += uint32(len(c.rows))
	}
}

// merge makes new rows of old ones without removed and with put.
func merge(rows []Row, removed []UIDRange, put []Row) []Row {
	out := make([]Row, 0, len(rows)+len(put))
	for _, r := range rows {
		for len(put) > 0 && put[0].UID < r.UID {
			out = append(out, put[0])
			put = put[1:]
		}
		for len(removed) > 0 && removed[0].Last < r.UID {
			removed = removed[1:]
		}
		gone := len(removed) > 0 && removed[0].First <= r.UID
		if len(put) > 0 && put[0].UID == r.UID {
			r, put, gone = put[0], put[1:], false
		}
		if !gone {
			out = append(out, r)
		}
	}
	return append(out, put...)
}
