package pebblestore

import (
	"postern/mail"
	"postern/store"
)

func appendAccount(b []byte, r store.AccountRow) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, r.Version)
	b = appendBytes(b, r.Address)
	b = appendStrings(b, r.Aliases)
	b = appendBytes(b, r.Name)
	b = appendStrings(b, r.Classes)
	b = appendBool(b, r.Disabled)
	b = appendTime(b, r.Created)
	b = appendBytes(b, r.ScramSalt)
	return appendInt(b, int64(r.ScramIterations))
}

func decodeAccount(id mail.AccountID, b []byte) (store.AccountRow, error) {
	d := newDecoder(b)
	r := store.AccountRow{
		ID:              id,
		Version:         d.uint(),
		Address:         d.string(),
		Aliases:         d.strings(),
		Name:            d.string(),
		Classes:         d.strings(),
		Disabled:        d.bool(),
		Created:         d.time(),
		ScramSalt:       d.bytes(),
		ScramIterations: int(d.int()),
	}
	return r, d.end()
}

func appendCredential(b []byte, r store.CredentialRow) []byte {
	b = append(b, rowVersion, byte(r.Kind))
	b = appendUint(b, r.Version)
	b = appendBytes(b, r.Label)
	b = appendBytes(b, r.Hash)
	b = appendUint(b, uint64(len(r.Scram)))
	for _, v := range r.Scram {
		b = appendBytes(b, v.Mechanism)
		b = appendBytes(b, v.StoredKey)
		b = appendBytes(b, v.ServerKey)
	}
	b = appendTime(b, r.Created)
	b = appendTime(b, r.Expires)
	b = appendTime(b, r.LastUsed)
	b = appendBytes(b, r.LastUsedBy)
	b = appendStrings(b, r.Protocols)
	return appendStrings(b, r.Networks)
}

func decodeCredential(account mail.AccountID, id uint64, b []byte) (store.CredentialRow, error) {
	d := newDecoder(b)
	r := store.CredentialRow{
		Account: account,
		ID:      id,
		Kind:    store.CredentialKind(d.byte()),
		Version: d.uint(),
		Label:   d.string(),
		Hash:    d.string(),
	}
	if n := d.count(); n > 0 {
		r.Scram = make([]store.ScramVerifier, 0, n)
		for range n {
			r.Scram = append(r.Scram, store.ScramVerifier{
				Mechanism: d.string(), StoredKey: d.bytes(), ServerKey: d.bytes(),
			})
		}
	}
	r.Created, r.Expires, r.LastUsed = d.time(), d.time(), d.time()
	r.LastUsedBy = d.string()
	r.Protocols, r.Networks = d.strings(), d.strings()
	return r, d.end()
}

func appendAttempt(b []byte, r store.AttemptRow) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(r.Account))
	return appendBytes(b, r.JSON)
}

func decodeAttempt(id store.AttemptID, b []byte) (store.AttemptRow, error) {
	d := newDecoder(b)
	r := store.AttemptRow{ID: id, Account: mail.AccountID(d.uint()), JSON: d.bytes()}
	return r, d.end()
}

func appendRevision(b []byte, r store.RevisionRow) []byte {
	b = append(b, rowVersion)
	b = appendBytes(b, r.Hash)
	b = appendBytes(b, r.Document)
	b = appendTime(b, r.Created)
	b = appendBytes(b, r.Author)
	return appendBytes(b, r.Reason)
}

func decodeRevision(number uint64, b []byte) (store.RevisionRow, error) {
	d := newDecoder(b)
	r := store.RevisionRow{
		Number:   number,
		Hash:     d.string(),
		Document: d.bytes(),
		Created:  d.time(),
		Author:   d.string(),
		Reason:   d.string(),
	}
	return r, d.end()
}
