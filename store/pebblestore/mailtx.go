package pebblestore

import (
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// mailTx implements store.MailTx. One exists per account and transaction.
type mailTx struct {
	mailReader
	writer
	counters store.Counters            // as they will be, except ModSeq
	loaded   bool                      // counters have been read
	dirty    bool                      // counters are to be written
	names    map[mail.MailboxID]string // of mailboxes read or written here
	items    []store.ChangeItem
	unlogged bool // items are not all in the batch
	// Removed lists are kept for items from kept on, of mailboxes that were
	// deleted here from gone on.
	kept int
	gone map[mail.MailboxID]int
}

// Counters are read once and written at the end.
func (m *mailTx) Counters() (store.Counters, error) {
	if m.loaded {
		return m.counters, m.s.allows(m.part)
	}
	c, err := m.mailReader.Counters()
	if err != nil {
		return store.Counters{}, err
	}
	m.counters, m.loaded = c, true
	return c, nil
}

func (m *mailTx) PutCounters(c store.Counters) error {
	old, err := m.Counters()
	if err != nil {
		return err
	}
	c.ModSeq = old.ModSeq
	m.counters, m.dirty = c, true
	return nil
}

func (m *mailTx) ModSeq() (mail.ModSeq, error) {
	c, err := m.Counters()
	if err != nil {
		return 0, err
	}
	return c.ModSeq + 1, nil
}

func (m *mailTx) Log(item store.ChangeItem) error {
	if _, err := m.ModSeq(); err != nil {
		return err
	}
	var at mail.UID
	for _, r := range item.UIDs {
		if r.First <= at || r.Last < r.First {
			return fault.New(fault.Invalid, "store.Log", "UID ranges must ascend without overlap, but %d:%d follows %d", r.First, r.Last, at)
		}
		at = r.Last
	}
	m.items = append(m.items, item)
	m.unlogged = true
	return nil
}

// finish puts what was held back into the batch.
func (m *mailTx) finish() error {
	if err := m.flush(); err != nil {
		return err
	}
	if !m.dirty && len(m.items) == 0 {
		return nil
	}
	c := m.counters
	if len(m.items) > 0 {
		c.ModSeq++
	}
	return m.set("store.PutCounters", m.key(kindCounters), appendCounters(m.tx.value(), c))
}

// flush puts the change log entry and the removed lists into the batch; reads
// of them call it first.
func (m *mailTx) flush() error {
	if !m.unlogged {
		return nil
	}
	seq := m.counters.ModSeq + 1
	if err := m.set("store.Log", m.numberKey(kindChange, uint64(seq)), appendChange(m.tx.value(), m.items)); err != nil {
		return err
	}
	removed := make(map[mail.MailboxID][]store.UIDRange)
	for i, it := range m.items {
		if it.Kind == store.MessagesRemoved && i >= max(m.kept, m.gone[it.Mailbox]) {
			removed[it.Mailbox] = mergeRanges(removed[it.Mailbox], it.UIDs)
		}
	}
	for box, ranges := range removed {
		key := appendSeq(m.numberKey(kindRemoved, uint64(box)), seq)
		if err := m.set("store.Log", key, appendRemoved(m.tx.value(), ranges)); err != nil {
			return err
		}
	}
	m.unlogged = false
	return nil
}

// change is the entry for subscribers; nil if nothing was logged.
func (m *mailTx) change() *store.Change {
	if len(m.items) == 0 {
		return nil
	}
	return &store.Change{Account: m.account, ModSeq: m.counters.ModSeq + 1, Items: m.items}
}

func (m *mailTx) Removed(box mail.MailboxID, since mail.ModSeq, fn func(mail.ModSeq, []store.UIDRange) error) error {
	if err := m.flush(); err != nil {
		return err
	}
	return m.mailReader.Removed(box, since, fn)
}

func (m *mailTx) Changes(since mail.ModSeq, fn func(*store.Change) error) error {
	if err := m.flush(); err != nil {
		return err
	}
	return m.mailReader.Changes(since, fn)
}

func (m *mailTx) Mailbox(id mail.MailboxID) (store.MailboxRow, error) {
	row, err := m.mailReader.Mailbox(id)
	if err == nil {
		m.named(id, row.Name)
	}
	return row, err
}

func (m *mailTx) MailboxByName(name string) (store.MailboxRow, error) {
	row, err := m.mailReader.MailboxByName(name)
	if err == nil {
		m.named(row.ID, name)
	}
	return row, err
}

func (m *mailTx) named(id mail.MailboxID, name string) {
	if m.names == nil {
		m.names = make(map[mail.MailboxID]string)
	}
	m.names[id] = name
}

// nameOf is the name that a mailbox has now; "" if there is no such mailbox.
func (m *mailTx) nameOf(id mail.MailboxID) (string, error) {
	if name, ok := m.names[id]; ok {
		return name, nil
	}
	row, err := m.Mailbox(id)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return row.Name, err
}

func (m *mailTx) PutMailbox(row store.MailboxRow) error {
	const op = "store.PutMailbox"
	if row.ID == 0 || row.Name == "" {
		return fault.New(fault.Invalid, op, "a mailbox needs an id and a name")
	}
	old, err := m.nameOf(row.ID)
	if err != nil {
		return err
	}
	if old != row.Name {
		if err := m.rename(op, row, old); err != nil {
			return err
		}
	}
	return m.set(op, m.numberKey(kindMailbox, uint64(row.ID)), appendMailbox(m.tx.value(), row))
}

// rename gives the row its name in the index and takes the old one out.
func (m *mailTx) rename(op string, row store.MailboxRow, oldName string) error {
	taken, err := m.has(op, m.nameKey(kindMailboxName, row.Name))
	switch {
	case err != nil:
		return err
	case taken:
		return fault.New(fault.Exists, op, "another mailbox has the name")
	}
	m.named(row.ID, row.Name)
	if oldName != "" {
		if err := m.delete(op, m.nameKey(kindMailboxName, oldName)); err != nil {
			return err
		}
	}
	return m.set(op, m.nameKey(kindMailboxName, row.Name), appendNumber(m.tx.value(), uint64(row.ID)))
}

func (m *mailTx) DeleteMailbox(id mail.MailboxID) error {
	const op = "store.DeleteMailbox"
	row, err := m.Mailbox(id)
	if err != nil {
		return err
	}
	if err := m.flush(); err != nil {
		return err
	}
	delete(m.names, id)
	if m.gone == nil {
		m.gone = make(map[mail.MailboxID]int)
	}
	m.gone[id] = len(m.items)
	prefix := append([]byte(nil), m.numberKey(kindRemoved, uint64(id))...)
	if err := m.deleteRange(op, prefix, prefixEnd(prefix)); err != nil {
		return err
	}
	if err := m.delete(op, m.nameKey(kindMailboxName, row.Name)); err != nil {
		return err
	}
	return m.delete(op, m.numberKey(kindMailbox, uint64(id)))
}

func (m *mailTx) PutSubscription(name string) error {
	return m.set("store.PutSubscription", m.nameKey(kindSubscription, name), nil)
}

func (m *mailTx) DeleteSubscription(name string) error {
	return m.delete("store.DeleteSubscription", m.nameKey(kindSubscription, name))
}

func (m *mailTx) PutMessage(box mail.MailboxID, row store.MessageRow) error {
	const op = "store.PutMessage"
	if row.UID == 0 {
		return fault.New(fault.Invalid, op, "the message has no UID")
	}
	taken, err := m.uidTaken(op, box, row.UID)
	switch {
	case err != nil:
		return err
	case taken:
		return fault.New(fault.Exists, op, "UID %d of mailbox %s is taken", row.UID, box)
	}
	return m.set(op, m.uidKey(kindMessage, box, row.UID), appendMessage(m.tx.value(), row))
}

func (m *mailTx) PutState(box mail.MailboxID, row store.StateRow) error {
	if row.UID == 0 {
		return fault.New(fault.Invalid, "store.PutState", "the state has no UID")
	}
	return m.set("store.PutState", m.uidKey(kindState, box, row.UID), appendState(m.tx.value(), row))
}

func (m *mailTx) DeleteMessage(box mail.MailboxID, uid mail.UID) error {
	const op = "store.DeleteMessage"
	if err := m.with(op, m.uidKey(kindMessage, box, uid), func([]byte) error { return nil }); err != nil {
		return err
	}
	if err := m.delete(op, m.uidKey(kindMessage, box, uid)); err != nil {
		return err
	}
	return m.delete(op, m.uidKey(kindState, box, uid))
}

func (m *mailTx) PutEmail(row store.EmailRow) error {
	return m.set("store.PutEmail", m.numberKey(kindEmail, uint64(row.ID)), appendEmail(m.tx.value(), row))
}

func (m *mailTx) DeleteEmail(id mail.EmailID) error {
	const op = "store.DeleteEmail"
	row, err := m.Email(id)
	if err != nil {
		return err
	}
	if row.Blob == "" {
		m.s.key = appendBodyKey(m.s.key[:0], m.account, id)
		if err := m.delete(op, m.s.key); err != nil {
			return err
		}
	}
	return m.delete(op, m.numberKey(kindEmail, uint64(id)))
}

func (m *mailTx) PutBody(id mail.EmailID, body []byte) error {
	const op = "store.PutBody"
	if m.tx.reserve {
		return fault.New(fault.Invalid, op, "Delete must not store bodies")
	}
	m.s.key = appendBodyKey(m.s.key[:0], m.account, id)
	return m.setOwned(op, m.s.key, body)
}

func (m *mailTx) PutThread(key store.ThreadKey, id mail.ThreadID) error {
	m.s.key = append(m.key(kindThread), key[:]...)
	return m.set("store.PutThread", m.s.key, appendNumber(m.tx.value(), uint64(id)))
}

func (m *mailTx) PutGarbage(ref string, since time.Time) error {
	return m.set("store.PutGarbage", m.nameKey(kindGarbage, ref), appendInstant(m.tx.value(), since))
}

func (m *mailTx) DeleteGarbage(ref string) error {
	return m.delete("store.DeleteGarbage", m.nameKey(kindGarbage, ref))
}
