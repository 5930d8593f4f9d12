package mailbox

// difference is what tells one snapshot from a later one of the same mailbox.
type difference struct {
	removed []uint32 // sequence numbers in the old one, ascending
	gone    []Row    // the same as rows
	added   []uint32 // sequence numbers in the new one, ascending
	changed []uint32 // sequence numbers in the new one of rows with another MODSEQ
}

// cursor walks a snapshot by chunk and row.
type cursor struct {
	s  *Snapshot
	i  int // chunk
	at int // row in it
}

func (c *cursor) end() bool   { return c.i >= len(c.s.chunks) }
func (c *cursor) rows() []Row { return c.s.chunks[c.i].rows }
func (c *cursor) row() Row    { return c.rows()[c.at] }
func (c *cursor) seq() uint32 { return c.s.starts[c.i] + uint32(c.at) + 1 }
func (c *cursor) skip(n int) {
	if c.at += n; c.at >= len(c.rows()) {
		c.i, c.at = c.i+1, 0
	}
}

// shared is how many rows from here on are the same memory in both.
func shared(a, b *cursor) int {
	if a.end() || b.end() {
		return 0
	}
	x, y := a.rows()[a.at:], b.rows()[b.at:]
	if &x[0] != &y[0] {
		return 0
	}
	return min(len(x), len(y))
}

// diff compares two snapshots; where they share chunks it does not look.
func diff(from, to *Snapshot) difference {
	var d difference
	if from == to {
		return d
	}
	a, b := &cursor{s: from}, &cursor{s: to}
	for !a.end() || !b.end() {
		if n := shared(a, b); n > 0 {
			a.skip(n)
			b.skip(n)
			continue
		}
		switch {
		case b.end() || !a.end() && a.row().UID < b.row().UID:
			d.removed = append(d.removed, a.seq())
			d.gone = append(d.gone, a.row())
			a.skip(1)
		case a.end() || b.row().UID < a.row().UID:
			d.added = append(d.added, b.seq())
			b.skip(1)
		default:
			if a.row().ModSeq != b.row().ModSeq {
				d.changed = append(d.changed, b.seq())
			}
			a.skip(1)
			b.skip(1)
		}
	}
	return d
}
