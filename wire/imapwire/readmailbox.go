package imapwire

import (
	"math"

	"postern/mail"
)

func (d *Decoder) readSelect(readOnly bool) Command {
	c := &Select{Mailbox: d.oneMailbox(), ReadOnly: readOnly}
	if !d.more() {
		return c
	}
	d.list("a parameter", func() {
		var room [24]byte
		start := d.pos
		switch string(d.keyword(&room)) {
		case "CONDSTORE":
			c.CondStore = true
		case "QRESYNC":
			d.space("QRESYNC")
			c.QResync = d.qresync()
		default:
			d.pos = start
			d.expected("CONDSTORE or QRESYNC as a parameter")
		}
	})
	return c
}

// qresync takes what stands after QRESYNC (RFC 7162 §3.2.5).
func (d *Decoder) qresync() *QResync {
	q := &QResync{}
	d.want('(', "( after QRESYNC")
	q.UIDValidity = mail.UIDValidity(d.number("a UIDVALIDITY", math.MaxUint32))
	d.space("the UIDVALIDITY")
	q.ModSeq = d.modSeq()
	if d.eat(' ') && d.peek() != '(' {
		q.KnownUIDs = d.set()
		d.noStar(q.KnownUIDs)
		if !d.eat(' ') {
			d.want(')', ") after the known UIDs")
			return q
		}
	}
	if d.eat('(') {
		q.SeqMatch = d.set()
		d.space("the known sequence numbers")
		q.UIDMatch = d.set()
		d.want(')', ") after the sequence match data")
		d.noStar(q.SeqMatch)
		d.noStar(q.UIDMatch)
		if d.ok() && (!ascending(q.SeqMatch) || !ascending(q.UIDMatch) || q.SeqMatch.Count() != q.UIDMatch.Count()) {
			d.fail(BadSyntax, "the two sets of the sequence match data must ascend and have the same count")
		}
	}
	d.want(')', ") at the end of QRESYNC")
	return q
}

// noStar refuses a set with `*` or `$` where only numbers may stand.
func (d *Decoder) noStar(s SeqSet) {
	for _, r := range s.ranges {
		if r.Last == Star {
			d.fail(BadSyntax, "* may not stand in this set")
		}
	}
	if s.saved {
		d.fail(BadSyntax, "$ may not stand in this set")
	}
}

// ascending tells whether a set without Star has its numbers in order.
func ascending(s SeqSet) bool {
	prev := uint32(0)
	for _, r := range s.ranges {
		if r.First <= prev {
			return false
		}
		prev = r.Last
	}
	return true
}

func (d *Decoder) readCreate() Command {
	c := &Create{Mailbox: d.oneMailbox()}
	if !d.more() {
		return c
	}
	if !d.nextIs("(USE (") { // RFC 6154 §3
		d.expected("(USE (…)) after the mailbox name")
		return c
	}
	d.pos += len("(USE ")
	d.list("a special use", func() {
		if d.peek() != '\\' {
			d.expected(`a special use such as \Archive`)
			return
		}
		c.Use = append(c.Use, d.flag())
	})
	d.want(')', ") at the end of USE")
	return c
}

func (d *Decoder) readRename() Command {
	c := &Rename{From: d.oneMailbox()}
	d.space("the first mailbox name")
	c.To = d.mailbox()
	return c
}

func (d *Decoder) readLSub() Command {
	d.space("LSUB")
	c := &LSub{Reference: d.pattern("a reference name", false)}
	d.space("the reference name")
	c.Pattern = d.pattern("a mailbox pattern", true)
	return c
}

func (d *Decoder) readStatus() Command {
	c := &Status{Mailbox: d.oneMailbox()}
	d.space("the mailbox name")
	c.Items = d.statusItems()
	return c
}

func (d *Decoder) statusItems() (items StatusItems) {
	d.list("a status item", func() {
		var room [24]byte
		start := d.pos
		bit := statusItem(d.keyword(&room))
		if bit == 0 {
			d.pos = start
			d.expected("a status item such as MESSAGES")
		}
		items |= bit
	})
	if d.ok() && items == 0 {
		d.fail(BadSyntax, "expected a status item such as MESSAGES in the list")
	}
	return items
}

func statusItem(word []byte) StatusItems {
	switch string(word) {
	case "MESSAGES":
		return StatusMessages
	case "RECENT":
		return StatusRecent
	case "UIDNEXT":
		return StatusUIDNext
	case "UIDVALIDITY":
		return StatusUIDValidity
	case "UNSEEN":
		return StatusUnseen
	case "DELETED":
		return StatusDeleted
	case "SIZE":
		return StatusSize
	case "HIGHESTMODSEQ":
		return StatusHighestModSeq
	case "MAILBOXID":
		return StatusMailboxID
	case "APPENDLIMIT":
		return StatusAppendLimit
	case "DELETED-STORAGE":
		return StatusDeletedStorage
	}
	return 0
}
