package imapwire

import (
	"math"
	"strconv"
)

func (d *Decoder) readFetch(uid bool) Command {
	c := &Fetch{UID: uid, Set: d.setAfterVerb()}
	d.space("the sequence set")
	if uid {
		c.Items = FetchUID
	}
	if d.peek() == '(' {
		d.list("a fetch item", func() { d.fetchItem(c, false) })
		if d.ok() && len(c.Sections) == 0 && c.Items&^FetchUID == 0 && d.line[d.pos-2] == '(' {
			d.fail(BadSyntax, "expected a fetch item such as FLAGS in the list")
		}
	} else {
		d.fetchItem(c, true)
	}
	if d.more() {
		d.fetchModifiers(c)
	}
	return c
}

// fetchItem takes one data item, or a macro where one may stand.
func (d *Decoder) fetchItem(c *Fetch, macro bool) {
	var room [24]byte
	start := d.pos
	word := d.keyword(&room)
	if macro {
		if items := fetchMacro(word); items != 0 {
			c.Items |= items
			return
		}
	}
	if d.peek() != '[' || string(word) == "PREVIEW" {
		if bits := plainItem(word); bits != 0 {
			c.Items |= bits
			if bits == FetchPreview {
				c.Items |= d.previewModifier()
			}
			return
		}
	}
	s, ok := sectionKind(word)
	if !ok {
		d.pos = start
		d.expected("a fetch item such as FLAGS")
		return
	}
	if s.Kind <= SectionBinarySize {
		d.section(&s)
	}
	d.addSection(c, s)
}

func fetchMacro(word []byte) FetchItems {
	const fast = FetchFlags | FetchInternalDate | FetchSize
	switch string(word) {
	case "FAST":
		return fast
	case "ALL":
		return fast | FetchEnvelope
	case "FULL":
		return fast | FetchEnvelope | FetchBody
	}
	return 0
}

func plainItem(word []byte) FetchItems {
	switch string(word) {
	case "UID":
		return FetchUID
	case "FLAGS":
		return FetchFlags
	case "INTERNALDATE":
		return FetchInternalDate
	case "RFC822.SIZE":
		return FetchSize
	case "ENVELOPE":
		return FetchEnvelope
	case "BODY":
		return FetchBody
	case "BODYSTRUCTURE":
		return FetchBodyStructure
	case "MODSEQ":
		return FetchModSeq
	case "EMAILID":
		return FetchEmailID
	case "THREADID":
		return FetchThreadID
	case "SAVEDATE":
		return FetchSaveDate
	case "PREVIEW":
		return FetchPreview
	}
	return 0
}

func sectionKind(word []byte) (s FetchSection, ok bool) {
	switch string(word) {
	case "BODY":
		return FetchSection{Kind: SectionBody}, true
	case "BODY.PEEK":
		return FetchSection{Kind: SectionBody, Peek: true}, true
	case "BINARY":
		return FetchSection{Kind: SectionBinary}, true
	case "BINARY.PEEK":
		return FetchSection{Kind: SectionBinary, Peek: true}, true
	case "BINARY.SIZE":
		return FetchSection{Kind: SectionBinarySize, Peek: true}, true
	case "RFC822":
		return FetchSection{Kind: SectionRFC822}, true
	case "RFC822.HEADER":
		return FetchSection{Kind: SectionRFC822Header, Peek: true, Text: TextHeader}, true
	case "RFC822.TEXT":
		return FetchSection{Kind: SectionRFC822Text, Text: TextBody}, true
	}
	return s, false
}

// previewModifier takes " (LAZY)" if it is there (RFC 8970 §3.1).
func (d *Decoder) previewModifier() FetchItems {
	if !d.nextIs(" (LAZY)") {
		return 0
	}
	d.pos += len(" (LAZY)")
	return FetchPreviewLazy
}

// addSection adds s, unless the same was asked for already.
func (d *Decoder) addSection(c *Fetch, s FetchSection) {
	for i := range c.Sections {
		if c.Sections[i].same(&s) {
			c.Sections[i].Peek = c.Sections[i].Peek && s.Peek
			return
		}
	}
	c.Sections = append(c.Sections, s)
}

// same tells whether two sections have the same bytes under the same name.
func (s *FetchSection) same(t *FetchSection) bool {
	if s.Kind != t.Kind || s.Text != t.Text || s.Partial != t.Partial || s.Offset != t.Offset || s.Length != t.Length ||
		len(s.Part) != len(t.Part) || len(s.Fields) != len(t.Fields) {
		return false
	}
	for i, p := range s.Part {
		if t.Part[i] != p {
			return false
		}
	}
	for i, f := range s.Fields {
		if t.Fields[i] != f {
			return false
		}
	}
	return true
}

// section takes "[…]" and "<…>".
func (d *Decoder) section(s *FetchSection) {
	d.want('[', "[ after BODY or BINARY")
	for c := d.peek(); '0' <= c && c <= '9'; c = d.peek() {
		if len(s.Part) == d.lim.Items {
			d.fail(BadSyntax, "too many numbers in a section, the limit is "+strconv.Itoa(d.lim.Items))
			return
		}
		n := d.number("a part number", math.MaxInt32)
		if n == 0 {
			d.fail(BadSyntax, "a part number may not be 0")
			return
		}
		s.Part = append(s.Part, int(n))
		if !d.eat('.') {
			break
		}
		if c := d.peek(); c == ']' || c == 0 {
			d.expected("a part number or TEXT after the .")
		}
	}
	if s.Kind == SectionBody && d.peek() != ']' && (len(s.Part) == 0 || d.pos > 0 && d.line[d.pos-1] == '.') {
		d.sectionText(s)
	}
	d.want(']', "] at the end of the section")
	if s.Kind != SectionBinarySize && d.eat('<') {
		d.partial(s)
	}
}

// sectionText takes the last word of a section.
func (d *Decoder) sectionText(s *FetchSection) {
	var room [24]byte
	start := d.pos
	switch string(d.keyword(&room)) {
	case "HEADER":
		s.Text = TextHeader
	case "TEXT":
		s.Text = TextBody
	case "MIME":
		s.Text = TextMIME
	case "HEADER.FIELDS":
		s.Text = TextHeaderFields
	case "HEADER.FIELDS.NOT":
		s.Text = TextHeaderFieldsNot
	}
	switch {
	case s.Text == TextAll, s.Text == TextMIME && len(s.Part) == 0:
		d.pos = start
		d.expected("a section such as HEADER, TEXT or 1.MIME")
	case s.Text == TextHeaderFields, s.Text == TextHeaderFieldsNot:
		d.space("HEADER.FIELDS")
		d.list("a header field name", func() {
			s.Fields = append(s.Fields, string(d.astring("a header field name")))
		})
		if d.ok() && len(s.Fields) == 0 {
			d.fail(BadSyntax, "expected a header field name in the list")
		}
	}
}

// partial takes "offset.length>".
func (d *Decoder) partial(s *FetchSection) {
	s.Partial = true
	s.Offset = d.number("the offset of a partial fetch", math.MaxInt64)
	d.want('.', ". and a length after the offset")
	s.Length = d.number("the length of a partial fetch", math.MaxInt64)
	d.want('>', "> after the length")
	if d.ok() && s.Length == 0 {
		d.fail(BadSyntax, "the length of a partial fetch may not be 0")
	}
}

// fetchModifiers takes the modifiers of RFC 7162.
func (d *Decoder) fetchModifiers(c *Fetch) {
	d.list("a fetch modifier", func() {
		var room [24]byte
		start := d.pos
		switch string(d.keyword(&room)) {
		case "CHANGEDSINCE":
			d.space("CHANGEDSINCE")
			c.ChangedSince, c.Changed = d.modSeq(), true
			c.Items |= FetchModSeq
		case "VANISHED":
			c.Vanished = true
		default:
			d.pos = start
			d.expected("CHANGEDSINCE or VANISHED as a fetch modifier")
		}
	})
	if d.ok() && c.Vanished && (!c.UID || !c.Changed) { // RFC 7162 §3.2.6
		d.fail(BadSyntax, "VANISHED needs UID FETCH and CHANGEDSINCE")
	}
}
