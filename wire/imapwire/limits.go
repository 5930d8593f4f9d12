package imapwire

// Limits bound what one command may make the decoder hold. Every field must
// be positive; BeforeSignIn and AfterSignIn are the two sets in use.
type Limits struct {
	// SignedIn opens the commands that need a sign-in. While it is false, their
	// arguments are not parsed at all.
	SignedIn bool
	// Line is the longest piece of a command without its literals, in bytes.
	// RFC 7162 §4 asks for 8,192 at least.
	Line int
	// Literal is the largest literal that is no message, in bytes.
	Literal int
	// NonSync is the largest non-synchronising literal that is no message:
	// 4,096 for LITERAL- (RFC 7888 §5), Literal for LITERAL+.
	NonSync int
	// Total bounds all pieces and literals of one command together, in bytes.
	Total int
	// Drain is how much of a refused command (lines and non-synchronising
	// literals) is read and thrown away to keep the connection; past it the
	// error says Close.
	Drain int64
	// Depth is the deepest nesting of parentheses, NOT and OR in a SEARCH.
	Depth int
	// Ranges is the largest number of ranges in one sequence set.
	Ranges int
	// Items bounds each list: search keys, fetch items, header fields, flags,
	// patterns, quota resources.
	Items int
}

// BeforeSignIn are the limits for a connection that nobody has signed in on:
// together with the read buffer less than 64 KiB are ever held.
func BeforeSignIn() Limits {
	return Limits{
		Line: 8 << 10, Literal: 4 << 10, NonSync: 4 << 10, Total: 16 << 10, Drain: 64 << 10,
		Depth: 1, Ranges: 1, Items: 32,
	}
}

// AfterSignIn are the limits for a signed-in connection.
func AfterSignIn() Limits {
	return Limits{
		SignedIn: true,
		Line:     64 << 10, Literal: 64 << 10, NonSync: 64 << 10, Total: 256 << 10, Drain: 8 << 20,
		Depth: 50, Ranges: 10_000, Items: 1_000,
	}
}
