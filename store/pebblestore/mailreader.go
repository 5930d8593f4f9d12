package pebblestore

import (
	"encoding/binary"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// mailReader implements store.MailReader.
type mailReader struct {
	room
	account mail.AccountID
}

func newMailReader(s *session, account mail.AccountID) mailReader {
	return mailReader{room{s, store.MailOf(account)}, account}
}

// key builds a key in the session's scratch memory, good until the next one.
func (m mailReader) key(kind byte) []byte {
	m.s.key = appendMailKey(m.s.key[:0], m.account, kind)
	return m.s.key
}

func (m mailReader) numberKey(kind byte, n uint64) []byte {
	m.s.key = binary.BigEndian.AppendUint64(m.key(kind), n)
	return m.s.key
}

func (m mailReader) nameKey(kind byte, name string) []byte {
	m.s.key = append(m.key(kind), name...)
	return m.s.key
}

func (m mailReader) uidKey(kind byte, box mail.MailboxID, uid mail.UID) []byte {
	m.s.key = appendUIDKey(m.s.key[:0], m.account, kind, box, uid)
	return m.s.key
}

// bounds are the first key of a kind and the key after its last.
func (m mailReader) bounds(kind byte) (lower, upper []byte) {
	lower = appendMailKey(nil, m.account, kind)
	return lower, prefixEnd(lower)
}

func (m mailReader) Counters() (c store.Counters, err error) {
	err = m.with("store.Counters", m.key(kindCounters), func(v []byte) error {
		c, err = decodeCounters(v)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return store.Counters{}, nil
	}
	return c, err
}

func (m mailReader) Mailbox(id mail.MailboxID) (row store.MailboxRow, err error) {
	err = m.with("store.Mailbox", m.numberKey(kindMailbox, uint64(id)), func(v []byte) error {
		row, err = decodeMailbox(v)
		return err
	})
	return row, err
}

func (m mailReader) MailboxByName(name string) (store.MailboxRow, error) {
	id, err := m.mailboxID(name)
	if err != nil {
		return store.MailboxRow{}, err
	}
	row, err := m.Mailbox(id)
	if fault.Is(err, fault.NotFound) {
		return row, fault.New(fault.Damaged, "store.MailboxByName", "the name of mailbox %s has no mailbox", id)
	}
	return row, err
}

func (m mailReader) mailboxID(name string) (id mail.MailboxID, err error) {
	err = m.with("store.MailboxByName", m.nameKey(kindMailboxName, name), func(v []byte) error {
		n, err := decodeNumber(v)
		id = mail.MailboxID(n)
		return err
	})
	return id, err
}

func (m mailReader) Mailboxes(fn func(store.MailboxRow) error) error {
	lower, upper := m.bounds(kindMailbox)
	return m.scan("store.Mailboxes", lower, upper, func(k, v []byte) error {
		row, err := decodeMailbox(v)
		if err != nil {
			return damagedKey("store.Mailboxes", k, err)
		}
		return fn(row)
	})
}

func (m mailReader) Subscriptions(fn func(name string) error) error {
	lower, upper := m.bounds(kindSubscription)
	return m.scan("store.Subscriptions", lower, upper, func(k, _ []byte) error {
		return fn(string(k[mailPrefixLen:]))
	})
}

func (m mailReader) Message(box mail.MailboxID, uid mail.UID) (store.MessageRow, error) {
	key := m.uidKey(kindMessage, box, uid)
	v, err := m.value("store.Message", key)
	if err != nil {
		return store.MessageRow{}, err
	}
	row, err := decodeMessage(uid, v)
	if err != nil {
		return store.MessageRow{}, damagedKey("store.Message", key, err)
	}
	return row, nil
}

func (m mailReader) Messages(box mail.MailboxID, from, to mail.UID, fn func(store.MessageRow) error) error {
	return m.scanUIDs("store.Messages", kindMessage, box, from, to, func(k []byte, uid mail.UID, v []byte) error {
		row, err := decodeMessage(uid, v)
		if err != nil {
			return damagedKey("store.Messages", k, err)
		}
		return fn(row)
	})
}

func (m mailReader) State(box mail.MailboxID, uid mail.UID) (row store.StateRow, err error) {
	err = m.with("store.State", m.uidKey(kindState, box, uid), func(v []byte) error {
		var d stateDecoder
		row, err = d.decode(uid, v)
		return err
	})
	return row, err
}

func (m mailReader) States(box mail.MailboxID, from, to mail.UID, fn func(store.StateRow) error) error {
	var d stateDecoder
	return m.scanUIDs("store.States", kindState, box, from, to, func(k []byte, uid mail.UID, v []byte) error {
		row, err := d.decode(uid, v)
		if err != nil {
			return damagedKey("store.States", k, err)
		}
		return fn(row)
	})
}

func (m mailReader) scanUIDs(op string, kind byte, box mail.MailboxID, from, to mail.UID,
	fn func(k []byte, uid mail.UID, v []byte) error,
) error {
	if from > to {
		return m.s.allows(m.part)
	}
	lower := appendUIDKey(nil, m.account, kind, box, from)
	upper := prefixEnd(appendUIDKey(nil, m.account, kind, box, to))
	return m.scan(op, lower, upper, func(k, v []byte) error {
		uid, ok := uidOf(k)
		if !ok {
			return damagedKey(op, k, errRow)
		}
		return fn(k, uid, v)
	})
}

func (m mailReader) Email(id mail.EmailID) (row store.EmailRow, err error) {
	err = m.with("store.Email", m.numberKey(kindEmail, uint64(id)), func(v []byte) error {
		row, err = decodeEmail(id, v)
		return err
	})
	return row, err
}

func (m mailReader) Emails(fn func(store.EmailRow) error) error {
	lower, upper := m.bounds(kindEmail)
	return m.scan("store.Emails", lower, upper, func(k, v []byte) error {
		id, ok := lastUint64(k, mailPrefixLen)
		row, err := decodeEmail(mail.EmailID(id), v)
		if err != nil || !ok {
			return damagedKey("store.Emails", k, errRow)
		}
		return fn(row)
	})
}

func (m mailReader) Body(id mail.EmailID) ([]byte, error) {
	m.s.key = appendBodyKey(m.s.key[:0], m.account, id)
	return m.value("store.Body", m.s.key)
}

func (m mailReader) Bodies(from, to mail.EmailID, fn func(mail.EmailID, []byte) error) error {
	const op = "store.Bodies"
	if from > to {
		return m.s.allows(m.part)
	}
	lower := appendBodyKey(nil, m.account, from)
	upper := append(appendBodyKey(nil, m.account, to), 0)
	return m.scan(op, lower, upper, func(k, v []byte) error {
		id, ok := lastUint64(k, 1+8)
		if !ok {
			return damagedKey(op, k, errRow)
		}
		return fn(mail.EmailID(id), v)
	})
}

func (m mailReader) Thread(key store.ThreadKey) (id mail.ThreadID, err error) {
	m.s.key = append(m.key(kindThread), key[:]...)
	err = m.with("store.Thread", m.s.key, func(v []byte) error {
		n, err := decodeNumber(v)
		id = mail.ThreadID(n)
		return err
	})
	return id, err
}

func (m mailReader) Removed(box mail.MailboxID, since mail.ModSeq, fn func(mail.ModSeq, []store.UIDRange) error) error {
	prefix := binary.BigEndian.AppendUint64(appendMailKey(nil, m.account, kindRemoved), uint64(box))
	lower, upper := afterSeq(prefix, since)
	return m.scan("store.Removed", lower, upper, func(k, v []byte) error {
		seq, ok := lastUint64(k, mailPrefixLen+8)
		ranges, err := decodeRemoved(v)
		if err != nil || !ok {
			return damagedKey("store.Removed", k, errRow)
		}
		return fn(mail.ModSeq(seq), ranges)
	})
}

func (m mailReader) Changes(since mail.ModSeq, fn func(*store.Change) error) error {
	lower, upper := afterSeq(appendMailKey(nil, m.account, kindChange), since)
	return m.scan("store.Changes", lower, upper, func(k, v []byte) error {
		seq, ok := lastUint64(k, mailPrefixLen)
		c, err := decodeChange(m.account, mail.ModSeq(seq), v)
		if err != nil || !ok {
			return damagedKey("store.Changes", k, errRow)
		}
		return fn(c)
	})
}

// afterSeq bounds the keys prefix+n with n > since.
func afterSeq(prefix []byte, since mail.ModSeq) (lower, upper []byte) {
	upper = prefixEnd(prefix)
	lower = prefixEnd(binary.BigEndian.AppendUint64(prefix, uint64(since)))
	return lower, upper
}

func (m mailReader) Garbage(fn func(ref string, since time.Time) error) error {
	lower, upper := m.bounds(kindGarbage)
	return m.scan("store.Garbage", lower, upper, func(k, v []byte) error {
		since, err := decodeInstant(v)
		if err != nil {
			return damagedKey("store.Garbage", k, err)
		}
		return fn(string(k[mailPrefixLen:]), since)
	})
}
