package mime

import "fmt"

// lawful checks what Part's comments promise of every tree.
func lawful(m *Message) error {
	if m.Root.HeaderStart != 0 || m.Root.BodyEnd != m.Size {
		return fmt.Errorf("root is %d-%d of %d bytes", m.Root.HeaderStart, m.Root.BodyEnd, m.Size)
	}
	return lawfulPart(m.Root, 0, m.Size)
}

func lawfulPart(p *Part, from, most int64) error {
	if p.HeaderStart < from || p.BodyStart < p.HeaderStart || p.BodyEnd < p.BodyStart || p.BodyEnd > most {
		return fmt.Errorf("%s/%s at %d-%d-%d is not within %d-%d", p.Type, p.Subtype, p.HeaderStart, p.BodyStart, p.BodyEnd, from, most)
	}
	if p.Lines < 0 || p.Lines > p.Size() || p.Type == "" || p.Subtype == "" || p.Encoding == "" {
		return fmt.Errorf("part %+v lacks something", *p)
	}
	if p.IsMultipart() != (len(p.Children) > 0) || isMessageType(p) != (p.Embedded != nil) {
		return fmt.Errorf("%s/%s has %d children, embedded %v", p.Type, p.Subtype, len(p.Children), p.Embedded != nil)
	}
	from = p.BodyStart
	for _, c := range p.Children {
		if err := lawfulPart(c, from, p.BodyEnd); err != nil {
			return err
		}
		from = c.BodyEnd
	}
	if p.Embedded != nil {
		r := p.Embedded.Root
		if r.HeaderStart != p.BodyStart || r.BodyEnd != p.BodyEnd {
			return fmt.Errorf("embedded message at %d-%d, its part's body at %d-%d", r.HeaderStart, r.BodyEnd, p.BodyStart, p.BodyEnd)
		}
		return lawfulPart(r, p.BodyStart, p.BodyEnd)
	}
	return nil
}
