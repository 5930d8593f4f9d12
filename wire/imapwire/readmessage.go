package imapwire

import (
	"strconv"

	"postern/mail"
)

// setAfterVerb takes a space after the verb, and a sequence set.
func (d *Decoder) setAfterVerb() SeqSet {
	d.space(d.verb)
	return d.set()
}

func (d *Decoder) readUIDExpunge() Command {
	return &Expunge{UID: true, Set: d.setAfterVerb()}
}

func (d *Decoder) readCopy(uid, move bool) Command {
	c := &Copy{UID: uid, Move: move, Set: d.setAfterVerb()}
	d.space("the sequence set")
	c.Mailbox = d.mailbox()
	return c
}

func (d *Decoder) readStore(uid bool) Command {
	c := &Store{UID: uid, Set: d.setAfterVerb()}
	d.space("the sequence set")
	if d.peek() == '(' { // RFC 7162 §3.1.3
		if !d.nextIs("(UNCHANGEDSINCE ") {
			d.expected("(UNCHANGEDSINCE n) or FLAGS")
			return c
		}
		d.pos += len("(UNCHANGEDSINCE ")
		c.UnchangedSince, c.Conditional = d.modSeq(), true
		d.want(')', ") after the mod-sequence")
		d.space("the store modifier")
	}
	switch {
	case d.eat('+'):
		c.Op = StoreAdd
	case d.eat('-'):
		c.Op = StoreRemove
	}
	var room [24]byte
	start := d.pos
	switch string(d.keyword(&room)) {
	case "FLAGS":
	case "FLAGS.SILENT":
		c.Silent = true
	default:
		d.pos = start
		d.expected("FLAGS or FLAGS.SILENT")
	}
	d.space("FLAGS")
	if d.peek() == '(' {
		c.Flags, c.Unknown = d.flagList()
	} else {
		c.Flags, c.Unknown = d.looseFlags()
	}
	return c
}

// flagList takes a parenthesised list of flags.
func (d *Decoder) flagList() (f mail.Flags, unknown []string) {
	var room [8]string
	names := room[:0]
	d.list("a flag", func() { names = append(names, d.flag()) })
	if !d.ok() {
		return f, nil
	}
	return mail.ParseFlags(names)
}

// looseFlags takes flags without parentheses up to the end of the line.
func (d *Decoder) looseFlags() (f mail.Flags, unknown []string) {
	var names []string
	for d.ok() {
		if len(names) == d.lim.Items {
			d.fail(BadSyntax, "too many flags, the limit is "+strconv.Itoa(d.lim.Items))
		}
		names = append(names, d.flag())
		if !d.eat(' ') {
			break
		}
	}
	if !d.ok() {
		return f, nil
	}
	return mail.ParseFlags(names)
}

// flag takes a flag: an atom, or a backslash and an atom.
func (d *Decoder) flag() string {
	start := d.pos
	d.eat('\\')
	if w := d.run(isAtomChar); len(w) == 0 {
		d.expected(`a flag such as \Seen or a keyword`)
		return ""
	}
	return string(d.line[start:d.pos])
}
