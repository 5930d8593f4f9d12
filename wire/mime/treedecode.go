package mime

import (
	"postern/fault"
)

// DecodeTree reads what AppendTree wrote; an error is fault.Damaged. It keeps
// nothing of b. The tree it gives holds the laws of Part: children in order
// and within their parents, a multipart never without one. Its memory is
// bounded by a multiple of len(b).
func DecodeTree(b []byte) (*Part, error) {
	if len(b) == 0 || b[0] != treeVersion {
		return nil, fault.New(fault.Damaged, "mime.DecodeTree", "no part tree of version %d", treeVersion)
	}
	d := treeDecoder{s: string(b[1:])}
	p := d.part(0, maxOffset, 0)
	if d.bad || d.i != len(d.s) {
		return nil, fault.New(fault.Damaged, "mime.DecodeTree", "part tree broken at byte %d of %d", d.i+1, len(b))
	}
	return p, nil
}

const (
	maxOffset = 1 << 53 // of any message
	minPart   = 8       // bytes of an encoded part at least
	minParam  = 2       // and of a parameter
)

// treeDecoder reads on until bad is set; then everything is zero.
type treeDecoder struct {
	s   string
	i   int
	bad bool
}

func (d *treeDecoder) fail() { d.bad, d.i = true, len(d.s) }

func (d *treeDecoder) number() uint64 {
	var n uint64
	for shift := uint(0); d.i < len(d.s) && shift < 63; shift += 7 {
		c := d.s[d.i]
		d.i++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.fail()
	return 0
}

// count reads a number of things that take at least size bytes each.
func (d *treeDecoder) count(size int) int {
	n := d.number()
	if n > uint64((len(d.s)-d.i)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

// offset reads a distance from base that must not pass most.
func (d *treeDecoder) offset(base, most int64) int64 {
	n := d.number()
	if n > uint64(most-base) {
		d.fail()
		return base
	}
	return base + int64(n)
}

func (d *treeDecoder) word() string {
	n := d.number()
	if n&1 == 1 {
		if n/2 >= uint64(len(treeWords)) {
			d.fail()
			return ""
		}
		return treeWords[n/2]
	}
	if n /= 2; n > uint64(len(d.s)-d.i) {
		d.fail()
		return ""
	}
	start := d.i
	d.i += int(n)
	return d.s[start:d.i]
}

func (d *treeDecoder) params() Params {
	n := d.count(minParam)
	if n == 0 {
		d.fail() // an empty list has no bit in the mask
		return nil
	}
	params := make(Params, n)
	for i := range params {
		params[i].Name = d.word()
		params[i].Value = d.word()
	}
	return params
}

// part reads one part that lies between the offsets from and most.
func (d *treeDecoder) part(from, most int64, depth int) *Part {
	mask := d.number()
	if mask >= treeMaskEnd || depth > MaxDepth+2 {
		d.fail()
	}
	p := &Part{Type: d.word(), Subtype: d.word(), Encoding: d.word()}
	p.HeaderStart = d.offset(from, most)
	p.BodyStart = d.offset(p.HeaderStart, most)
	p.BodyEnd = d.offset(p.BodyStart, most)
	p.Lines = d.offset(0, maxOffset)
	d.fields(p, mask)
	if d.bad {
		return p
	}
	switch {
	case p.Type == "multipart":
		n := d.count(minPart)
		if n == 0 {
			d.fail()
			return p
		}
		p.Children = make([]*Part, n)
		from = p.BodyStart
		for i := range p.Children {
			p.Children[i] = d.part(from, p.BodyEnd, depth+1)
			if d.bad {
				return p
			}
			from = p.Children[i].BodyEnd
		}
	case isMessageType(p):
		p.Embedded = &Embedded{Root: d.part(p.BodyStart, p.BodyEnd, depth+1)}
	}
	return p
}

func (d *treeDecoder) fields(p *Part, mask uint64) {
	if mask&treeParams != 0 {
		p.Params = d.params()
	}
	if mask&treeID != 0 {
		p.ID = d.word()
	}
	if mask&treeDescription != 0 {
		p.Description = d.word()
	}
	if mask&treeMD5 != 0 {
		p.MD5 = d.word()
	}
	if mask&treeDisposition != 0 {
		p.Disposition = d.word()
	}
	if mask&treeDispositionParams != 0 {
		p.DispositionParams = d.params()
	}
	if mask&treeLanguage != 0 {
		p.Language = make([]string, d.count(1))
		for i := range p.Language {
			p.Language[i] = d.word()
		}
	}
	if mask&treeLocation != 0 {
		p.Location = d.word()
	}
}
