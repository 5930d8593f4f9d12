package pebblestore

import (
	"encoding/binary"
	"slices"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// directoryReader implements store.DirectoryReader.
type directoryReader struct{ room }

func (r directoryReader) idKey(kind byte, account mail.AccountID) []byte {
	r.s.key = appendDirectoryID(r.s.key[:0], kind, account)
	return r.s.key
}

func (r directoryReader) credentialKey(account mail.AccountID, id uint64) []byte {
	r.s.key = binary.BigEndian.AppendUint64(r.idKey(kindCredential, account), id)
	return r.s.key
}

func (r directoryReader) deviceKey(account mail.AccountID, key string) []byte {
	r.s.key = append(r.idKey(kindDevice, account), key...)
	return r.s.key
}

func (r directoryReader) addressKey(address string) []byte {
	r.s.key = append(appendDirectoryKey(r.s.key[:0], kindAddress), address...)
	return r.s.key
}

func (r directoryReader) Account(id mail.AccountID) (row store.AccountRow, err error) {
	err = r.with("store.Account", r.idKey(kindAccount, id), func(v []byte) error {
		row, err = decodeAccount(id, v)
		return err
	})
	return row, err
}

func (r directoryReader) AccountByAddress(address string) (store.AccountRow, error) {
	id, err := r.owner(address)
	if err != nil {
		return store.AccountRow{}, err
	}
	row, err := r.Account(id)
	if fault.Is(err, fault.NotFound) {
		return row, fault.New(fault.Damaged, "store.AccountByAddress", "an address of account %s has no account", id)
	}
	return row, err
}

func (r directoryReader) owner(address string) (id mail.AccountID, err error) {
	err = r.with("store.AccountByAddress", r.addressKey(address), func(v []byte) error {
		n, err := decodeNumber(v)
		id = mail.AccountID(n)
		return err
	})
	return id, err
}

func (r directoryReader) Accounts(fn func(store.AccountRow) error) error {
	lower := appendDirectoryKey(nil, kindAccount)
	return r.scan("store.Accounts", lower, prefixEnd(lower), func(k, v []byte) error {
		id, ok := lastUint64(k, len(lower))
		row, err := decodeAccount(mail.AccountID(id), v)
		if err != nil || !ok {
			return damagedKey("store.Accounts", k, errRow)
		}
		return fn(row)
	})
}

func (r directoryReader) Credentials(account mail.AccountID) ([]store.CredentialRow, error) {
	lower := appendDirectoryID(nil, kindCredential, account)
	var list []store.CredentialRow
	err := r.scan("store.Credentials", lower, prefixEnd(lower), func(k, v []byte) error {
		id, ok := lastUint64(k, len(lower))
		row, err := decodeCredential(account, id, v)
		if err != nil || !ok {
			return damagedKey("store.Credentials", k, errRow)
		}
		list = append(list, row)
		return nil
	})
	return list, err
}

func (r directoryReader) Devices(account mail.AccountID) ([]store.DeviceRow, error) {
	lower := appendDirectoryID(nil, kindDevice, account)
	var list []store.DeviceRow
	err := r.scan("store.Devices", lower, prefixEnd(lower), func(k, v []byte) error {
		seen, err := decodeInstant(v)
		if err != nil {
			return damagedKey("store.Devices", k, err)
		}
		list = append(list, store.DeviceRow{Account: account, Key: string(k[len(lower):]), Seen: seen})
		return nil
	})
	return list, err
}

// directoryTx implements store.DirectoryTx.
type directoryTx struct {
	directoryReader
	w writer
}

func (t directoryTx) NextAccountID() (mail.AccountID, error) {
	next, err := t.nextAccount()
	if err != nil {
		return 0, err
	}
	return next, t.putNext(next + 1)
}

func (t directoryTx) nextAccount() (mail.AccountID, error) {
	next := uint64(1)
	err := t.with("store.NextAccountID", appendDirectoryKey(nil, kindNextAccount), func(v []byte) (err error) {
		next, err = decodeNumber(v)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	return mail.AccountID(next), nil
}

func (t directoryTx) putNext(next mail.AccountID) error {
	return t.w.set("store.NextAccountID", appendDirectoryKey(nil, kindNextAccount), appendNumber(t.w.tx.value(), uint64(next)))
}

func (t directoryTx) PutAccount(row store.AccountRow) error {
	const op = "store.PutAccount"
	if row.ID == 0 || row.Address == "" {
		return fault.New(fault.Invalid, op, "an account needs an id and an address")
	}
	old, err := t.Account(row.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	addresses := append([]string{row.Address}, row.Aliases...)
	for _, a := range addresses {
		owner, err := t.owner(a)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && owner != row.ID {
			return fault.New(fault.Exists, op, "the address %s belongs to another account", a)
		}
	}
	if err := t.dropAddresses(op, old, addresses); err != nil {
		return err
	}
	for _, a := range addresses {
		if err := t.w.set(op, t.addressKey(a), appendNumber(t.w.tx.value(), uint64(row.ID))); err != nil {
			return err
		}
	}
	next, err := t.nextAccount()
	if err != nil {
		return err
	}
	if row.ID >= next {
		if err := t.putNext(row.ID + 1); err != nil {
			return err
		}
	}
	return t.w.set(op, t.idKey(kindAccount, row.ID), appendAccount(t.w.tx.value(), row))
}

// dropAddresses removes the addresses of an account's old row except keep.
func (t directoryTx) dropAddresses(op string, old store.AccountRow, keep []string) error {
	if old.Address == "" {
		return nil
	}
	for _, a := range append([]string{old.Address}, old.Aliases...) {
		if slices.Contains(keep, a) {
			continue
		}
		if err := t.w.delete(op, t.addressKey(a)); err != nil {
			return err
		}
	}
	return nil
}

func (t directoryTx) DeleteAccount(id mail.AccountID) error {
	const op = "store.DeleteAccount"
	old, err := t.Account(id)
	if err != nil {
		return err
	}
	if err := t.dropAddresses(op, old, nil); err != nil {
		return err
	}
	for _, kind := range []byte{kindCredential, kindDevice} {
		lower := appendDirectoryID(nil, kind, id)
		if err := t.w.deleteRange(op, lower, prefixEnd(lower)); err != nil {
			return err
		}
	}
	return t.w.delete(op, t.idKey(kindAccount, id))
}

func (t directoryTx) PutCredential(row store.CredentialRow) error {
	if row.Account == 0 || row.ID == 0 {
		return fault.New(fault.Invalid, "store.PutCredential", "a credential needs an account and an id")
	}
	return t.w.set("store.PutCredential", t.credentialKey(row.Account, row.ID), appendCredential(t.w.tx.value(), row))
}

func (t directoryTx) DeleteCredential(account mail.AccountID, id uint64) error {
	return t.w.delete("store.DeleteCredential", t.credentialKey(account, id))
}

func (t directoryTx) PutDevice(row store.DeviceRow) error {
	if row.Account == 0 {
		return fault.New(fault.Invalid, "store.PutDevice", "a device needs an account")
	}
	return t.w.set("store.PutDevice", t.deviceKey(row.Account, row.Key), appendInstant(t.w.tx.value(), row.Seen))
}

func (t directoryTx) DeleteDevice(account mail.AccountID, key string) error {
	return t.w.delete("store.DeleteDevice", t.deviceKey(account, key))
}
