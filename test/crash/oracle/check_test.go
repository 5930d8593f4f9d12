package oracle

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"postern/test/posterntest"
)

// told is an account whose one worker was told that three messages are stored,
// and the state that a good server then has.
func told(t *testing.T) (*account, *Worker, State) {
	t.Helper()
	j, err := NewJournal(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	o := New(j, 1, "p", []string{"user0"}, 1)
	a, w := o.accounts[0], o.Workers[0]
	a.boxes["INBOX"] = true
	a.facts.told("INBOX", 7, 10, 100, boxFacts{})
	answer := func(op *Op, text string) {
		err := w.attempt(op, func() (*posterntest.Answer, error) {
			return &posterntest.Answer{Status: "OK", Text: text}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	answer(&Op{Kind: "append", Box: "INBOX", Messages: []Message{{"aa", 1}, {"bb", 2}}, Flags: `\Seen`}, "[APPENDUID 7 10:11] Stored.")
	answer(&Op{Kind: "create", Box: "w0-1"}, "Created.")
	answer(&Op{Kind: "copy", Box: "INBOX", Dest: "w0-1", UIDs: []uint32{11}}, "[COPYUID 8 11 1] Copied.")
	if got := a.facts.take(); len(got) > 0 {
		t.Fatal(got)
	}
	return a, w, State{
		"INBOX": {7, 12, 102, map[uint32]held{10: {Message{"aa", 1}, `\Seen`}, 11: {Message{"bb", 2}, `\Seen`}}},
		"w0-1":  {8, 2, 103, map[uint32]held{1: {Message{"bb", 2}, `\Seen`}}},
	}
}

func TestGoodServer(t *testing.T) {
	a, _, s := told(t)
	if wrong := a.check(s); len(wrong) > 0 {
		t.Error(wrong)
	}
	if wrong := a.check(s); len(wrong) > 0 {
		t.Error("the second time:", wrong)
	}
}

// TestBadServers: each way to break the promise is seen.
func TestBadServers(t *testing.T) {
	for what, c := range map[string]struct {
		harm func(State)
		want string
	}{
		"lost":              {func(s State) { delete(s["INBOX"].messages, 10) }, "UID 10 (1 bytes, SHA-256 aa) is lost"},
		"torn":              {func(s State) { s["INBOX"].messages[10] = held{Message{"a", 1}, `\Seen`} }, "other bytes"},
		"twice":             {func(s State) { s["INBOX"].messages[12] = s["INBOX"].messages[10] }, "UID 12 (1 bytes, SHA-256 aa) should not be there"},
		"flags":             {func(s State) { s["INBOX"].messages[10] = held{Message{"aa", 1}, ""} }, "has the flags"},
		"mailbox lost":      {func(s State) { delete(s, "w0-1") }, "the mailbox w0-1 is lost"},
		"mailbox too many":  {func(s State) { s["more"] = &boxState{9, 1, 1, nil} }, "the mailbox more should not be there"},
		"uidvalidity":       {func(s State) { s["INBOX"].validity++ }, "UIDVALIDITY 7 is 8 now"},
		"uidnext":           {func(s State) { s["INBOX"].next = 11 }, "UIDNEXT fell from 12 to 11"},
		"modseq":            {func(s State) { s["INBOX"].modseq = 99 }, "HIGHESTMODSEQ fell from 100 to 99"},
		"uid means another": {func(s State) { m := s["INBOX"].messages; m[10], m[11] = m[11], m[10] }, "UID 10 of UIDVALIDITY 7 is another message now"},
	} {
		a, _, s := told(t)
		c.harm(s)
		if wrong := strings.Join(a.check(s), "\n"); !strings.Contains(wrong, c.want) {
			t.Errorf("%s: %q does not say %q", what, wrong, c.want)
		}
	}
}

// TestInDoubt: what a crash cut off may have been done or not, but not by half.
func TestInDoubt(t *testing.T) {
	three := []Message{{"x", 1}, {"y", 1}, {"z", 1}}
	arrive := func(s State, box string, from uint32, sums ...string) {
		for i, sum := range sums {
			s[box].messages[from+uint32(i)] = held{Message{sum, 1}, ""}
		}
		s[box].next = from + uint32(len(sums))
	}
	for what, c := range map[string]struct {
		op   Op
		done func(State)
		want string // what is wrong; empty if nothing
	}{
		"append, not done":      {Op{Kind: "append", Box: "INBOX", Messages: three}, func(State) {}, ""},
		"append, done":          {Op{Kind: "append", Box: "INBOX", Messages: three}, func(s State) { arrive(s, "INBOX", 12, "x", "y", "z") }, ""},
		"append, half":          {Op{Kind: "append", Box: "INBOX", Messages: three}, func(s State) { arrive(s, "INBOX", 12, "x", "y") }, "2 of 3 messages are there"},
		"append, end only":      {Op{Kind: "append", Box: "INBOX", Messages: three}, func(s State) { arrive(s, "INBOX", 12, "z") }, "UID 12 (1 bytes, SHA-256 z) should not be there"},
		"append, twice":         {Op{Kind: "append", Box: "INBOX", Messages: three[:1]}, func(s State) { arrive(s, "INBOX", 12, "x", "x") }, "UID 13 (1 bytes, SHA-256 x) should not be there"},
		"move, not done":        {Op{Kind: "move", Box: "INBOX", Dest: "w0-1", UIDs: []uint32{10, 11}}, func(State) {}, ""},
		"move, done":            {Op{Kind: "move", Box: "INBOX", Dest: "w0-1", UIDs: []uint32{10, 11}}, move, ""},
		"move, source stays":    {Op{Kind: "move", Box: "INBOX", Dest: "w0-1", UIDs: []uint32{10, 11}}, func(s State) { m := maps.Clone(s["INBOX"].messages); move(s); s["INBOX"].messages = m }, "should not be there"},
		"move, source only":     {Op{Kind: "move", Box: "INBOX", Dest: "w0-1", UIDs: []uint32{10, 11}}, func(s State) { clear(s["INBOX"].messages) }, "is lost"},
		"expunge, not done":     {Op{Kind: "expunge", Box: "INBOX", UIDs: []uint32{10, 11}}, func(State) {}, ""},
		"expunge, done":         {Op{Kind: "expunge", Box: "INBOX", UIDs: []uint32{10, 11}}, func(s State) { clear(s["INBOX"].messages) }, ""},
		"expunge, of others":    {Op{Kind: "expunge", Box: "INBOX", UIDs: []uint32{10}}, func(s State) { clear(s["INBOX"].messages) }, "UID 11 (2 bytes, SHA-256 bb) is lost"},
		"store, done":           {Op{Kind: "store", Box: "INBOX", UIDs: []uint32{10}, Flags: "blue"}, func(s State) { s["INBOX"].messages[10] = held{Message{"aa", 1}, `\Seen blue`} }, ""},
		"store, something else": {Op{Kind: "store", Box: "INBOX", UIDs: []uint32{10}, Flags: "blue"}, func(s State) { s["INBOX"].messages[10] = held{Message{"aa", 1}, `\Seen red`} }, "has the flags"},
		"create, done":          {Op{Kind: "create", Box: "w0-2"}, func(s State) { s["w0-2"] = &boxState{9, 1, 1, nil} }, ""},
		"delete, done":          {Op{Kind: "delete", Box: "w0-1"}, func(s State) { delete(s, "w0-1") }, ""},
		"delete, emptied only":  {Op{Kind: "delete", Box: "w0-1"}, func(s State) { clear(s["w0-1"].messages) }, "is lost"},
		"rename, not done":      {Op{Kind: "rename", Box: "w0-1", Dest: "w0-2"}, func(State) {}, ""},
		"rename, done":          {Op{Kind: "rename", Box: "w0-1", Dest: "w0-2"}, func(s State) { s["w0-2"] = s["w0-1"]; delete(s, "w0-1") }, ""},
		"rename, both":          {Op{Kind: "rename", Box: "w0-1", Dest: "w0-2"}, func(s State) { s["w0-2"] = s["w0-1"] }, "both names are there"},
		"rename, numbers fell":  {Op{Kind: "rename", Box: "w0-1", Dest: "w0-2"}, func(s State) { s["w0-2"] = s["w0-1"]; s["w0-2"].next = 1; delete(s, "w0-1") }, "UIDNEXT fell from 2 to 1"},
	} {
		a, w, s := told(t)
		w.pending = []*Op{&c.op}
		c.done(s)
		wrong := strings.Join(a.check(s), "\n")
		if c.want == "" && wrong != "" || !strings.Contains(wrong, c.want) {
			t.Errorf("%s: %q, want %q", what, wrong, c.want)
		}
		if c.want == "" {
			if again := a.check(s); len(again) > 0 {
				t.Errorf("%s: then %q", what, again)
			}
		}
	}
}

func move(s State) {
	s["w0-1"].messages[2], s["w0-1"].messages[3] = s["INBOX"].messages[10], s["INBOX"].messages[11]
	s["w0-1"].next = 4
	clear(s["INBOX"].messages)
}

// TestUIDGivenAgain: a UID that was removed and acknowledged comes again.
func TestUIDGivenAgain(t *testing.T) {
	a, _, s := told(t)
	a.check(s)
	a.facts.given("INBOX", 7, []uint32{11}, []string{"cc"})
	if got := a.facts.take(); len(got) != 1 || !strings.Contains(got[0], "UID 11 was given again") {
		t.Error(got)
	}
}

func TestMake(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := make(map[string]bool)
	for _, size := range []int{1, 2, 77, 78, 299, marked, marked + 1, 5000, 1 << 20} {
		m := Make(r, "w1.2.3", size)
		if len(m) != size || strings.Contains(strings.ReplaceAll(string(m), "\r\n", ""), "\r") {
			t.Errorf("%d bytes: made %d", size, len(m))
		}
		if size >= marked && !strings.HasPrefix(string(m), "Message-ID: <w1.2.3@crash.test>\r\nSubject: w1.2.3\r\nX-Body-SHA256: ") {
			t.Errorf("%d bytes: %.200q", size, m)
		}
		if seen[sum(m)] {
			t.Errorf("%d bytes: made before", size)
		}
		seen[sum(m)] = true
	}
}
