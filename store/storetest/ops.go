package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// operator does random work on one account. It decides by rng and by what it
// reads only, so the engine and the model go the same way as long as they
// agree; said is what each step answered.
type operator struct {
	rng  *rand.Rand
	m    store.MailTx
	said strings.Builder
}

// operate does a few steps and logs them.
func operate(seed uint64, m store.MailTx) (string, error) {
	o := &operator{rng: newRand(seed, 1), m: m}
	for range 1 + o.rng.IntN(4) {
		if err := o.step(); err != nil {
			return "", err
		}
	}
	if err := m.Log(store.ChangeItem{Kind: store.SubscriptionsChanged}); err != nil {
		return "", err
	}
	return o.said.String(), nil
}

// expect notes the outcome of a step that may be refused.
func (o *operator) expect(err error) error {
	if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Exists) {
		return err
	}
	fmt.Fprintf(&o.said, "%v;", kindOf(err))
	return nil
}

func kindOf(err error) string {
	if err == nil {
		return "done"
	}
	return fault.KindOf(err).String()
}

func (o *operator) box() mail.MailboxID { return mail.MailboxID(1 + o.rng.IntN(4)) }
func (o *operator) uid() mail.UID       { return mail.UID(1 + o.rng.IntN(12)) }

func (o *operator) step() error {
	switch o.rng.IntN(16) {
	case 0, 1, 2, 3, 4:
		return o.append()
	case 5, 6:
		return o.setFlags()
	case 7, 8:
		return o.remove(o.box(), o.uid())
	case 9:
		return o.putMailbox()
	case 10:
		return o.deleteMailbox(o.box())
	case 11:
		return o.expect(o.m.PutSubscription(o.name()))
	case 12:
		return o.expect(o.m.DeleteSubscription(o.name()))
	case 13:
		return o.expect(o.m.PutGarbage(o.name(), time.Unix(0, o.rng.Int64())))
	case 14:
		return o.expect(o.m.DeleteGarbage(o.name()))
	}
	if o.rng.IntN(8) == 0 {
		return o.expect(o.m.Wipe(time.Unix(o.rng.Int64N(1<<33), 0)))
	}
	return o.expect(o.m.PutThread(store.ThreadKey{byte(o.rng.IntN(knownThreads))}, mail.ThreadID(1+o.rng.Uint64N(99))))
}

func (o *operator) name() string { return fmt.Sprintf("name %d/Ünï", o.rng.IntN(5)) }

// mailbox is the row of a mailbox, or a new one.
func (o *operator) mailbox(id mail.MailboxID) (store.MailboxRow, error) {
	row, err := o.m.Mailbox(id)
	if fault.Is(err, fault.NotFound) {
		return store.MailboxRow{ID: id, Name: fmt.Sprintf("box %d", id), UIDValidity: 7, UIDNext: 1}, nil
	}
	return row, err
}

func (o *operator) append() error {
	row, err := o.mailbox(o.box())
	if err != nil {
		return err
	}
	c, err := o.m.Counters()
	if err != nil {
		return err
	}
	seq, err := o.m.ModSeq()
	if err != nil {
		return err
	}
	c.NextEmail++
	c.Messages++
	uid := row.UIDNext
	row.UIDNext++
	row.Messages++
	row.HighestModSeq = seq
	row.SpecialUse = []string{`\Sent`, `\Junk`}[:o.rng.IntN(3)]
	email := store.EmailRow{ID: c.NextEmail, Refs: 1, Size: o.rng.Int64N(99), SHA256: [32]byte{byte(uid)}}
	body := make([]byte, o.rng.IntN(2000))
	for i := range body {
		body[i] = byte(o.rng.Uint32())
	}
	if o.rng.IntN(3) == 0 {
		email.Blob = fmt.Sprintf("blob-%d", c.NextEmail)
	} else if err := o.m.PutBody(email.ID, body); err != nil {
		return err
	}
	state := store.StateRow{
		UID: uid, ModSeq: seq, Size: email.Size,
		Received: time.Unix(o.rng.Int64N(1<<32), 0).In(time.FixedZone("", 60*(o.rng.IntN(1681)-840))),
		Saved:    time.Unix(o.rng.Int64N(1<<32), 0),
	}
	state.Flags, _ = mail.ParseFlags([]string{`\Seen`, "$Junk", "work"}[:o.rng.IntN(4)])
	if err := o.expect(o.m.PutMailbox(row)); err != nil {
		return err
	}
	for _, err := range []error{
		o.m.PutCounters(c),
		o.m.PutEmail(email),
		o.m.PutState(row.ID, state),
		o.m.Log(store.ChangeItem{Mailbox: row.ID, Kind: store.MessagesAdded, UIDs: []store.UIDRange{{First: uid, Last: uid}}}),
	} {
		if err != nil {
			return err
		}
	}
	return o.expect(o.m.PutMessage(row.ID, store.MessageRow{
		UID: uid, Email: email.ID, Thread: mail.ThreadID(uid), Summary: fmt.Appendf(nil, "summary %d", o.rng.Uint32()),
	}))
}

func (o *operator) setFlags() error {
	box, uid := o.box(), o.uid()
	row, err := o.m.State(box, uid)
	if err != nil {
		return o.expect(err)
	}
	if row.ModSeq, err = o.m.ModSeq(); err != nil {
		return err
	}
	row.Flags.System ^= mail.SystemFlags(1 << o.rng.IntN(5))
	if err := o.m.PutState(box, row); err != nil {
		return err
	}
	return o.m.Log(store.ChangeItem{Mailbox: box, Kind: store.MessagesUpdated, UIDs: []store.UIDRange{{First: uid, Last: uid}}})
}

func (o *operator) remove(box mail.MailboxID, uid mail.UID) error {
	row, err := o.m.Message(box, uid)
	if err != nil {
		return o.expect(err)
	}
	if err := o.expect(o.m.DeleteMessage(box, uid)); err != nil {
		return err
	}
	if err := o.expect(o.m.DeleteEmail(row.Email)); err != nil {
		return err
	}
	return o.m.Log(store.ChangeItem{Mailbox: box, Kind: store.MessagesRemoved, UIDs: []store.UIDRange{{First: uid, Last: uid}}})
}

func (o *operator) putMailbox() error {
	row, err := o.mailbox(o.box())
	if err != nil {
		return err
	}
	row.Name = fmt.Sprintf("box %d", o.box()) // may be taken
	return o.expect(o.m.PutMailbox(row))
}

func (o *operator) deleteMailbox(box mail.MailboxID) error {
	var uids []mail.UID
	if err := o.m.Messages(box, 1, ^mail.UID(0), func(r store.MessageRow) error {
		uids = append(uids, r.UID)
		return nil
	}); err != nil {
		return err
	}
	for _, uid := range uids {
		if err := o.remove(box, uid); err != nil {
			return err
		}
	}
	return o.expect(o.m.DeleteMailbox(box))
}
