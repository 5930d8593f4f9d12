package pebblestore

import (
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// transaction is one run of an Update's fn; it implements store.Tx.
type transaction struct {
	s       *session
	batch   *pebble.Batch
	store   *Store
	reserve bool // by Delete
	mails   []*mailTx
	scratch []byte
}

// value is memory to build a value in, good until the next set.
func (t *transaction) value() []byte { return t.scratch[:0] }

// keep remembers the memory of a value that value began and append grew.
func (t *transaction) keep(v []byte) {
	if cap(v) > cap(t.scratch) {
		t.scratch = v[:0]
	}
}

func (t *transaction) Mail(account mail.AccountID) store.MailTx {
	i := slices.IndexFunc(t.mails, func(m *mailTx) bool { return m.account == account })
	if i < 0 {
		i = len(t.mails)
		r := newMailReader(t.s, account)
		t.mails = append(t.mails, &mailTx{mailReader: r, writer: writer{room: r.room, tx: t}})
	}
	return t.mails[i]
}

func (t *transaction) Directory() store.DirectoryTx {
	r := room{t.s, store.Directory}
	return directoryTx{directoryReader{r}, writer{r, t}}
}

func (t *transaction) Attempts() store.AttemptTx {
	r := room{t.s, store.Attempts}
	return attemptTx{attemptReader{r}, writer{r, t}}
}

func (t *transaction) System() store.SystemTx {
	r := room{t.s, store.System}
	return systemTx{systemReader{r}, writer{r, t}}
}

// writer writes into one partition.
type writer struct {
	room room
	tx   *transaction
}

// set writes a value that was built in tx.value.
func (w writer) set(op string, key, value []byte) error {
	w.tx.keep(value)
	return w.setOwned(op, key, value)
}

// setOwned writes a value in the caller's memory.
func (w writer) setOwned(op string, key, value []byte) error {
	if err := w.room.s.allows(w.room.part); err != nil {
		return err
	}
	return fault.Wrap(fault.Internal, op, w.tx.batch.Set(key, value, nil))
}

func (w writer) delete(op string, key []byte) error {
	if err := w.room.s.allows(w.room.part); err != nil {
		return err
	}
	return fault.Wrap(fault.Internal, op, w.tx.batch.Delete(key, nil))
}

func (w writer) deleteRange(op string, lower, upper []byte) error {
	if err := w.room.s.allows(w.room.part); err != nil {
		return err
	}
	return fault.Wrap(fault.Internal, op, w.tx.batch.DeleteRange(lower, upper, nil))
}
