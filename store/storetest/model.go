package storetest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// model is one account's mail in plain maps: what store.MailTx means, written
// for the reader.
type model struct {
	account  mail.AccountID
	counters store.Counters
	boxes    map[mail.MailboxID]store.MailboxRow
	messages map[place]store.MessageRow
	states   map[place]store.StateRow
	emails   map[mail.EmailID]store.EmailRow
	bodies   map[mail.EmailID]string
	threads  map[store.ThreadKey]mail.ThreadID
	subs     map[string]bool
	garbage  map[string]time.Time
	changes  []store.Change
	removed  map[mail.MailboxID]map[mail.ModSeq][]store.UIDRange
	logged   bool // this transaction has an entry in changes
}

type place struct {
	box mail.MailboxID
	uid mail.UID
}

var _ store.MailTx = (*model)(nil)

func newModel(account mail.AccountID) *model {
	return &model{
		account:  account,
		boxes:    map[mail.MailboxID]store.MailboxRow{},
		messages: map[place]store.MessageRow{},
		states:   map[place]store.StateRow{},
		emails:   map[mail.EmailID]store.EmailRow{},
		bodies:   map[mail.EmailID]string{},
		threads:  map[store.ThreadKey]mail.ThreadID{},
		subs:     map[string]bool{},
		garbage:  map[string]time.Time{},
		removed:  map[mail.MailboxID]map[mail.ModSeq][]store.UIDRange{},
	}
}

// begin is a copy for the next transaction.
func (m *model) begin() *model {
	c := *m
	c.boxes, c.messages, c.states = maps.Clone(m.boxes), maps.Clone(m.messages), maps.Clone(m.states)
	c.emails, c.bodies, c.threads = maps.Clone(m.emails), maps.Clone(m.bodies), maps.Clone(m.threads)
	c.subs, c.garbage, c.changes = maps.Clone(m.subs), maps.Clone(m.garbage), slices.Clone(m.changes)
	c.removed = map[mail.MailboxID]map[mail.ModSeq][]store.UIDRange{}
	for box, list := range m.removed {
		c.removed[box] = maps.Clone(list)
	}
	c.logged = false
	return &c
}

// commit is the model after the transaction.
func (m *model) commit() *model {
	if m.logged {
		m.counters.ModSeq++
	}
	return m
}

func none(op string) error { return fault.New(fault.NotFound, op, "there is none") }

func get[K comparable, V any](m map[K]V, k K) (V, error) {
	v, ok := m[k]
	if !ok {
		return v, none("model")
	}
	return v, nil
}

func each[K cmp.Ordered, V any](m map[K]V, fn func(K, V) error) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := fn(k, m[k]); err != nil {
			return err
		}
	}
	return nil
}

func eachIn[V any](m map[place]V, box mail.MailboxID, from, to mail.UID, fn func(V) error) error {
	in := map[mail.UID]V{}
	for p, v := range m {
		if p.box == box && from <= p.uid && p.uid <= to {
			in[p.uid] = v
		}
	}
	return each(in, func(_ mail.UID, v V) error { return fn(v) })
}

func (m *model) Counters() (store.Counters, error)                   { return m.counters, nil }
func (m *model) Mailbox(id mail.MailboxID) (store.MailboxRow, error) { return get(m.boxes, id) }
func (m *model) Email(id mail.EmailID) (store.EmailRow, error)       { return get(m.emails, id) }
func (m *model) Thread(k store.ThreadKey) (mail.ThreadID, error)     { return get(m.threads, k) }
func (m *model) ModSeq() (mail.ModSeq, error)                        { return m.counters.ModSeq + 1, nil }

func (m *model) Message(b mail.MailboxID, u mail.UID) (store.MessageRow, error) {
	return get(m.messages, place{b, u})
}

func (m *model) State(b mail.MailboxID, u mail.UID) (store.StateRow, error) {
	return get(m.states, place{b, u})
}

func (m *model) MailboxByName(name string) (store.MailboxRow, error) {
	for _, row := range m.boxes {
		if row.Name == name {
			return row, nil
		}
	}
	return store.MailboxRow{}, none("model")
}

func (m *model) Mailboxes(fn func(store.MailboxRow) error) error {
	return each(m.boxes, func(_ mail.MailboxID, r store.MailboxRow) error { return fn(r) })
}

func (m *model) Subscriptions(fn func(string) error) error {
	return each(m.subs, func(name string, _ bool) error { return fn(name) })
}

func (m *model) Messages(b mail.MailboxID, from, to mail.UID, fn func(store.MessageRow) error) error {
	return eachIn(m.messages, b, from, to, fn)
}

func (m *model) States(b mail.MailboxID, from, to mail.UID, fn func(store.StateRow) error) error {
	return eachIn(m.states, b, from, to, fn)
}

func (m *model) Emails(fn func(store.EmailRow) error) error {
	return each(m.emails, func(_ mail.EmailID, r store.EmailRow) error { return fn(r) })
}

func (m *model) Body(id mail.EmailID) ([]byte, error) {
	b, err := get(m.bodies, id)
	return []byte(b), err
}

func (m *model) Bodies(from, to mail.EmailID, fn func(mail.EmailID, []byte) error) error {
	return each(m.bodies, func(id mail.EmailID, b string) error {
		if id < from || id > to {
			return nil
		}
		return fn(id, []byte(b))
	})
}

func (m *model) Removed(box mail.MailboxID, since mail.ModSeq, fn func(mail.ModSeq, []store.UIDRange) error) error {
	return each(m.removed[box], func(seq mail.ModSeq, r []store.UIDRange) error {
		if seq <= since {
			return nil
		}
		return fn(seq, r)
	})
}

func (m *model) Changes(since mail.ModSeq, fn func(*store.Change) error) error {
	for _, c := range m.changes {
		if c.ModSeq > since {
			if err := fn(&c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *model) Garbage(fn func(string, time.Time) error) error { return each(m.garbage, fn) }

func (m *model) Log(item store.ChangeItem) error {
	seq := m.counters.ModSeq + 1
	if !m.logged {
		m.logged = true
		m.changes = append(m.changes, store.Change{Account: m.account, ModSeq: seq})
	}
	last := &m.changes[len(m.changes)-1]
	last.Items = append(slices.Clip(last.Items), store.ChangeItem{Mailbox: item.Mailbox, Kind: item.Kind, UIDs: item.UIDs})
	if item.Kind == store.MessagesRemoved {
		if m.removed[item.Mailbox] == nil {
			m.removed[item.Mailbox] = map[mail.ModSeq][]store.UIDRange{}
		}
		m.removed[item.Mailbox][seq] = union(m.removed[item.Mailbox][seq], item.UIDs)
	}
	return nil
}

// union joins ranges by listing their UIDs.
func union(a, b []store.UIDRange) []store.UIDRange {
	in := map[mail.UID]bool{}
	for _, r := range slices.Concat(a, b) {
		for u := r.First; u <= r.Last; u++ {
			in[u] = true
		}
	}
	var out []store.UIDRange
	for _, u := range slices.Sorted(maps.Keys(in)) {
		if n := len(out); n > 0 && out[n-1].Last+1 == u {
			out[n-1].Last = u
			continue
		}
		out = append(out, store.UIDRange{First: u, Last: u})
	}
	return out
}

func (m *model) PutCounters(c store.Counters) error {
	c.ModSeq = m.counters.ModSeq
	m.counters = c
	return nil
}

func (m *model) PutMailbox(row store.MailboxRow) error {
	if other, err := m.MailboxByName(row.Name); err == nil && other.ID != row.ID {
		return fault.New(fault.Exists, "model", "the name is taken")
	}
	m.boxes[row.ID] = row
	return nil
}

func (m *model) DeleteMailbox(id mail.MailboxID) error {
	if _, err := m.Mailbox(id); err != nil {
		return err
	}
	delete(m.boxes, id)
	delete(m.removed, id)
	return nil
}

func (m *model) PutSubscription(name string) error    { m.subs[name] = true; return nil }
func (m *model) DeleteSubscription(name string) error { delete(m.subs, name); return nil }

func (m *model) PutMessage(box mail.MailboxID, row store.MessageRow) error {
	if _, err := m.Message(box, row.UID); err == nil {
		return fault.New(fault.Exists, "model", "the UID is taken")
	}
	m.messages[place{box, row.UID}] = row
	return nil
}

func (m *model) PutState(box mail.MailboxID, row store.StateRow) error {
	m.states[place{box, row.UID}] = row
	return nil
}

func (m *model) DeleteMessage(box mail.MailboxID, uid mail.UID) error {
	if _, err := m.Message(box, uid); err != nil {
		return err
	}
	delete(m.messages, place{box, uid})
	delete(m.states, place{box, uid})
	return nil
}

func (m *model) PutEmail(row store.EmailRow) error { m.emails[row.ID] = row; return nil }

func (m *model) DeleteEmail(id mail.EmailID) error {
	row, err := m.Email(id)
	if err != nil {
		return err
	}
	delete(m.emails, id)
	if row.Blob == "" {
		delete(m.bodies, id)
	}
	return nil
}

func (m *model) PutBody(id mail.EmailID, body []byte) error { m.bodies[id] = string(body); return nil }

func (m *model) PutThread(k store.ThreadKey, id mail.ThreadID) error {
	m.threads[k] = id
	return nil
}

func (m *model) PutGarbage(ref string, since time.Time) error { m.garbage[ref] = since; return nil }
func (m *model) DeleteGarbage(ref string) error               { delete(m.garbage, ref); return nil }

func (m *model) Wipe(now time.Time) error {
	fresh := newModel(m.account)
	fresh.garbage, fresh.logged = m.garbage, m.logged
	for _, row := range m.emails {
		if row.Blob != "" {
			fresh.garbage[row.Blob] = now
		}
	}
	fresh.counters = m.counters
	fresh.counters.Messages, fresh.counters.Bytes = 0, 0
	if m.logged {
		fresh.changes = m.changes[len(m.changes)-1:]
	}
	*m = *fresh
	return nil
}
