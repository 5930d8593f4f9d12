package imapwire

func (d *Decoder) readList() Command {
	d.space("LIST")
	c := &List{}
	if d.peek() == '(' {
		c.Extended = true
		c.Select = d.listSelect()
		d.space("the selection options")
	}
	c.Reference = d.pattern("a reference name", false)
	d.space("the reference name")
	if d.peek() == '(' {
		c.Extended = true
		d.list("a mailbox pattern", func() {
			c.Patterns = append(c.Patterns, d.pattern("a mailbox pattern", true))
		})
		if d.ok() && len(c.Patterns) == 0 {
			d.fail(BadSyntax, "expected a mailbox pattern in the list")
		}
	} else {
		c.Patterns = []string{d.pattern("a mailbox pattern", true)}
	}
	if d.nextIs(" RETURN ") {
		c.Extended = true
		d.pos += len(" RETURN ")
		d.listReturn(c)
	}
	return c
}

// listSelect takes the selection options.
func (d *Decoder) listSelect() (sel ListSelect) {
	d.list("a selection option", func() {
		var room [24]byte
		start := d.pos
		switch string(d.keyword(&room)) {
		case "SUBSCRIBED":
			sel |= ListSubscribed
		case "REMOTE":
			sel |= ListRemote
		case "RECURSIVEMATCH":
			sel |= ListRecursiveMatch
		case "SPECIAL-USE":
			sel |= ListSpecialUse
		default:
			d.pos = start
			d.expected("a selection option such as SUBSCRIBED")
		}
	})
	if sel&ListRecursiveMatch != 0 && sel&(ListSubscribed|ListSpecialUse) == 0 { // RFC 5258 §3.1
		d.fail(BadSyntax, "RECURSIVEMATCH needs another selection option such as SUBSCRIBED")
	}
	return sel
}

// listReturn takes the return options.
func (d *Decoder) listReturn(c *List) {
	d.list("a return option", func() {
		var room [24]byte
		start := d.pos
		switch string(d.keyword(&room)) {
		case "SUBSCRIBED":
			c.Return |= ReturnSubscribed
		case "CHILDREN":
			c.Return |= ReturnChildren
		case "SPECIAL-USE":
			c.Return |= ReturnSpecialUse
		case "STATUS": // RFC 5819
			d.space("STATUS")
			c.Status |= d.statusItems()
		default:
			d.pos = start
			d.expected("a return option such as CHILDREN")
		}
	})
}
