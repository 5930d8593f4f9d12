package imapwire

// reader reads a command's arguments, from right after its verb.
type reader func(*Decoder) Command

// readTag takes the tag and the space after it.
func (d *Decoder) readTag() {
	w := d.run(func(c byte) bool { return c != '+' && isAStringChar(c) })
	switch {
	case len(w) == 0:
		d.expected("a tag at the start of the command")
	case len(w) > maxTag:
		d.fail(BadSyntax, "the tag is too long")
	case !d.eat(' '):
		d.expected("a space after the tag")
	default:
		d.tag = string(w)
	}
}

// command reads one command from its tag on.
func (d *Decoder) command() Command {
	d.readTag()
	if !d.ok() {
		return nil
	}
	verb, read, anyone := d.lookup()
	if !d.ok() {
		return nil
	}
	d.verb = verb
	if !anyone && !d.lim.SignedIn {
		d.fail(NeedSignIn, verb+" needs a sign-in first")
		return nil
	}
	cmd := read(d)
	if _, ok := cmd.(*Append); !ok {
		d.end()
	}
	if d.verb == "LOGIN" || d.verb == "AUTHENTICATE" {
		clear(d.line)
	}
	return cmd
}

// lookup takes the command's name.
func (d *Decoder) lookup() (verb string, read reader, anyone bool) {
	var room [24]byte
	start := d.pos
	word := d.keyword(&room)
	if verb, read = lookupAny(word); read != nil {
		return verb, read, true
	}
	if string(word) == "UID" {
		d.space("UID")
		verb, read = lookupUID(d.keyword(&room))
	} else if verb, read = lookupMailbox(word); read == nil {
		verb, read = lookupMessage(word)
	}
	if read == nil {
		if d.pos == start {
			d.expected("a command after the tag")
		}
		d.fail(UnknownCommand, "unknown command")
	}
	return verb, read, false
}

// lookupAny has the commands that need no sign-in.
func lookupAny(word []byte) (string, reader) {
	switch string(word) {
	case "CAPABILITY":
		return "CAPABILITY", func(*Decoder) Command { return &Capability{} }
	case "NOOP":
		return "NOOP", func(*Decoder) Command { return &Noop{} }
	case "LOGOUT":
		return "LOGOUT", func(*Decoder) Command { return &Logout{} }
	case "STARTTLS":
		return "STARTTLS", func(*Decoder) Command { return &StartTLS{} }
	case "AUTHENTICATE":
		return "AUTHENTICATE", (*Decoder).readAuthenticate
	case "LOGIN":
		return "LOGIN", (*Decoder).readLogin
	case "ID":
		return "ID", (*Decoder).readID
	}
	return "", nil
}

// lookupMailbox has the commands on mailboxes and on the session.
func lookupMailbox(word []byte) (string, reader) {
	switch string(word) {
	case "ENABLE":
		return "ENABLE", (*Decoder).readEnable
	case "SELECT":
		return "SELECT", func(d *Decoder) Command { return d.readSelect(false) }
	case "EXAMINE":
		return "EXAMINE", func(d *Decoder) Command { return d.readSelect(true) }
	case "CREATE":
		return "CREATE", (*Decoder).readCreate
	case "DELETE":
		return "DELETE", func(d *Decoder) Command { return &Delete{d.oneMailbox()} }
	case "RENAME":
		return "RENAME", (*Decoder).readRename
	case "SUBSCRIBE":
		return "SUBSCRIBE", func(d *Decoder) Command { return &Subscribe{d.oneMailbox()} }
	case "UNSUBSCRIBE":
		return "UNSUBSCRIBE", func(d *Decoder) Command { return &Unsubscribe{d.oneMailbox()} }
	case "LIST":
		return "LIST", (*Decoder).readList
	case "LSUB":
		return "LSUB", (*Decoder).readLSub
	case "NAMESPACE":
		return "NAMESPACE", func(*Decoder) Command { return &Namespace{} }
	case "STATUS":
		return "STATUS", (*Decoder).readStatus
	case "APPEND":
		return "APPEND", (*Decoder).readAppend
	case "IDLE":
		return "IDLE", func(*Decoder) Command { return &Idle{} }
	case "GETQUOTA":
		return "GETQUOTA", (*Decoder).readGetQuota
	case "GETQUOTAROOT":
		return "GETQUOTAROOT", func(d *Decoder) Command { return &GetQuotaRoot{d.oneMailbox()} }
	case "SETQUOTA":
		return "SETQUOTA", (*Decoder).readSetQuota
	}
	return "", nil
}

// lookupMessage has the commands on messages of the selected mailbox.
func lookupMessage(word []byte) (string, reader) {
	switch string(word) {
	case "CHECK":
		return "CHECK", func(*Decoder) Command { return &Check{} }
	case "CLOSE":
		return "CLOSE", func(*Decoder) Command { return &Close{} }
	case "UNSELECT":
		return "UNSELECT", func(*Decoder) Command { return &Unselect{} }
	case "EXPUNGE":
		return "EXPUNGE", func(*Decoder) Command { return &Expunge{} }
	case "SEARCH":
		return "SEARCH", func(d *Decoder) Command { return d.readSearch(false) }
	case "FETCH":
		return "FETCH", func(d *Decoder) Command { return d.readFetch(false) }
	case "STORE":
		return "STORE", func(d *Decoder) Command { return d.readStore(false) }
	case "COPY":
		return "COPY", func(d *Decoder) Command { return d.readCopy(false, false) }
	case "MOVE":
		return "MOVE", func(d *Decoder) Command { return d.readCopy(false, true) }
	}
	return "", nil
}

// lookupUID has the commands after UID.
func lookupUID(word []byte) (string, reader) {
	switch string(word) {
	case "FETCH":
		return "UID FETCH", func(d *Decoder) Command { return d.readFetch(true) }
	case "SEARCH":
		return "UID SEARCH", func(d *Decoder) Command { return d.readSearch(true) }
	case "STORE":
		return "UID STORE", func(d *Decoder) Command { return d.readStore(true) }
	case "COPY":
		return "UID COPY", func(d *Decoder) Command { return d.readCopy(true, false) }
	case "MOVE":
		return "UID MOVE", func(d *Decoder) Command { return d.readCopy(true, true) }
	case "EXPUNGE":
		return "UID EXPUNGE", (*Decoder).readUIDExpunge
	}
	return "", nil
}
