package imapwire

import "strings"

// MatchList tells whether a mailbox name matches a LIST pattern, reference and
// pattern already joined (RFC 9051 §6.3.9): `*` stands for anything, `%` for
// anything without the delimiter (0: the mailboxes have none). INBOX matches
// without regard to case. It takes at most len(pattern)·len(name) steps,
// whatever the pattern.
func MatchList(pattern, name string, delim byte) bool {
	if !strings.ContainsAny(pattern, "*%") {
		return pattern == name || isInbox(name, delim) && strings.EqualFold(pattern[:min(5, len(pattern))], "INBOX") &&
			pattern[min(5, len(pattern)):] == name[5:]
	}
	if pattern == "*" {
		return true
	}
	// at[i] tells whether pattern[:i] matches what was read of name.
	var room [128]bool
	at := room[:]
	if len(pattern) >= len(room) {
		at = make([]bool, len(pattern)+1)
	}
	at[0] = true
	skipStars(at, pattern)
	fold := 0
	if isInbox(name, delim) {
		fold = len("INBOX")
	}
	for j := range len(name) {
		if !step(at, pattern, name[j], delim, j < fold) {
			return false
		}
	}
	return at[len(pattern)]
}

// isInbox tells whether name is INBOX or below it.
func isInbox(name string, delim byte) bool {
	return strings.HasPrefix(name, "INBOX") && (len(name) == 5 || name[5] == delim)
}

// step reads one byte of the name. It gives false once nothing can match.
func step(at []bool, pattern string, c, delim byte, fold bool) bool {
	some := false
	for i := len(pattern) - 1; i >= 0; i-- {
		p := pattern[i]
		switch {
		case p == '*' || p == '%' && c != delim:
			// The wildcard takes c and stays, or has matched up to here.
			at[i+1] = at[i] || at[i+1] && isWild(p)
		case p == '%':
			at[i+1] = false
		default:
			at[i+1] = at[i] && (p == c || fold && p|0x20 == c|0x20 && isAlnum(p))
		}
		some = some || at[i+1]
	}
	at[0] = false
	skipStars(at, pattern)
	return some
}

func isWild(p byte) bool { return p == '*' || p == '%' }

// skipStars lets wildcards stand for nothing.
func skipStars(at []bool, pattern string) {
	for i := range len(pattern) {
		if at[i] && isWild(pattern[i]) {
			at[i+1] = true
		}
	}
}
