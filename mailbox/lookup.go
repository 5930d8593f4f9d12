package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// known is what an account remembers so that a delivery need not ask the
// store before it takes the bytes. It is an advice only: the transaction that
// stores the message asks again.
type known struct {
	boxes    map[string]mail.MailboxID // some names; emptied when a mailbox comes, goes or is renamed
	counters store.Counters            // after the last transaction, if counted
	counted  bool
	at       mail.ModSeq // of that transaction
	changes  uint64      // counts what emptied boxes
}

// lookup finds a mailbox by its clean name, and what the account counts; fresh
// tells that the store was asked.
func (a *account) lookup(ctx context.Context, name string) (id mail.MailboxID, counters store.Counters, fresh bool, err error) {
	a.mu.Lock()
	id, ok := a.known.boxes[name]
	counters, counted := a.known.counters, a.known.counted
	a.mu.Unlock()
	if ok && counted {
		return id, counters, false, nil
	}
	id, counters, err = a.ask(ctx, name)
	return id, counters, true, err
}

// ask is lookup in the store.
func (a *account) ask(ctx context.Context, name string) (id mail.MailboxID, counters store.Counters, err error) {
	if err := a.subscribe("mailbox.Append"); err != nil {
		return 0, store.Counters{}, err
	}
	a.mu.Lock()
	changes := a.known.changes
	a.mu.Unlock()
	err = a.view(ctx, func(r store.MailReader) error {
		row, err := r.MailboxByName(name)
		if err != nil {
			return missing(err, name)
		}
		id = row.ID
		counters, err = r.Counters()
		return err
	})
	if err != nil {
		return 0, store.Counters{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known.changes == changes {
		if a.known.boxes == nil {
			a.known.boxes = map[string]mail.MailboxID{}
		}
		a.known.boxes[name] = id
	}
	if counters.ModSeq >= a.known.at {
		a.known.counters, a.known.counted, a.known.at = counters, true, counters.ModSeq
	}
	return id, counters, nil
}

// learn takes over what a transaction counted.
func (a *account) learn(w *work) {
	if !w.changed {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if w.modseq >= a.known.at {
		a.known.counters, a.known.counted, a.known.at = w.counters, true, w.modseq
	}
}

// forgetNames is called for each change; the account's mu is held.
func (a *account) forgetNames(c *store.Change) {
	for i := range c.Items {
		switch c.Items[i].Kind {
		case store.MailboxCreated, store.MailboxUpdated, store.MailboxDeleted:
			a.known.boxes = nil
			a.known.changes++
			return
		case store.MessagesAdded, store.MessagesUpdated, store.MessagesRemoved, store.SubscriptionsChanged:
		}
	}
}

// unknown drops everything, after a Wipe.
func (a *account) unknown() {
	a.known.boxes, a.known.counted = nil, false
	a.known.changes++
}

// missing names the mailbox that was not found.
func missing(err error, name string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "mailbox", "there is no mailbox %q", name)
	}
	return err
}
