package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"

	"postern/test/posterntest"
)

// Worker is one client. It uses the account's INBOX together with the others
// and has mailboxes of its own. One goroutine runs it at a time.
type Worker struct {
	Name string
	// Refusable says that NO is no failure: the answers go to Refused, and
	// nothing may have been done, except by the first of them if InDoubt is set.
	Refusable, InDoubt bool
	Refused            []string
	// Ending says that the server is being stopped: NO to a question is fine.
	Ending bool
	Acked  int

	refusals atomic.Int64 // len(Refused), for who watches
	seed     uint64
	rng      *rand.Rand
	journal  *Journal
	facts    *facts
	boxes    []string // its own
	held     map[place]held
	pending  []*Op // in doubt: at most one but for refusals

	conn     *posterntest.Conn
	selected string
	made     int // messages and mailboxes, for their names
}

// The most that a worker keeps, so that reading everything back stays quick.
const (
	mostMessages = 40
	mostBoxes    = 5
)

// Run works over a connection until stop is closed or the connection fails.
func (w *Worker) Run(conn *posterntest.Conn, stop <-chan struct{}) error {
	w.conn, w.selected = conn, ""
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := w.Step(); err != nil {
			return err
		}
	}
}

// Step does one thing by chance.
func (w *Worker) Step() error {
	n := w.rng.IntN(100)
	if len(w.held) > mostMessages && n < 60 {
		return w.expunge()
	}
	switch {
	case n < 30:
		return w.append(1)
	case n < 38:
		return w.append(2 + w.rng.IntN(4))
	case n < 52:
		return w.store()
	case n < 60:
		return w.copy("copy")
	case n < 70:
		return w.copy("move")
	case n < 80:
		return w.expunge()
	case n < 85:
		return w.create()
	case n < 88:
		return w.remove()
	case n < 91:
		return w.renameBox()
	case n < 96:
		return w.status()
	default:
		return w.read()
	}
}

// attempt notes the intent, asks, and notes the answer. dst gets the UIDs that
// the answer tells.
func (w *Worker) attempt(op *Op, ask func() (*posterntest.Answer, error)) error {
	op.Worker = w.Name
	if err := w.journal.Intent(op); err != nil {
		return err
	}
	w.pending = append(w.pending, op)
	a, err := ask()
	if err != nil {
		return err // in doubt
	}
	if err := w.journal.Answer(op, a.String()); err != nil {
		return err
	}
	if !a.OK() {
		w.refused(op, a)
		return nil
	}
	w.pending = w.pending[:len(w.pending)-1]
	w.Acked++
	dst, err := w.answered(op, a)
	if err != nil {
		w.facts.fail("%s: %s %s: %v", w.Name, op.Kind, op.Box, err)
		return nil
	}
	w.apply(op, dst)
	return nil
}

func (w *Worker) refused(op *Op, a *posterntest.Answer) {
	if !w.Refusable {
		w.facts.fail("%s: %s %s was answered %s", w.Name, op.Kind, op.Box, a)
	}
	first := len(w.Refused) == 0
	w.Refused = append(w.Refused, op.Kind+": "+a.String())
	w.refusals.Add(1)
	if !w.InDoubt || !first {
		w.pending = w.pending[:len(w.pending)-1]
	}
}

func (w *Worker) append(n int) error {
	op := &Op{Kind: "append", Box: w.anyBox(), Flags: w.someFlags()}
	var bytes [][]byte
	for range n {
		size := Size(w.rng)
		if op.Box == "INBOX" {
			size = max(size, marked)
		}
		w.made++
		m := Make(w.rng, fmt.Sprintf("%s.%d.%d", w.Name, w.seed, w.made), size)
		bytes = append(bytes, m)
		op.Messages = append(op.Messages, Message{sum(m), size})
	}
	return w.attempt(op, func() (*posterntest.Answer, error) {
		return w.conn.Append(op.Box, op.Flags, w.rng.IntN(2) == 0, bytes...)
	})
}

func (w *Worker) store() error {
	box, uids := w.someHeld(0)
	if box == "" {
		return nil
	}
	op := &Op{Kind: "store", Box: box, UIDs: uids, Flags: w.someFlags(), Remove: w.rng.IntN(3) == 0}
	return w.command(op, "UID STORE %s %sFLAGS.SILENT (%s)", set(uids), sign(op.Remove), op.Flags)
}

func sign(remove bool) string {
	if remove {
		return "-"
	}
	return "+"
}

func (w *Worker) copy(kind string) error {
	dest := w.anyBox()
	least := 0
	if dest == "INBOX" {
		least = marked
	}
	box, uids := w.someHeld(least)
	if box == "" || box == dest {
		return nil
	}
	op := &Op{Kind: kind, Box: box, Dest: dest, UIDs: uids}
	return w.command(op, "UID %s %s %s", strings.ToUpper(kind), set(uids), dest)
}

func (w *Worker) expunge() error {
	box, uids := w.someHeld(0)
	if box == "" {
		return nil
	}
	mark := &Op{Kind: "store", Box: box, UIDs: uids, Flags: `\Deleted`}
	if err := w.command(mark, `UID STORE %s +FLAGS.SILENT (\Deleted)`, set(uids)); err != nil {
		return err
	}
	for _, uid := range uids {
		if !strings.Contains(w.held[place{box, uid}].flags, `\Deleted`) {
			return nil // refused
		}
	}
	return w.command(&Op{Kind: "expunge", Box: box, UIDs: uids}, "UID EXPUNGE %s", set(uids))
}

func (w *Worker) create() error {
	if len(w.boxes) >= mostBoxes {
		return w.remove()
	}
	w.made++
	name := fmt.Sprintf("%s-%d", w.Name, w.made)
	if len(w.boxes) > 0 && w.rng.IntN(2) == 0 {
		name = w.boxes[w.rng.IntN(len(w.boxes))] + "/" + name
	}
	return w.plain(&Op{Kind: "create", Box: name}, "CREATE %s", name)
}

// remove deletes a mailbox that has none below it, so that its name goes too.
func (w *Worker) remove() error {
	for _, i := range w.rng.Perm(len(w.boxes)) {
		name := w.boxes[i]
		if !slices.ContainsFunc(w.boxes, func(b string) bool { return strings.HasPrefix(b, name+"/") }) {
			return w.plain(&Op{Kind: "delete", Box: name}, "DELETE %s", name)
		}
	}
	return nil
}

func (w *Worker) renameBox() error {
	if len(w.boxes) == 0 {
		return nil
	}
	from := w.boxes[w.rng.IntN(len(w.boxes))]
	w.made++
	to := fmt.Sprintf("%s-%d", w.Name, w.made)
	return w.plain(&Op{Kind: "rename", Box: from, Dest: to}, "RENAME %s %s", from, to)
}

// plain asks for what needs no mailbox to be selected.
func (w *Worker) plain(op *Op, format string, args ...any) error {
	if w.selected != "" && w.selected != "INBOX" {
		if err := w.conn.Must("UNSELECT"); err != nil {
			return err
		}
		w.selected = ""
	}
	return w.attempt(op, func() (*posterntest.Answer, error) { return w.conn.Do(format, args...) })
}

// command asks for what is done in a mailbox.
func (w *Worker) command(op *Op, format string, args ...any) error {
	if err := w.open(op.Box); err != nil {
		return err
	}
	return w.attempt(op, func() (*posterntest.Answer, error) { return w.conn.Do(format, args...) })
}

func (w *Worker) open(box string) error {
	if w.selected == box {
		return nil
	}
	w.selected = box
	return w.conn.Must("SELECT %s", box)
}
