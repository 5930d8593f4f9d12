package mail

import (
	"slices"
	"strings"
)

// SystemFlags are the flags of RFC 9051 §2.3.2 as bits.
type SystemFlags uint8

// The system flags. \Recent of RFC 3501 is no flag of a message here: Postern
// always answers RECENT 0, as RFC 9051 dropped it.
const (
	FlagSeen SystemFlags = 1 << iota
	FlagAnswered
	FlagFlagged
	FlagDeleted
	FlagDraft
)

var systemFlagNames = [...]string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`} //nolint:gochecknoglobals // a constant table

// Flags are the flags of one message. Keywords are sorted by their ASCII lower
// case, without duplicates in that sense, each with the spelling that was set
// first; they hold no backslash. The zero Flags are none.
type Flags struct {
	System   SystemFlags
	Keywords []string
}

// ParseFlags turns IMAP flag names into Flags. Names are matched without
// regard to case; \Recent and unknown backslash names are returned in unknown.
func ParseFlags(names []string) (f Flags, unknown []string) {
	for _, n := range names {
		if !strings.HasPrefix(n, `\`) {
			f = f.addKeyword(n)
			continue
		}
		i := slices.IndexFunc(systemFlagNames[:], func(s string) bool { return strings.EqualFold(s, n) })
		if i < 0 {
			unknown = append(unknown, n)
			continue
		}
		f.System |= 1 << i
	}
	return f, unknown
}

// Names lists the flags as IMAP writes them, system flags first.
func (f Flags) Names() []string {
	out := make([]string, 0, len(f.Keywords)+len(systemFlagNames))
	for i, n := range systemFlagNames {
		if f.System&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return append(out, f.Keywords...)
}

// Has tells whether all of g's flags are in f.
func (f Flags) Has(g Flags) bool {
	if f.System&g.System != g.System {
		return false
	}
	for _, k := range g.Keywords {
		if !f.HasKeyword(k) {
			return false
		}
	}
	return true
}

// HasKeyword tells whether keyword k is set, without regard to case.
func (f Flags) HasKeyword(k string) bool {
	_, ok := slices.BinarySearchFunc(f.Keywords, k, compareFold)
	return ok
}

// Equal tells whether f and g hold the same flags.
func (f Flags) Equal(g Flags) bool {
	return f.System == g.System && slices.EqualFunc(f.Keywords, g.Keywords, strings.EqualFold)
}

// Union returns f with g's flags added; it shares no memory that it changes.
func (f Flags) Union(g Flags) Flags {
	out := Flags{System: f.System | g.System, Keywords: f.Keywords}
	for _, k := range g.Keywords {
		out = out.addKeyword(k)
	}
	return out
}

// Without returns f with g's flags removed; it shares no memory that it changes.
func (f Flags) Without(g Flags) Flags {
	out := Flags{System: f.System &^ g.System}
	for _, k := range f.Keywords {
		if !g.HasKeyword(k) {
			out.Keywords = append(out.Keywords, k)
		}
	}
	return out
}

func (f Flags) addKeyword(k string) Flags {
	i, ok := slices.BinarySearchFunc(f.Keywords, k, compareFold)
	if ok {
		return f
	}
	kw := make([]string, 0, len(f.Keywords)+1)
	kw = append(kw, f.Keywords[:i]...)
	kw = append(kw, k)
	f.Keywords = append(kw, f.Keywords[i:]...)
	return f
}

func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
