package oracle

import (
	"fmt"
	"regexp"
	"strings"

	"postern/test/posterntest"
)

// State is what an account has, as IMAP tells it.
type State map[string]*boxState // by name

type boxState struct {
	validity, next uint32
	modseq         uint64
	messages       map[uint32]held
}

// Read reads everything of the account that conn has signed in to.
func Read(conn *posterntest.Conn) (State, error) {
	a, err := conn.Do(`LIST "" *`)
	if err != nil {
		return nil, err
	}
	s := make(State)
	for _, l := range a.Lines {
		name, ok := listed(l)
		if !ok {
			continue
		}
		if s[name], err = readBox(conn, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, nil
}

// listed is the name in a LIST response; false for a name without a mailbox.
func listed(l posterntest.Line) (string, bool) {
	if !strings.HasPrefix(l.Text, "LIST ") || strings.Contains(l.Text, `\NonExistent`) || strings.Contains(l.Text, `\Noselect`) {
		return "", false
	}
	name := l.Text[strings.LastIndexByte(l.Text, ' ')+1:]
	return strings.Trim(name, `"`), true
}

func readBox(conn *posterntest.Conn, name string) (*boxState, error) {
	a, err := conn.Do("EXAMINE \"%s\"", name)
	if err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, fmt.Errorf("EXAMINE: %s", a)
	}
	b := &boxState{messages: make(map[uint32]held)}
	exists := -1
	for _, l := range a.Lines {
		switch {
		case strings.HasPrefix(l.Text, "OK [UIDVALIDITY"):
			b.validity = uint32(number(l.Text, "UIDVALIDITY"))
		case strings.HasPrefix(l.Text, "OK [UIDNEXT"):
			b.next = uint32(number(l.Text, "UIDNEXT"))
		case strings.HasPrefix(l.Text, "OK [HIGHESTMODSEQ"):
			b.modseq = number(l.Text, "HIGHESTMODSEQ")
		case strings.HasSuffix(l.Text, " EXISTS"):
			if _, err := fmt.Sscanf(l.Text, "%d EXISTS", &exists); err != nil {
				return nil, err
			}
		}
	}
	if b.validity == 0 || b.next == 0 || exists < 0 {
		return nil, fmt.Errorf("EXAMINE told no UIDVALIDITY, UIDNEXT or EXISTS: %v", a.Lines)
	}
	if exists == 0 {
		return b, nil
	}
	if a, err = conn.Do("UID FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])"); err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, fmt.Errorf("FETCH: %s", a)
	}
	if len(a.Lines) != exists {
		return nil, fmt.Errorf("%d EXISTS, %d messages fetched", exists, len(a.Lines))
	}
	return b, b.take(a.Lines)
}

var flagList = regexp.MustCompile(`FLAGS \(([^)]*)\)`)

func (b *boxState) take(lines []posterntest.Line) error {
	for _, l := range lines {
		flags := flagList.FindStringSubmatch(l.Text)
		uid := uint32(number(l.Text, "UID"))
		if flags == nil || uid == 0 || len(l.Literals) != 1 {
			return fmt.Errorf("the response %q", l.Text)
		}
		size := len(l.Literals[0])
		if told := number(l.Text, "RFC822.SIZE"); told != uint64(size) {
			return fmt.Errorf("UID %d: RFC822.SIZE %d, %d bytes", uid, told, size)
		}
		if _, twice := b.messages[uid]; twice {
			return fmt.Errorf("UID %d is there twice", uid)
		}
		b.messages[uid] = held{Message{sum(l.Literals[0]), size}, canonical(flags[1])}
	}
	return nil
}
