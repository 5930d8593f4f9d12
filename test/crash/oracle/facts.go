package oracle

import (
	"fmt"
	"sync"
)

// facts are what an account's clients were ever told about its mailboxes, by
// name. All workers of the account share them.
type facts struct {
	mu     sync.Mutex
	byName map[string]*boxFacts // guarded by mu
	broken []string             // what must not be; guarded by mu
}

type boxFacts struct {
	validity uint32            // 0: not known
	next     uint32            // the largest UIDNEXT that was told or follows from a UID
	floor    uint32            // UIDs given from now on are not below it
	modseq   uint64            // the largest HIGHESTMODSEQ told
	ever     map[uint64]string // UIDVALIDITY and UID: whose bytes they mean, for ever
}

func (f *facts) box(name string) *boxFacts {
	b := f.byName[name]
	if b == nil {
		b = &boxFacts{ever: make(map[uint64]string)}
		f.byName[name] = b
	}
	return b
}

func (f *facts) fail(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = append(f.broken, fmt.Sprintf(format, args...))
}

// given notes UIDs that an acknowledgement named.
func (f *facts) given(name string, validity uint32, uids []uint32, sums []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.box(name)
	if b.validity != 0 && b.validity != validity {
		f.broken = append(f.broken, fmt.Sprintf("%s: UIDVALIDITY %d is %d now", name, b.validity, validity))
	}
	b.validity = validity
	for i, uid := range uids {
		key := uint64(validity)<<32 | uint64(uid)
		if _, taken := b.ever[key]; taken || uid < b.floor {
			f.broken = append(f.broken, fmt.Sprintf("%s: UID %d was given again (UIDs are at %d)", name, uid, b.floor))
		}
		b.ever[key] = sums[i]
		b.next = max(b.next, uid+1)
	}
}

// told notes what SELECT or STATUS said. before is what had been told when the
// question was asked.
func (f *facts) told(name string, validity, next uint32, modseq uint64, before boxFacts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.box(name)
	switch {
	case before.validity != 0 && validity != before.validity:
		f.broken = append(f.broken, fmt.Sprintf("%s: UIDVALIDITY %d is %d now", name, before.validity, validity))
	case next < before.next:
		f.broken = append(f.broken, fmt.Sprintf("%s: UIDNEXT fell from %d to %d", name, before.next, next))
	case modseq < before.modseq:
		f.broken = append(f.broken, fmt.Sprintf("%s: HIGHESTMODSEQ fell from %d to %d", name, before.modseq, modseq))
	}
	b.validity, b.next, b.modseq = validity, max(b.next, next), max(b.modseq, modseq)
}

// seen checks that a message that is there means what its UID always meant.
func (f *facts) seen(name string, validity, uid uint32, sum string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.box(name)
	key := uint64(validity)<<32 | uint64(uid)
	if was, known := b.ever[key]; known && was != sum {
		f.broken = append(f.broken, fmt.Sprintf("%s: UID %d of UIDVALIDITY %d is another message now", name, uid, validity))
	}
	b.ever[key] = sum
}

func (f *facts) now(name string) boxFacts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *f.box(name)
}

// settle makes what is known the floor for what comes.
func (f *facts) settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.byName {
		b.floor = b.next
	}
}

// renamed: the mailbox takes its numbers along; its old name keeps the memory
// of what its UIDs meant.
func (f *facts) renamed(from, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, dest := f.box(from), f.box(to)
	dest.validity, dest.next, dest.floor, dest.modseq = old.validity, old.next, old.floor, old.modseq
	for key, sum := range old.ever {
		dest.ever[key] = sum
	}
	f.byName[from] = &boxFacts{ever: old.ever}
}

func (f *facts) deleted(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byName[name] = &boxFacts{ever: f.box(name).ever}
}

func (f *facts) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.broken
	f.broken = nil
	return all
}
