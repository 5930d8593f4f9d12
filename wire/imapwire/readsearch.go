package imapwire

import (
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"postern/wire/mime"
)

func (d *Decoder) readSearch(uid bool) Command {
	c := &Search{UID: uid}
	d.space(d.verb)
	if d.nextIs("RETURN ") {
		d.pos += len("RETURN ")
		c.Extended = true
		c.Return = d.searchReturn()
		d.space("the result options")
	}
	if d.nextIs("CHARSET ") {
		d.pos += len("CHARSET ")
		c.Charset = strings.ToUpper(string(d.astring("a charset")))
		if d.ok() && !knownCharset(c.Charset) {
			d.fail(BadCharset, "unknown charset, use UTF-8")
			d.bad.Saves = c.Return&SearchSave != 0
		}
		d.space("the charset")
	}
	s := searchReader{d: d, charset: c.Charset}
	c.Key = s.all(0)
	return c
}

// searchReturn takes the list of result options.
func (d *Decoder) searchReturn() (ret SearchReturn) {
	d.list("a result option", func() {
		var room [24]byte
		start := d.pos
		switch string(d.keyword(&room)) {
		case "MIN":
			ret |= SearchMin
		case "MAX":
			ret |= SearchMax
		case "ALL":
			ret |= SearchAll
		case "COUNT":
			ret |= SearchCount
		case "SAVE":
			ret |= SearchSave
		default:
			d.pos = start
			d.expected("MIN, MAX, ALL, COUNT or SAVE as a result option")
		}
	})
	if ret == 0 {
		ret = SearchAll
	}
	return ret
}

func isUTF8(charset string) bool { return charset == "" || charset == "UTF-8" || charset == "US-ASCII" }

// knownCharset tells whether strings in charset can be read.
func knownCharset(charset string) bool {
	if isUTF8(charset) {
		return true
	}
	_, known := mime.NewCharsetReader(charset, strings.NewReader(""))
	return known
}

// searchReader reads the keys of one SEARCH.
type searchReader struct {
	d       *Decoder
	charset string
}

// all takes keys up to the end of the line or to ")".
func (s searchReader) all(depth int) SearchKey {
	d := s.d
	and := SearchKey{Op: OpAnd}
	for d.ok() {
		and.Keys = append(and.Keys, s.key(depth))
		if d.peek() != ' ' || d.pos+1 == len(d.line) {
			break
		}
		d.pos++
	}
	return and
}

// key takes one search key.
func (s searchReader) key(depth int) (k SearchKey) {
	d := s.d
	if d.items++; d.items > d.lim.Items {
		d.fail(BadSyntax, "too many search keys, the limit is "+strconv.Itoa(d.lim.Items))
		return k
	}
	if depth > d.lim.Depth {
		d.fail(BadSyntax, "the search is nested too deep, the limit is "+strconv.Itoa(d.lim.Depth))
		return k
	}
	switch c := d.peek(); {
	case c == '(':
		d.pos++
		k = s.all(depth + 1)
		d.want(')', ") at the end of the search keys")
		if len(k.Keys) == 1 {
			k = k.Keys[0]
		}
		return k
	case '0' <= c && c <= '9', c == '*', c == '$':
		return SearchKey{Op: OpSeq, Set: d.set()}
	}
	var room [24]byte
	start := d.pos
	word := d.keyword(&room)
	op, args := searchOp(word)
	if args == argUnknown {
		d.pos = start
		d.expected("a search key such as SUBJECT")
		return k
	}
	k.Op = op
	if args != argNone {
		d.space(string(word))
		s.args(&k, args, depth)
	}
	return k
}

// args takes the arguments of a key, after the space.
func (s searchReader) args(k *SearchKey, args searchArgs, depth int) {
	d := s.d
	switch args {
	case argText:
		k.Text = s.text()
	case argHeader:
		k.Field = string(d.astring("a header field name"))
		d.space("the header field name")
		k.Text = s.text()
	case argKeyword:
		k.Text = d.atom("a keyword")
	case argObjectID:
		k.Text = d.atom("an object id")
	case argDate:
		k.Date = d.date()
	case argSize:
		k.N = d.number("a size", math.MaxInt64)
	case argSeconds:
		if k.N = d.number("a number of seconds", math.MaxUint32); d.ok() && k.N == 0 {
			d.fail(BadSyntax, "the number of seconds may not be 0")
		}
	case argUIDs:
		k.Set = d.set()
	case argModSeq:
		s.modSeq(k)
	case argOne:
		k.Keys = []SearchKey{s.key(depth + 1)}
	case argTwo:
		k.Keys = make([]SearchKey, 2)
		k.Keys[0] = s.key(depth + 1)
		d.space("the first search key of OR")
		k.Keys[1] = s.key(depth + 1)
	case argNone, argUnknown:
	}
}

// modSeq takes what stands after MODSEQ (RFC 7162 §3.1.5).
func (s searchReader) modSeq(k *SearchKey) {
	d := s.d
	if d.peek() == '"' {
		k.Field = string(d.quoted())
		d.space("the entry name")
		var room [24]byte
		start := d.pos
		switch string(d.keyword(&room)) {
		case "PRIV", "SHARED", "ALL":
		default:
			d.pos = start
			d.expected("priv, shared or all after the entry name")
		}
		d.space("the entry type")
	}
	k.N = uint64(d.modSeq())
}

// text takes a string to search for and gives it in UTF-8.
func (s searchReader) text() string {
	raw := string(s.d.astring("a string to search for"))
	if !isUTF8(s.charset) {
		r, _ := mime.NewCharsetReader(s.charset, strings.NewReader(raw))
		var b strings.Builder
		if _, err := io.Copy(&b, r); err != nil {
			s.d.fail(BadSyntax, "expected a string in the charset "+s.charset)
		}
		return b.String()
	}
	if !utf8.ValidString(raw) {
		s.d.fail(BadSyntax, "expected a string in UTF-8 to search for")
	}
	return raw
}
