package oracle

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// anyBox is the INBOX that all share, or a mailbox of the worker's own.
func (w *Worker) anyBox() string {
	if n := w.rng.IntN(len(w.boxes) + 1); n < len(w.boxes) {
		return w.boxes[n]
	}
	return "INBOX"
}

func (w *Worker) someFlags() string {
	all := []string{`\Seen`, `\Flagged`, `\Answered`, `\Draft`, "$Forwarded", "blue", "green"}
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return strings.Join(all[:1+w.rng.IntN(3)], " ")
}

// someHeld draws up to five messages of one mailbox, of at least so many bytes.
func (w *Worker) someHeld(least int) (string, []uint32) {
	places := w.places()
	if len(places) == 0 {
		return "", nil
	}
	box := places[w.rng.IntN(len(places))].box
	var uids []uint32
	for _, p := range places {
		if p.box == box && w.held[p].Size >= least {
			uids = append(uids, p.uid)
		}
	}
	if len(uids) == 0 {
		return "", nil
	}
	w.rng.Shuffle(len(uids), func(i, j int) { uids[i], uids[j] = uids[j], uids[i] })
	uids = uids[:min(len(uids), 1+w.rng.IntN(5))]
	slices.Sort(uids)
	return box, uids
}

// places are where the worker's messages are, in an order that a seed repeats.
func (w *Worker) places() []place {
	all := make([]place, 0, len(w.held))
	for p := range w.held {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(cmp.Compare(a.box, b.box), cmp.Compare(a.uid, b.uid)) })
	return all
}

func set(uids []uint32) string {
	words := make([]string, len(uids))
	for i, u := range uids {
		words[i] = strconv.FormatUint(uint64(u), 10)
	}
	return strings.Join(words, ",")
}
