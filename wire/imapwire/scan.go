package imapwire

import (
	"bytes"
	"math"
	"strconv"

	"postern/mail"
)

// The methods of this file read one piece of grammar each. After the first
// mistake all of them do nothing and give zero values, so a command's reader
// needs no checks but in loops.

func (d *Decoder) ok() bool { return d.bad == nil && d.fatal == nil }

// fail notes the first mistake of the command.
func (d *Decoder) fail(r Reason, text string) {
	if d.ok() {
		d.bad = &SyntaxError{Reason: r, Text: text}
	}
}

// expected notes that something else was to stand here.
func (d *Decoder) expected(what string) {
	if !d.ok() {
		return
	}
	found := "the end of the line"
	if d.pos < len(d.line) {
		switch c := d.line[d.pos]; {
		case c == ' ':
			found = "a space"
		case ' ' < c && c < 0x7f:
			found = "'" + string(rune(c)) + "'"
		default:
			found = "byte " + strconv.Itoa(int(c))
		}
	}
	at := strconv.Itoa(d.base + d.pos + 1)
	d.fail(BadSyntax, "expected "+what+", found "+found+" at position "+at)
}

// peek is the next byte, 0 at the end of the piece or after a mistake.
func (d *Decoder) peek() byte {
	if d.pos < len(d.line) && d.ok() {
		return d.line[d.pos]
	}
	return 0
}

// eat takes the byte c if it is next.
func (d *Decoder) eat(c byte) bool {
	if d.peek() != c || d.pos >= len(d.line) {
		return false
	}
	d.pos++
	return true
}

// want takes the byte c, which has to be next.
func (d *Decoder) want(c byte, what string) {
	if !d.eat(c) {
		d.expected(what)
	}
}

// space takes one space after what.
func (d *Decoder) space(after string) {
	if !d.eat(' ') {
		d.expected("a space after " + after)
	}
}

// end takes the end of the line. Spaces before it are let pass: people type
// commands into openssl s_client.
func (d *Decoder) end() {
	for d.eat(' ') {
	}
	if d.ok() && d.pos < len(d.line) {
		d.expected("the end of the line")
	}
}

// run takes bytes while f holds, in the buffer.
func (d *Decoder) run(f func(byte) bool) []byte {
	if !d.ok() {
		return nil
	}
	start := d.pos
	for d.pos < len(d.line) && f(d.line[d.pos]) {
		d.pos++
	}
	return d.line[start:d.pos]
}

// keyword takes a word of letters, digits, '.', '-' and '=' and gives it in
// upper case; room is where it is put. A longer word is "".
func (d *Decoder) keyword(room *[24]byte) []byte {
	w := d.run(isKeywordChar)
	if len(w) > len(room) {
		return nil
	}
	for i, c := range w {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		room[i] = c
	}
	return room[:len(w)]
}

func isKeywordChar(c byte) bool { return isAlnum(c) || c == '.' || c == '-' || c == '=' || c == '_' }

// atom takes an atom.
func (d *Decoder) atom(what string) string {
	w := d.run(isAtomChar)
	if len(w) == 0 {
		d.expected(what)
	}
	return string(w)
}

// number takes a decimal number up to limit.
func (d *Decoder) number(what string, limit uint64) uint64 {
	if c := d.peek(); c < '0' || c > '9' {
		d.expected(what)
		return 0
	}
	n := uint64(0)
	for d.pos < len(d.line) {
		c := d.line[d.pos] - '0'
		if c > 9 {
			break
		}
		if n > (limit-uint64(c))/10 {
			d.fail(BadSyntax, what+" is over "+strconv.FormatUint(limit, 10))
			return 0
		}
		n = n*10 + uint64(c)
		d.pos++
	}
	return n
}

// modSeq takes a mod-sequence (RFC 7162 §7).
func (d *Decoder) modSeq() mail.ModSeq {
	return mail.ModSeq(d.number("a mod-sequence", math.MaxInt64))
}

// set takes a sequence set.
func (d *Decoder) set() SeqSet {
	if !d.ok() {
		return SeqSet{}
	}
	s, rest, msg := scanSeqSet(d.line[d.pos:], d.lim.Ranges)
	d.pos = len(d.line) - len(rest)
	switch {
	case msg == "":
	case bytes.HasPrefix([]byte(msg), []byte("expected ")):
		d.expected(msg[len("expected "):])
	default:
		d.fail(BadSyntax, msg)
	}
	return s
}

// list takes "(" item *(SP item) ")" or "()" and calls item for each of them;
// what names an item.
func (d *Decoder) list(what string, item func()) {
	d.want('(', "( before "+what)
	if d.eat(')') {
		return
	}
	for n := 0; d.ok(); n++ {
		if n == d.lim.Items {
			d.fail(BadSyntax, "too many items in a list, the limit is "+strconv.Itoa(n))
			return
		}
		item()
		if d.eat(')') {
			return
		}
		if !d.eat(' ') {
			d.expected("a space or ) after " + what)
		}
	}
}

// string takes a quoted string or a literal. The bytes may lie in the buffer:
// they are good until the next piece is read.
func (d *Decoder) string(what string) []byte {
	switch d.peek() {
	case '"':
		return d.quoted()
	case '{':
		return d.literal()
	}
	d.expected(what)
	return nil
}

// quoted takes a quoted string. 8-bit bytes in it are let pass, because curl
// sends passwords as they are.
func (d *Decoder) quoted() []byte {
	d.pos++
	rest := d.line[d.pos:]
	for i, c := range rest {
		switch c {
		case '"':
			d.pos += i + 1
			return rest[:i]
		case '\\':
			return d.escaped(i)
		case 0, '\r':
			d.pos += i
			d.expected("no NUL and no CR in a quoted string")
			return nil
		}
	}
	d.pos = len(d.line)
	d.expected("\" at the end of a quoted string")
	return nil
}

// escaped takes the rest of a quoted string whose first escape is at i.
func (d *Decoder) escaped(i int) []byte {
	rest := d.line[d.pos:]
	out := append(make([]byte, 0, len(rest)), rest[:i]...)
	for ; i < len(rest); i++ {
		c := rest[i]
		switch c {
		case '"':
			d.pos += i + 1
			return out
		case 0, '\r':
			d.pos += i
			d.expected("no NUL and no CR in a quoted string")
			return nil
		case '\\':
			if i++; i >= len(rest) || rest[i] != '"' && rest[i] != '\\' {
				d.pos += i
				d.expected("\" or \\ after \\ in a quoted string")
				return nil
			}
			c = rest[i]
		}
		out = append(out, c)
	}
	d.pos = len(d.line)
	d.expected("\" at the end of a quoted string")
	return nil
}

// astring takes an astring. Beyond the grammar it lets '%', '*', '\' and 8-bit
// bytes pass in an unquoted one: Python's imaplib sends user and mailbox names
// as the script gave them.
func (d *Decoder) astring(what string) []byte {
	switch d.peek() {
	case '"', '{':
		return d.string(what)
	}
	w := d.run(isLooseChar)
	if len(w) == 0 {
		d.expected(what)
	}
	return w
}

func isLooseChar(c byte) bool {
	return isAStringChar(c) || c == '%' || c == '*' || c == '\\' || c >= 0x80
}

// nextIs tells whether the rest of the piece begins with word, in any case.
func (d *Decoder) nextIs(word string) bool {
	return d.ok() && len(d.line)-d.pos >= len(word) && bytes.EqualFold(d.line[d.pos:d.pos+len(word)], []byte(word))
}

// secret takes an astring that is a password; it owns the bytes.
func (d *Decoder) secret(what string) mail.Secret {
	if d.peek() == '{' {
		return mail.NewSecret(d.literal())
	}
	return mail.NewSecret(bytes.Clone(d.astring(what)))
}

// more takes a space that something follows.
func (d *Decoder) more() bool {
	return d.pos+1 < len(d.line) && d.line[d.pos+1] != ' ' && d.eat(' ')
}
