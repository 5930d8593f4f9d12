package trace

import (
	"cmp"
	"slices"
	"strings"
)

// sorted orders events by when they take effect: what reaches the client does
// so as early as its call begins, what reaches the disk as late as its call
// ends.
func sorted(events []Event) []Event {
	at := func(e Event) int {
		if strings.HasPrefix(e.Path, "socket:") && e.Name != "read" {
			return e.Began
		}
		return e.Ended
	}
	all := slices.Clone(events)
	slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(at(a), at(b)) })
	return all
}
