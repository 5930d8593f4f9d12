package pebblestore

import (
	"encoding/binary"
	"errors"

	"postern/fault"
	"postern/store"
)

// systemReader implements store.SystemReader.
type systemReader struct{ room }

func (r systemReader) settingKey(name string) []byte {
	r.s.key = append(appendSystemKey(r.s.key[:0], kindSetting), name...)
	return r.s.key
}

func (r systemReader) revisionKey(number uint64) []byte {
	r.s.key = binary.BigEndian.AppendUint64(appendSystemKey(r.s.key[:0], kindRevision), number)
	return r.s.key
}

func (r systemReader) Setting(name string) (value []byte, err error) {
	err = r.with("store.Setting", r.settingKey(name), func(v []byte) error {
		value = append([]byte{}, v...)
		return nil
	})
	return value, err
}

func (r systemReader) Revision(number uint64) (row store.RevisionRow, err error) {
	err = r.with("store.Revision", r.revisionKey(number), func(v []byte) error {
		row, err = decodeRevision(number, v)
		return err
	})
	return row, err
}

func (r systemReader) LastRevision() (store.RevisionRow, error) {
	const op = "store.LastRevision"
	var row store.RevisionRow
	lower := appendSystemKey(nil, kindRevision)
	err := r.scanBack(op, lower, prefixEnd(lower), func(k, v []byte) error {
		number, ok := lastUint64(k, len(lower))
		rev, err := decodeRevision(number, v)
		if err != nil || !ok {
			return damagedKey(op, k, errRow)
		}
		row = rev
		return errEnough
	})
	switch {
	case errors.Is(err, errEnough):
		return row, nil
	case err != nil:
		return row, err
	}
	return row, fault.New(fault.NotFound, op, "there is no policy revision yet")
}

// systemTx implements store.SystemTx.
type systemTx struct {
	systemReader
	w writer
}

func (t systemTx) PutSetting(name string, value []byte) error {
	return t.w.set("store.PutSetting", t.settingKey(name), append(t.w.tx.value(), value...))
}

func (t systemTx) DeleteSetting(name string) error {
	return t.w.delete("store.DeleteSetting", t.settingKey(name))
}

func (t systemTx) PutRevision(row store.RevisionRow) error {
	const op = "store.PutRevision"
	if row.Number == 0 {
		return fault.New(fault.Invalid, op, "a revision needs a number")
	}
	taken, err := t.has(op, t.revisionKey(row.Number))
	switch {
	case err != nil:
		return err
	case taken:
		return fault.New(fault.Exists, op, "revision %d is stored already", row.Number)
	}
	return t.w.set(op, t.revisionKey(row.Number), appendRevision(t.w.tx.value(), row))
}
