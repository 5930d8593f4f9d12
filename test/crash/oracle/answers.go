package oracle

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"postern/test/posterntest"
)

// answered reads what an OK says and notes it. It gives the UIDs of new
// messages, in the order of the operation's own.
func (w *Worker) answered(op *Op, a *posterntest.Answer) ([]uint32, error) {
	switch op.Kind {
	case "append":
		code := code(a, "APPENDUID")
		if len(code) != 2 {
			return nil, errors.New("no APPENDUID")
		}
		uids, err := uidSet(code[1])
		if err != nil || len(uids) != len(op.Messages) {
			return nil, fmt.Errorf("%d messages, APPENDUID %s (%w)", len(op.Messages), code[1], err)
		}
		sums := make([]string, len(uids))
		for i := range sums {
			sums[i] = op.Messages[i].SHA
		}
		return uids, w.noteGiven(op.Box, code[0], uids, sums)
	case "copy", "move":
		code := code(a, "COPYUID")
		if len(code) != 3 {
			return nil, errors.New("no COPYUID")
		}
		from, err := uidSet(code[1])
		to, err2 := uidSet(code[2])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		if set(from) != set(op.UIDs) || len(to) != len(from) {
			return nil, fmt.Errorf("COPYUID %s %s for %v", code[1], code[2], op.UIDs)
		}
		sums := make([]string, len(to))
		for i := range sums {
			sums[i] = w.held[place{op.Box, from[i]}].SHA
		}
		return to, w.noteGiven(op.Dest, code[0], to, sums)
	}
	return nil, nil
}

func (w *Worker) noteGiven(box, validity string, uids []uint32, sums []string) error {
	v, err := strconv.ParseUint(validity, 10, 32)
	if err == nil {
		w.facts.given(box, uint32(v), uids, sums)
	}
	return err
}

// status asks for a mailbox's numbers. Nobody else changes the worker's own.
func (w *Worker) status() error {
	box := w.anyBox()
	before := w.facts.now(box)
	a, err := w.conn.Do("STATUS %s (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ)", box)
	if err != nil {
		return err
	}
	text := ""
	for _, l := range a.Lines { // news of the selected mailbox come too
		if strings.HasPrefix(l.Text, "STATUS ") {
			text = l.Text
		}
	}
	if w.Ending && a.Status == "NO" {
		return nil
	}
	if !a.OK() || text == "" {
		w.facts.fail("%s: STATUS %s was answered %s", w.Name, box, a)
		return nil
	}
	w.facts.told(box, uint32(number(text, "UIDVALIDITY")), uint32(number(text, "UIDNEXT")), number(text, "HIGHESTMODSEQ"), before)
	mine := 0
	for p := range w.held {
		if p.box == box {
			mine++
		}
	}
	if n := number(text, "MESSAGES"); box != "INBOX" && n != uint64(mine) {
		w.facts.fail("%s: %s has %d messages, not %d", w.Name, box, n, mine)
	}
	return nil
}

// read reads a message back: what was acknowledged is there at once.
func (w *Worker) read() error {
	box, uids := w.someHeld(0)
	if box == "" {
		return nil
	}
	if err := w.open(box); err != nil {
		return err
	}
	a, err := w.conn.Do("UID FETCH %d (UID BODY.PEEK[])", uids[0])
	if err != nil {
		return err
	}
	for _, l := range a.Lines {
		if number(l.Text, "UID") == uint64(uids[0]) && len(l.Literals) == 1 {
			if got := sum(l.Literals[0]); got != w.held[place{box, uids[0]}].SHA {
				w.facts.fail("%s: %s UID %d has other bytes", w.Name, box, uids[0])
			}
			return nil
		}
	}
	if w.Ending && a.Status == "NO" {
		return nil
	}
	w.facts.fail("%s: %s UID %d cannot be read: %s", w.Name, box, uids[0], a)
	return nil
}

// code finds the arguments of a response code, in the tagged line or before it.
func code(a *posterntest.Answer, name string) []string {
	texts := []string{a.Text}
	for _, l := range a.Lines {
		texts = append(texts, strings.TrimPrefix(l.Text, "OK "))
	}
	for _, t := range texts {
		if rest, ok := strings.CutPrefix(t, "["+name+" "); ok {
			args, _, _ := strings.Cut(rest, "]")
			return strings.Fields(args)
		}
	}
	return nil
}

// number is what follows a name in a response; 0 if it is not there.
func number(text, name string) uint64 {
	for rest := text; ; {
		at := strings.Index(rest, name+" ")
		if at < 0 {
			return 0
		}
		word := at == 0 || strings.IndexByte(" ([", rest[at-1]) >= 0
		if rest = rest[at+len(name)+1:]; !word {
			continue
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, _ := strconv.ParseUint(rest[:digits], 10, 64) // 0 without any
		return n
	}
}

func uidSet(text string) ([]uint32, error) {
	var all []uint32
	for _, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(part, ":")
		if !isRange {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 32)
		b, err2 := strconv.ParseUint(last, 10, 32)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		if b < a || b-a > 1<<16 {
			return nil, fmt.Errorf("the set %s", text)
		}
		for ; a <= b; a++ {
			all = append(all, uint32(a))
		}
	}
	return all, nil
}
