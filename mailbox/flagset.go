package mailbox

import (
	"slices"
	"strings"

	"postern/mail"
)

// FlagSetID names a FlagSet within a Snapshot.
type FlagSetID uint32

// FlagSet is a combination of flags, kept once per mailbox. It is shared:
// nobody may change it.
type FlagSet struct {
	mail.Flags
	IMAP []byte // the names divided by spaces, such as `\Seen $Forwarded`
}

// flagTable interns the flag sets of one mailbox. It only grows; what grows
// out of it is left to its maker (see index.compact). The index's lock guards
// it.
type flagTable struct {
	sets     []*FlagSet
	byKey    map[string]FlagSetID
	keywords []string          // spellings in order of appearance
	spelling map[string]string // lower case to the one spelling that is shown
	bytes    int64
}

func newFlagTable() *flagTable {
	t := &flagTable{byKey: map[string]FlagSetID{}, spelling: map[string]string{}}
	t.intern(mail.Flags{})
	return t
}

// intern gives the id of a combination. Keywords are spelled as the mailbox
// saw them first.
func (t *flagTable) intern(f mail.Flags) FlagSetID {
	var room [64]byte
	key := appendFlagKey(room[:0], f)
	if id, ok := t.byKey[string(key)]; ok {
		return id
	}
	set := &FlagSet{Flags: mail.Flags{System: f.System}}
	for _, k := range f.Keywords {
		set.Keywords = append(set.Keywords, t.spell(k))
	}
	set.IMAP = []byte(strings.Join(set.Names(), " "))
	id := FlagSetID(len(t.sets))
	t.sets = append(t.sets, set)
	t.byKey[string(key)] = id
	t.bytes += int64(len(set.IMAP)+len(key)+16*len(set.Keywords)) + 160
	return id
}

func (t *flagTable) spell(k string) string {
	low := asciiLower(k)
	if s, ok := t.spelling[low]; ok {
		return s
	}
	t.spelling[low] = k
	t.keywords = append(t.keywords, k)
	t.bytes += int64(2*len(k)) + 96
	return k
}

// unknown counts the keywords of f that the mailbox does not know.
func (t *flagTable) unknown(f mail.Flags) int {
	n := 0
	for _, k := range f.Keywords {
		if _, ok := t.spelling[asciiLower(k)]; !ok {
			n++
		}
	}
	return n
}

// appendFlagKey writes what two equal flags have in common.
func appendFlagKey(dst []byte, f mail.Flags) []byte {
	dst = append(dst, byte(f.System))
	for _, k := range f.Keywords {
		for i := range len(k) {
			c := k[i]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		}
		dst = append(dst, ' ')
	}
	return dst
}

func asciiLower(s string) string {
	if !slices.ContainsFunc([]byte(s), func(c byte) bool { return 'A' <= c && c <= 'Z' }) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
