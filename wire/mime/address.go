package mime

import "strings"

// ParseAddressList reads the value of an address field (RFC 5322 §3.4 and
// §4.4). It takes anything and finds what it can, at most limit addresses (all
// for limit <= 0).
func ParseAddressList(value string, limit int) []Address {
	if limit <= 0 {
		limit = len(value) + 2
	}
	list, _ := parseAddresses(value, limit)
	return list
}

// maxTokens bounds the words of one address; those beyond are left out.
const maxTokens = 256

// addressParser splits the value into tokens and puts each address together
// when the separator after it has been met.
type addressParser struct {
	s       string
	i       int
	list    []Address
	toks    []token
	comment string // the last one of the address under way
	angle   *Address
	group   bool
	inAngle bool
	open    bool // a quote that nothing closes has been met
	store   [8]token
	found   Address
	gt      int // the next '>' at or after i, if it is not before i
}

// closing tells whether a '>' follows; each byte is looked at once.
func (p *addressParser) closing() bool {
	if p.gt < p.i {
		p.gt = len(p.s)
		if n := strings.IndexByte(p.s[p.i:], '>'); n >= 0 {
			p.gt = p.i + n
		}
	}
	return p.gt < len(p.s)
}

// token is a word, a quoted string, a domain literal or an '@'.
type token struct {
	text  string // unquoted
	at    bool   // it is the '@'
	space bool   // white space or a comment comes before it
}

func parseAddresses(s string, limit int) (list []Address, more bool) {
	p := addressParser{s: s, gt: -1}
	p.toks = p.store[:0]
	for p.i < len(s) {
		if len(p.list) >= limit {
			return p.list, strings.Trim(s[p.i:], " \t,;") != ""
		}
		p.next()
	}
	p.end()
	if p.group {
		p.add(Address{Kind: GroupEnd})
	}
	return p.list, false
}

func (p *addressParser) add(a Address) {
	if p.list == nil {
		p.list = make([]Address, 0, 1+min(strings.Count(p.s[p.i:], ","), 1000))
	}
	p.list = append(p.list, a)
}

func (p *addressParser) next() {
	switch c := p.s[p.i]; c {
	case ' ', '\t', '\r', '\n', '>', ')', ']':
		p.i++
	case ',':
		p.i++
		p.end()
	case ';': // the end of a group, or the comma of some Windows mailers
		p.i++
		p.end()
		if p.group {
			p.group = false
			p.add(Address{Kind: GroupEnd})
		}
	case '(':
		p.comment = p.readComment()
	case '<':
		p.i++
		p.readAngle()
	case ':':
		p.i++
		p.startGroup()
	default:
		p.word()
	}
}

// word reads one token.
func (p *addressParser) word() {
	if p.open && p.s[p.i] == '"' {
		p.i++
		return
	}
	space := p.i > 0 && (isSpace(p.s[p.i-1]) || p.s[p.i-1] == ')')
	t := token{space: space}
	switch p.s[p.i] {
	case '"':
		value, rest := unquote(p.s[p.i:])
		if p.open = p.open || rest == "" && p.s[len(p.s)-1] != '"'; p.open {
			p.i++ // no quote closes it: it is junk, and so are all others
			return
		}
		t.text = value
		p.i = len(p.s) - len(rest)
	case '[':
		end := strings.IndexAny(p.s[p.i:], "],<> \t")
		if end < 0 {
			end = len(p.s) - p.i
		} else if p.s[p.i+end] == ']' {
			end++
		}
		t.text = p.s[p.i : p.i+end]
		p.i += end
	case '@':
		t.text, t.at = "@", true
		p.i++
	default:
		start := p.i
		for p.i < len(p.s) && !endsAtom(p.s[p.i]) {
			p.i++
		}
		t.text = p.s[start:p.i]
	}
	p.push(t)
}

// push keeps a token, if the address has not got too many; half of them are
// left for what is in angle brackets.
func (p *addressParser) push(t token) {
	if len(p.toks) < maxTokens/2 || p.inAngle && len(p.toks) < maxTokens {
		p.toks = append(p.toks, t)
	}
}

func endsAtom(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ';', ':', '<', '>', '(', ')', '"', '@', ']':
		return true
	}
	return false
}

// readComment reads a comment, nested ones included, and gives its inside.
func (p *addressParser) readComment() string {
	start, depth := p.i+1, 0
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.i++
				return p.s[start : p.i-1]
			}
		}
	}
	p.i = len(p.s)
	return p.s[min(start, p.i):p.i]
}

// startGroup makes a group of the words before a colon. A colon after an '@'
// or within a group is junk.
func (p *addressParser) startGroup() {
	if p.group || p.angle != nil || p.lastAt() >= 0 {
		return
	}
	name := joinWords(p.toks)
	p.toks = p.toks[:0]
	p.group = true
	p.add(Address{Kind: GroupStart, Mailbox: name})
}

// readAngle reads what is between angle brackets; without the closing one it
// goes to the next separator.
func (p *addressParser) readAngle() {
	if p.angle != nil { // "<a@b> <c@d>": two addresses without a comma
		p.end()
	}
	p.inAngle = true
	name := len(p.toks)
	route := ""
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case '>':
			p.i++
			p.endAngle(name, route)
			return
		case ' ', '\t', '\r', '\n', '<', ')', ']':
			p.i++
		case '(':
			p.comment = p.readComment()
		case ':': // the end of a source route (RFC 5322 §4.4)
			route = routeOf(p.toks[name:])
			p.toks = p.toks[:name]
			p.i++
		case ',', ';':
			if c == ',' && name < len(p.toks) && p.toks[name].at && p.closing() { // within a source route
				p.push(token{text: ","})
				p.i++
				continue
			}
			p.endAngle(name, route)
			return
		default:
			p.word()
		}
	}
	p.endAngle(name, route)
}

func routeOf(toks []token) string {
	var b strings.Builder
	for _, t := range toks {
		b.WriteString(t.text)
	}
	return b.String()
}

func (p *addressParser) endAngle(name int, route string) {
	_, mailbox, host := splitSpec(p.toks[name:], true)
	p.toks, p.inAngle = p.toks[:name], false
	p.found = Address{Route: route, Mailbox: mailbox, Host: host}
	p.angle = &p.found
}

// end puts the address under way together, if there is one.
func (p *addressParser) end() {
	toks, angle, comment := p.toks, p.angle, p.comment
	p.toks, p.angle, p.comment = p.toks[:0], nil, ""
	var a Address
	switch {
	case angle != nil:
		a = *angle
		a.Name = joinWords(toks)
	case len(toks) > 0:
		var words []token
		words, a.Mailbox, a.Host = splitSpec(toks, false)
		a.Name = joinWords(words)
	default:
		return
	}
	if a.Name == "" {
		a.Name = trimSpace(comment)
	}
	if a != (Address{}) {
		p.add(a)
	}
}

func (p *addressParser) lastAt() int { return lastAt(p.toks) }

func lastAt(toks []token) int {
	for i := len(toks) - 1; i >= 0; i-- {
		if toks[i].at {
			return i
		}
	}
	return -1
}

// splitSpec finds local part and host around the last '@'. In angle brackets
// all of the rest belongs to them, otherwise only the words that touch: what
// comes before is a display name without its brackets.
func splitSpec(toks []token, whole bool) (words []token, mailbox, host string) {
	at := lastAt(toks)
	if at < 0 {
		return nil, joinWords(toks), ""
	}
	start, end := 0, len(toks)
	if !whole {
		start = max(at-1, 0)
		for start > 0 && touches(toks[start-1], toks[start]) {
			start--
		}
		end = min(at+2, len(toks))
		for end < len(toks) && end > at+1 && touches(toks[end-1], toks[end]) {
			end++
		}
	}
	words = toks[:start]
	if start == 0 && end < len(toks) {
		words = toks[end:]
	}
	return words, concat(toks[start:at]), concat(toks[at+1 : end])
}

// touches tells whether two tokens are of one dot-atom, obsolete white space
// around the dots included.
func touches(a, b token) bool {
	return !b.space || strings.HasSuffix(a.text, ".") || strings.HasPrefix(b.text, ".")
}

func concat(toks []token) string {
	switch len(toks) {
	case 0:
		return ""
	case 1:
		return toks[0].text
	}
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && !touches(toks[i-1], t) {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// joinWords makes a phrase of tokens, with one space where there was any.
func joinWords(toks []token) string {
	if len(toks) == 1 {
		return toks[0].text
	}
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && t.space {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}
