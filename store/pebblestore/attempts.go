package pebblestore

import (
	"encoding/binary"
	"errors"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// attemptReader implements store.AttemptReader.
type attemptReader struct{ room }

func (r attemptReader) Attempts(account mail.AccountID, before store.AttemptID, fn func(store.AttemptRow) error) error {
	const op = "store.Attempts"
	lower := []byte{spaceAttempts}
	if account != 0 {
		lower = binary.BigEndian.AppendUint64([]byte{spaceAttemptsOf}, uint64(account))
	}
	upper := prefixEnd(lower)
	if before != (store.AttemptID{}) {
		upper = appendAttemptID(append([]byte(nil), lower...), before)
	}
	return r.scanBack(op, lower, upper, func(k, v []byte) error {
		if len(k) != len(lower)+attemptIDLen {
			return damagedKey(op, k, errRow)
		}
		id := attemptIDOf(k)
		if account == 0 {
			row, err := decodeAttempt(id, v)
			if err != nil {
				row = store.AttemptRow{ID: id} // those before it are whole
			}
			return fn(row)
		}
		row, err := r.attempt(op, id)
		switch {
		case fault.Is(err, fault.Damaged):
			row = store.AttemptRow{ID: id}
		case err != nil:
			return err
		}
		return fn(row)
	})
}

func (r attemptReader) attempt(op string, id store.AttemptID) (row store.AttemptRow, err error) {
	r.s.key = appendAttemptKey(r.s.key[:0], id)
	err = r.with(op, r.s.key, func(v []byte) error {
		row, err = decodeAttempt(id, v)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return row, damagedKey(op, r.s.key, errors.New("the index names a row that is not there"))
	}
	return row, err
}

// attemptTx implements store.AttemptTx.
type attemptTx struct {
	attemptReader
	w writer
}

func (t attemptTx) AppendAttempts(rows []store.AttemptRow) error {
	const op = "store.AppendAttempts"
	for _, row := range rows {
		t.s.key = appendAttemptKey(t.s.key[:0], row.ID)
		taken, err := t.has(op, t.s.key)
		switch {
		case err != nil:
			return err
		case taken:
			return fault.New(fault.Exists, op, "attempt %d.%d is in the log already", row.ID.Time, row.ID.Seq)
		}
		if err := t.w.set(op, t.s.key, appendAttempt(t.w.tx.value(), row)); err != nil {
			return err
		}
		if row.Account == 0 {
			continue
		}
		t.s.key = appendAttemptOfKey(t.s.key[:0], row.Account, row.ID)
		if err := t.w.set(op, t.s.key, nil); err != nil {
			return err
		}
	}
	return nil
}

var errEnough = errors.New("enough")

func (t attemptTx) PruneAttempts(before time.Time, limit int) (int, error) {
	const op = "store.PruneAttempts"
	pruned := 0
	lower, upper := []byte{spaceAttempts}, appendAttemptKey(nil, store.AttemptID{Time: before.UnixNano()})
	err := t.scan(op, lower, upper, func(k, v []byte) error {
		if pruned >= limit {
			return errEnough
		}
		if len(k) != attemptPrefixLen+attemptIDLen {
			return damagedKey(op, k, errRow)
		}
		row, err := decodeAttempt(attemptIDOf(k), v)
		if err == nil && row.Account != 0 { // else its account is not known, and the index keeps an entry more
			t.s.key = appendAttemptOfKey(t.s.key[:0], row.Account, row.ID)
			if err := t.w.delete(op, t.s.key); err != nil {
				return err
			}
		}
		pruned++
		return t.w.delete(op, k)
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return pruned, err
}
