package mime

// tree is the way from the root to the part under way.
type tree struct {
	frames []frame
	active int // frames with a boundary
	depth  int // the limit of len(frames)
	parts  int // how many more parts may be opened
	params int // how many more parameters may be kept
	addrs  int // how many more addresses may be kept

	// keys counts the active boundaries by boundaryKey, so that one look
	// tells of nearly every line that it is none of them.
	keys [256]uint16
}

type frame struct {
	part     *Part
	message  bool   // its header is that of a message
	digest   bool   // its default type is message/rfc822 (RFC 2046 §5.1.5)
	boundary string // "" if it has none, has been closed or is folded
	startLF  int64  // line feeds before its body
}

func (t *tree) init(l Limits) {
	t.depth, t.parts, t.params, t.addrs = l.Depth, l.Parts, totalParams, l.Addresses
	t.frames = make([]frame, 0, 4)
}

func (t *tree) top() *frame { return &t.frames[len(t.frames)-1] }

// full tells whether the top frame may not get children.
func (t *tree) full() bool { return t.parts <= 0 || len(t.frames) > t.depth }

func boundaryKey[T string | []byte](b T) byte {
	n := len(b)
	return byte(n*7) ^ b[0] ^ b[n/2]<<1 ^ b[n-1]<<3
}

func (t *tree) setBoundary(f *frame, b string) {
	if f.boundary != "" {
		t.keys[boundaryKey(f.boundary)]--
		t.active--
	}
	f.boundary = b
	if b != "" {
		t.keys[boundaryKey(b)]++
		t.active++
	}
}

// match finds the innermost open multipart whose boundary line holds c after
// its two hyphens, or -1. Only an exact match counts, as nearly all clients
// have it: a prefix match, which RFC 2046 §5.1.1 would allow, splits messages
// whose nested boundaries begin alike.
func (t *tree) match(c []byte) (i int, closes bool) {
	n := len(c)
	if n == 0 {
		return -1, false
	}
	opens := t.keys[boundaryKey(c)] != 0
	closes = n > 2 && c[n-1] == '-' && c[n-2] == '-' && t.keys[boundaryKey(c[:n-2])] != 0
	if !opens && !closes {
		return -1, false
	}
	for i := len(t.frames) - 1; i >= 0; i-- {
		switch b := t.frames[i].boundary; {
		case b == "":
		case opens && string(c) == b:
			return i, false
		case closes && string(c[:n-2]) == b:
			return i, true
		}
	}
	return -1, false
}

// openPart begins a part at offset at with its header.
func (s *Scanner) openPart(at int64, message, digest bool) *Part {
	p := &Part{HeaderStart: at}
	s.tree.frames = append(s.tree.frames, frame{part: p, message: message, digest: digest})
	s.tree.parts--
	s.inHeader = true
	s.state = atHeaderLine
	return p
}

// finishHeader ends the header of the top frame at offset at, with lf line
// feeds before it.
func (s *Scanner) finishHeader(at, lf int64) {
	s.inHeader = false
	s.state = atBodyLine
	f := s.tree.top()
	p := f.part
	p.BodyStart, f.startLF = at, lf
	env := s.applyFields(f)
	switch {
	case p.Type == "multipart":
		if s.tree.full() {
			s.fold(p)
			break
		}
		if b := p.Params.boundary(); len(b) <= maxBoundary {
			s.tree.setBoundary(f, b)
		}
		s.beginShot(p)
	case isMessageType(p):
		switch {
		case s.tree.full():
			s.fold(p)
		case isIdentity(p.Encoding):
			p.Embedded = &Embedded{}
			p.Embedded.Root = s.openPart(at, true, false)
		}
	default:
		s.beginShot(p)
	}
	if env == nil {
		return
	}
	if p == s.msg.Root {
		s.msg.Envelope = *env
	} else if i := s.ownerOf(p); i >= 0 {
		s.tree.frames[i].part.Embedded.Envelope = *env
	}
}

// beginShot keeps the beginning of p for the preview, unless there is one.
func (s *Scanner) beginShot(p *Part) {
	if s.msg.Preview == "" && !s.shot.on {
		s.shot.begin(p, s.limits.PreviewBytes)
	}
}

// ownerOf finds the frame of the message part that p is the root of.
func (s *Scanner) ownerOf(p *Part) int {
	for i := len(s.tree.frames) - 1; i >= 0; i-- {
		if e := s.tree.frames[i].part.Embedded; e != nil && e.Root == p {
			return i
		}
	}
	return -1
}

// fold makes an opaque leaf of a part whose insides are over a limit.
func (s *Scanner) fold(p *Part) {
	p.Type, p.Subtype, p.Params = "application", "octet-stream", nil
	s.msg.Traits |= Folded
}

// boundary acts on a boundary line of frame i; pos is after the line. The line
// end before it is part of it.
func (s *Scanner) boundary(i int, closes bool) {
	end, lf := s.dashAt-int64(s.dashEOL), s.lf-1
	if s.eolAfterDash() {
		lf--
	}
	if s.dashEOL == 0 {
		lf++
	}
	s.closeTo(i+1, end, lf)
	f := s.tree.top()
	s.state = atBodyLine
	if s.shot.part == f.part { // what has been kept is the preamble
		s.shot.drop()
	}
	switch {
	case closes:
		s.tree.setBoundary(f, "") // what follows is the epilogue
	case s.tree.parts <= 0:
		s.msg.Traits |= Folded
		s.tree.setBoundary(f, "")
		p := &Part{HeaderStart: s.here(), BodyStart: s.here(), Type: "application", Subtype: "octet-stream", Encoding: "binary"}
		f.part.Children = append(f.part.Children, p)
		s.tree.frames = append(s.tree.frames, frame{part: p, startLF: s.lf})
	default:
		parent := f.part
		digest := parent.Subtype == "digest"
		parent.Children = append(parent.Children, s.openPart(s.here(), false, digest))
	}
}

// eolAfterDash tells whether the boundary line itself ended with a line feed:
// always, but at the end of the message.
func (s *Scanner) eolAfterDash() bool { return !s.closed }

// closeTo closes the frames from the top down to frame i. Their bodies end at
// offset end with lf line feeds before it, or where they began if that is later
// (a boundary line right after the header).
func (s *Scanner) closeTo(i int, end, lf int64) {
	lineStart, lineLF := s.dashAt, lf+1
	later := func(at int64) {
		if end < at {
			end = at
			if at == lineStart {
				lf = lineLF
			}
		}
	}
	for s.inHeader {
		later(s.tree.top().part.HeaderStart)
		if len(s.tree.frames) <= i {
			break
		}
		s.endField()
		s.finishHeader(end, lf)
	}
	for len(s.tree.frames) > i {
		f := s.tree.top()
		p := f.part
		later(p.BodyStart)
		p.BodyEnd, p.Lines = end, lf-f.startLF
		s.tree.setBoundary(f, "")
		s.complete(p)
		if s.shot.part == p {
			s.shot.upTo(s, end)
			if p.IsMultipart() { // without parts: its one text
				s.shot.part = p.Children[0]
			}
			s.msg.Preview = s.shot.end()
		}
		s.tree.frames = s.tree.frames[:len(s.tree.frames)-1]
	}
}

// complete gives a multipart without parts, and an encoded message, the one
// text leaf that the types promise.
func (s *Scanner) complete(p *Part) {
	whole := func() *Part {
		return &Part{
			HeaderStart: p.BodyStart, BodyStart: p.BodyStart, BodyEnd: p.BodyEnd, Lines: p.Lines,
			Type: "text", Subtype: "plain", Params: defaultParams(), Encoding: defaultCTE,
		}
	}
	switch {
	case p.Type == "multipart" && len(p.Children) == 0:
		p.Children = []*Part{whole()}
	case isMessageType(p) && p.Embedded == nil:
		p.Embedded = &Embedded{Root: whole()}
	}
}

func defaultParams() Params { return Params{{"charset", "us-ascii"}} }

func isMessageType(p *Part) bool {
	return p.Type == "message" && (p.Subtype == "rfc822" || p.Subtype == "global")
}
