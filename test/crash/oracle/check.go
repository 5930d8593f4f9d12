package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check finds out what became of the operations in doubt and holds the state
// against what the workers were told. What it finds wrong it gives in words.
func (acct *account) check(s State) []string {
	var wrong []string
	for _, w := range acct.workers {
		for _, op := range w.pending {
			if why := acct.resolve(w, op, s); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s: in doubt: %+v: %s", w.Name, *op, why))
			}
		}
		w.pending = nil
	}
	for name, b := range s {
		acct.facts.told(name, b.validity, b.next, b.modseq, acct.facts.now(name))
		for uid, m := range b.messages {
			acct.facts.seen(name, b.validity, uid, m.SHA)
		}
	}
	wrong = append(wrong, acct.facts.take()...)
	wrong = append(wrong, acct.compare(s)...)
	acct.facts.settle()
	return wrong
}

// resolve decides whether an operation in doubt was done, and applies it if so.
func (acct *account) resolve(w *Worker, op *Op, s State) string {
	switch op.Kind {
	case "create":
		if s[op.Box] != nil {
			w.apply(op, nil)
		}
	case "delete":
		if s[op.Box] == nil {
			w.apply(op, nil)
		}
	case "rename":
		// Whether it was done for all below it too, the comparison tells.
		if s[op.Dest] != nil {
			if s[op.Box] != nil {
				return "both names are there"
			}
			w.apply(op, nil)
		}
	case "append":
		sums := make([]string, len(op.Messages))
		for i, m := range op.Messages {
			sums[i] = m.SHA
		}
		return acct.arrived(w, op, op.Box, sums, s)
	case "copy", "move":
		sums := make([]string, len(op.UIDs))
		for i, uid := range op.UIDs {
			sums[i] = w.held[place{op.Box, uid}].SHA
		}
		return acct.arrived(w, op, op.Dest, sums, s)
	case "expunge", "store":
		for _, uid := range op.UIDs { // each for itself
			one := *op
			one.UIDs = []uint32{uid}
			is, there := message(s, op.Box, uid)
			was := w.held[place{op.Box, uid}]
			done := !there
			if op.Kind == "store" {
				done = there && is.flags == withFlags(was.flags, op.Flags, op.Remove)
			}
			if done {
				w.apply(&one, nil)
			}
		}
	}
	return ""
}

// arrived looks for new messages among those that nobody was told of: all must
// be there, in order, or none.
func (acct *account) arrived(w *Worker, op *Op, box string, sums []string, s State) string {
	if s[box] == nil {
		return "" // if it should be there, the comparison tells
	}
	known, floor := acct.known(box), acct.facts.now(box).floor
	var found []uint32
	for _, uid := range slices.Sorted(maps.Keys(s[box].messages)) {
		if len(found) < len(sums) && !known[uid] && s[box].messages[uid].SHA == sums[len(found)] {
			found = append(found, uid)
		}
	}
	switch len(found) {
	case 0:
		return "" // if later ones are there without the first, the comparison tells
	case len(sums):
		if found[0] < floor {
			return fmt.Sprintf("UID %d is given again (UIDs are at %d)", found[0], floor)
		}
		w.apply(op, found)
		return ""
	}
	return fmt.Sprintf("%d of %d messages are there", len(found), len(sums))
}

// known are the UIDs of a mailbox that a client was told of.
func (acct *account) known(box string) map[uint32]bool {
	all := make(map[uint32]bool)
	for p := range acct.expected() {
		if p.box == box {
			all[p.uid] = true
		}
	}
	return all
}

// expected is all that must be there.
func (acct *account) expected() map[place]held {
	all := maps.Clone(acct.static)
	for _, w := range acct.workers {
		maps.Copy(all, w.held)
	}
	return all
}

// compare wants the state to be what the workers were told, no more, no less.
func (acct *account) compare(s State) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, acct.Name+": "+fmt.Sprintf(format, args...)) }
	boxes := maps.Clone(acct.boxes)
	for _, w := range acct.workers {
		for _, b := range w.boxes {
			boxes[b] = true
		}
	}
	for b := range boxes {
		if s[b] == nil {
			say("the mailbox %s is lost", b)
		}
	}
	want := acct.expected()
	for b, state := range s {
		if !boxes[b] {
			say("the mailbox %s should not be there", b)
		}
		for uid, m := range state.messages {
			if _, ok := want[place{b, uid}]; !ok {
				say("%s UID %d (%d bytes, SHA-256 %.12s) should not be there", b, uid, m.Size, m.SHA)
			}
		}
	}
	for p, h := range want {
		is, there := message(s, p.box, p.uid)
		switch {
		case !there:
			say("%s UID %d (%d bytes, SHA-256 %.12s) is lost", p.box, p.uid, h.Size, h.SHA)
		case is.SHA != h.SHA:
			say("%s UID %d has %d other bytes, not its %d", p.box, p.uid, is.Size, h.Size)
		case is.flags != h.flags:
			say("%s UID %d has the flags (%s), not (%s)", p.box, p.uid, is.flags, h.flags)
		}
	}
	slices.Sort(wrong)
	return wrong
}

func message(s State, box string, uid uint32) (held, bool) {
	if s[box] == nil {
		return held{}, false
	}
	m, ok := s[box].messages[uid]
	return m, ok
}

// missing wants what was acknowledged to be there, but for what a command in
// doubt was about.
func (acct *account) missing(s State) []string {
	want := acct.expected()
	for _, w := range acct.workers {
		for _, op := range w.pending {
			for p := range want {
				if p.box == op.Box && (len(op.UIDs) == 0 || slices.Contains(op.UIDs, p.uid)) || strings.HasPrefix(p.box, op.Box+"/") {
					delete(want, p)
				}
			}
		}
	}
	var wrong []string
	for p, h := range want {
		if is, there := message(s, p.box, p.uid); !there || is != h {
			wrong = append(wrong, fmt.Sprintf("%s: %s UID %d: %+v, not %+v (there: %v)", acct.Name, p.box, p.uid, is, h, there))
		}
	}
	slices.Sort(wrong)
	return wrong
}
