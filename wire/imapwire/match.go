package imapwire

// MatchList tells whether a mailbox name matches a LIST pattern, reference and
// pattern already joined (RFC 9051 §6.3.9): `*` stands for anything, `%` for
// anything without the delimiter (0: the mailboxes have none). INBOX matches
// without regard to case. The time is linear in len(pattern)·len(name) at worst
// and needs no memory.
func MatchList(pattern, name string, delim byte) bool { panic("being written") }
