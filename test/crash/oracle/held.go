package oracle

import (
	"slices"
	"strings"
)

// place is where a message is.
type place struct {
	box string
	uid uint32
}

// held is a message that a client was told is stored.
type held struct {
	Message
	flags string // sorted, with spaces between
}

// apply makes an operation part of what must be. dst are the UIDs that new
// messages got.
func (w *Worker) apply(op *Op, dst []uint32) {
	switch op.Kind {
	case "append":
		for i, uid := range dst {
			w.held[place{op.Box, uid}] = held{op.Messages[i], withFlags("", op.Flags, false)}
		}
	case "store":
		for _, uid := range op.UIDs {
			h := w.held[place{op.Box, uid}]
			h.flags = withFlags(h.flags, op.Flags, op.Remove)
			w.held[place{op.Box, uid}] = h
		}
	case "copy", "move":
		for i, uid := range dst {
			from := place{op.Box, op.UIDs[i]}
			w.held[place{op.Dest, uid}] = w.held[from]
			if op.Kind == "move" {
				delete(w.held, from)
			}
		}
	case "expunge":
		for _, uid := range op.UIDs {
			delete(w.held, place{op.Box, uid})
		}
	case "create":
		w.boxes = append(w.boxes, op.Box)
	case "delete":
		w.boxes = slices.DeleteFunc(w.boxes, func(b string) bool { return b == op.Box })
		for p := range w.held {
			if p.box == op.Box {
				delete(w.held, p)
			}
		}
		w.facts.deleted(op.Box)
	case "rename":
		w.rename(op.Box, op.Dest)
	default:
		panic("oracle: no such operation: " + op.Kind)
	}
}

// rename moves a mailbox and those below it.
func (w *Worker) rename(from, to string) {
	names := make(map[string]string)
	for i, b := range w.boxes {
		if b == from || strings.HasPrefix(b, from+"/") {
			names[b] = to + b[len(from):]
			w.boxes[i] = names[b]
		}
	}
	moved := make(map[place]held)
	for p, h := range w.held {
		if name, ok := names[p.box]; ok {
			delete(w.held, p)
			moved[place{name, p.uid}] = h
		}
	}
	for p, h := range moved {
		w.held[p] = h
	}
	for old, name := range names {
		w.facts.renamed(old, name)
	}
}

// withFlags adds flags to a list, or removes them.
func withFlags(list, flags string, remove bool) string {
	all := strings.Fields(list)
	for _, f := range strings.Fields(flags) {
		switch has := slices.Contains(all, f); {
		case remove:
			all = slices.DeleteFunc(all, func(x string) bool { return x == f })
		case !has:
			all = append(all, f)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// canonical are the flags of a FETCH response; \Recent is nobody's doing.
func canonical(list string) string { return withFlags(withFlags("", list, false), `\Recent`, true) }
