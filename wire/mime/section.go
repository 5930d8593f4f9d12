package mime

// Section finds the part with the IMAP number path (RFC 9051 §6.4.5.1); p must
// be the root of a message. An empty path is p itself. A message that is no
// multipart is its own part 1, and so is one inside a message/rfc822 part.
func (p *Part) Section(path []int) (*Part, bool) {
	root := true // p is a message and has not been numbered yet
	for _, n := range path {
		if !root && p.Embedded != nil {
			p, root = p.Embedded.Root, true
		}
		switch {
		case n < 1:
			return nil, false
		case len(p.Children) > 0:
			if n > len(p.Children) {
				return nil, false
			}
			p = p.Children[n-1]
		case !root || n != 1:
			return nil, false
		}
		root = false
	}
	return p, true
}

// Range gives the bytes [start, end) of an IMAP section of the message whose
// root is p. ok is false if the message has no such section; IMAP answers NIL
// or an empty string then.
//
//	SpecNone    without a path the whole message, with one the part's body
//	SpecHeader  the header of the message or of the message/rfc822 part's message
//	SpecText    its body
//	SpecMIME    the part's own header; needs a path
func (p *Part) Range(spec Specifier, path []int) (start, end int64, ok bool) {
	part, ok := p.Section(path)
	if !ok {
		return 0, 0, false
	}
	switch spec {
	case SpecMIME:
		return part.HeaderStart, part.BodyStart, len(path) > 0
	case SpecHeader, SpecText:
		if len(path) > 0 {
			if part.Embedded == nil {
				return 0, 0, false
			}
			part = part.Embedded.Root
		}
		if spec == SpecHeader {
			return part.HeaderStart, part.BodyStart, true
		}
	case SpecNone:
		if len(path) == 0 {
			return part.HeaderStart, part.BodyEnd, true
		}
	}
	return part.BodyStart, part.BodyEnd, true
}

// Walk calls f for p and every part below it, embedded messages' too, in the
// order of their bytes, until f returns false; so does Walk then.
func (p *Part) Walk(f func(p *Part) bool) bool {
	if !f(p) {
		return false
	}
	for _, c := range p.Children {
		if !c.Walk(f) {
			return false
		}
	}
	return p.Embedded == nil || p.Embedded.Root.Walk(f)
}
