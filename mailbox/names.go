package mailbox

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postern/fault"
)

const (
	inbox     = "INBOX"
	delimiter = "/"
)

// cleanName gives a name as it is stored: NFC, INBOX in capitals also as the
// first level (RFC 9051 §5.1). Names that could be misread are Invalid, names
// that are too long or deep TooLarge.
func (l *Limits) cleanName(name string) (string, error) {
	const op = "mailbox.name"
	if !utf8.ValidString(name) {
		return "", fault.New(fault.Invalid, op, "the mailbox name is not valid UTF-8")
	}
	name = norm.NFC.String(name)
	if len(name) > l.NameBytes {
		return "", fault.New(fault.TooLarge, op, "the mailbox name has %d octets, at most %d are allowed", len(name), l.NameBytes)
	}
	levels := strings.Split(name, delimiter)
	if len(levels) > l.Depth {
		return "", fault.New(fault.TooLarge, op, "the mailbox name has %d levels, at most %d are allowed", len(levels), l.Depth)
	}
	for _, level := range levels {
		if level == "" {
			return "", fault.New(fault.Invalid, op, "the mailbox name %q has an empty level", name)
		}
	}
	for _, r := range name {
		if badInName(r) {
			return "", fault.New(fault.Invalid, op, "the mailbox name %q has the character %U, which is not allowed", name, r)
		}
	}
	if strings.EqualFold(levels[0], inbox) && len(levels[0]) == len(inbox) {
		name = inbox + name[len(inbox):]
	}
	return name, nil
}

// badInName tells what Net-Unicode (RFC 5198 §2, which RFC 9051 §5.1 asks
// for) leaves out, and what reverses the direction of text around it.
func badInName(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\ufeff', r == '\ufffd':
		return true
	case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
		return true
	}
	return r&0xfffe == 0xfffe || 0xfdd0 <= r && r <= 0xfdef
}

// superiors lists the names above name, the highest first.
func superiors(name string) []string {
	var out []string
	for i, c := range name {
		if c == '/' {
			out = append(out, name[:i])
		}
	}
	return out
}

// under tells whether name is an inferior of top.
func under(name, top string) bool {
	return len(name) > len(top) && name[len(top)] == '/' && name[:len(top)] == top
}

// compareNames sorts level by level, INBOX first.
func compareNames(a, b string) int {
	if x, y := isInbox(a), isInbox(b); x != y {
		if x {
			return -1
		}
		return 1
	}
	for {
		x, restA, moreA := strings.Cut(a, delimiter)
		y, restB, moreB := strings.Cut(b, delimiter)
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		switch {
		case !moreA && !moreB:
			return 0
		case !moreA:
			return -1
		case !moreB:
			return 1
		}
		a, b = restA, restB
	}
}

func isInbox(name string) bool { return name == inbox || under(name, inbox) }
