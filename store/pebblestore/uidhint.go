package pebblestore

import (
	"sync"

	"postern/mail"
)

// uidHints remember the highest UID of mailboxes that were written to, so that
// PutMessage, which nearly always gets the next one, need not look whether it
// is taken. A hint may be too high (its transaction came to nothing) but never
// too low.
type uidHints struct {
	mu sync.Mutex
	m  map[uidHintKey]mail.UID // guarded by mu
}

type uidHintKey struct {
	account mail.AccountID
	box     mail.MailboxID
}

const maxUIDHints = 1 << 16

// raise notes that uid is used and tells the hint before, if there was one.
func (h *uidHints) raise(key uidHintKey, uid mail.UID) (mail.UID, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old, ok := h.m[key]
	if ok && uid > old {
		h.m[key] = uid
	}
	return old, ok
}

func (h *uidHints) set(key uidHintKey, uid mail.UID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.m == nil || len(h.m) >= maxUIDHints {
		h.m = make(map[uidHintKey]mail.UID)
	}
	h.m[key] = uid
}

// uidTaken tells whether the mailbox has a message with the UID, and counts on
// it having one from now on.
func (m *mailTx) uidTaken(op string, box mail.MailboxID, uid mail.UID) (bool, error) {
	key := uidHintKey{m.account, box}
	hints := &m.tx.store.uids
	highest, ok := hints.raise(key, uid)
	if !ok {
		var err error
		if highest, err = m.highestUID(op, box); err != nil {
			return false, err
		}
		hints.set(key, max(highest, uid))
	}
	if uid > highest {
		return false, m.s.allows(m.part)
	}
	return m.has(op, m.uidKey(kindMessage, box, uid))
}

// highestUID is the highest UID that a message of the mailbox has; 0 if it has
// none.
func (m *mailTx) highestUID(op string, box mail.MailboxID) (mail.UID, error) {
	lower := appendUIDKey(nil, m.account, kindMessage, box, 0)
	it, err := m.iter(op, lower, prefixEnd(lower[:len(lower)-4]))
	if err != nil {
		return 0, err
	}
	var uid mail.UID
	if it.Last() {
		uid, _ = uidOf(it.Key())
	}
	return uid, readError(op, lower, it.Close())
}
