package pebblestore

import (
	"bytes"
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"postern/fault"
	"postern/store"
)

// Verify implements store.Store: first the checksums of every table file, then
// every row, body included.
func (s *Store) Verify(ctx context.Context, report func(store.Damage)) error {
	const op = "store.Verify"
	if err := s.enter(op); err != nil {
		return err
	}
	defer s.leave()
	db, err := s.durable(ctx)
	if err != nil {
		return fault.In(op, err)
	}
	v := &verifier{s: s, db: db, report: report, named: make(map[string]bool)}
	if err := v.tables(ctx); err != nil {
		return err
	}
	return v.rows(ctx)
}

type verifier struct {
	s      *Store
	db     *pebble.DB
	report func(store.Damage)
	named  map[string]bool // files that have been reported
}

func (v *verifier) tables(ctx context.Context) error {
	levels, err := v.db.SSTables()
	if err != nil {
		return fault.Wrap(fault.Unavailable, "store.Verify", err)
	}
	for _, level := range levels {
		for _, t := range level {
			if err := ctx.Err(); err != nil {
				return fault.Wrap(fault.Canceled, "store.Verify", err)
			}
			name := t.BackingSSTNum.String() + ".sst"
			if v.named[name] {
				continue
			}
			err := v.table(ctx, v.s.opts.FS.PathJoin(v.s.dir, name))
			// A compaction may have removed the file since it was listed.
			if err != nil && v.live(name) {
				v.file(name, err)
			}
		}
	}
	return nil
}

func (v *verifier) live(name string) bool {
	levels, err := v.db.SSTables()
	if err != nil {
		return true
	}
	for _, level := range levels {
		for _, t := range level {
			if t.BackingSSTNum.String()+".sst" == name {
				return true
			}
		}
	}
	return false
}

func (v *verifier) table(ctx context.Context, path string) error {
	f, err := v.s.opts.FS.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	opts := v.s.opts.pebbleOptions(v.s.opts.FS)
	opts.EnsureDefaults()
	r, err := sstable.NewReader(ctx, readable, opts.MakeReaderOptions())
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}

func (v *verifier) file(name string, err error) {
	if !v.named[name] {
		v.named[name] = true
		v.report(store.Damage{Where: name, What: err.Error()})
	}
}

// rows reads every row. Where reading fails it reports and goes on behind the
// place, at the latest with the next partition's next kind of row.
func (v *verifier) rows(ctx context.Context) error {
	var from []byte
	for {
		next, err := v.rowsFrom(ctx, from)
		if next == nil || err != nil {
			return err
		}
		from = next
	}
}

// rowsFrom reads rows until the end or the first unreadable place, and tells
// where to go on: nil at the end.
func (v *verifier) rowsFrom(ctx context.Context, from []byte) (next []byte, err error) {
	it, err := v.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: from})
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "store.Verify", err)
	}
	last := bytes.Clone(from)
	for ok := it.First(); ok; ok = it.Next() {
		last = append(last[:0], it.Key()...)
		value, err := it.ValueAndErr()
		if err != nil {
			v.unreadable(last, err)
			_ = it.Close()
			return append(last, 0), nil
		}
		if err := checkRow(last, value); err != nil {
			v.report(store.Damage{Where: keyName(last), What: err.Error()})
		}
		if err := ctx.Err(); err != nil {
			_ = it.Close()
			return nil, fault.Wrap(fault.Canceled, "store.Verify", err)
		}
	}
	err = it.Close()
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, fault.Wrap(fault.Canceled, "store.Verify", ctx.Err())
	}
	v.unreadable(last, err)
	return behind(last, err), nil
}

func (v *verifier) unreadable(key []byte, err error) {
	if name := fileOf(err); name != "" {
		v.file(name, err)
	}
	v.report(store.Damage{Where: "at or behind " + keyName(key), What: err.Error()})
}

// behind is where reading may work again after it failed behind last.
func behind(last []byte, err error) []byte {
	skip := []byte{1}
	if len(last) > 0 {
		skip = prefixEnd(last[:min(len(last), mailPrefixLen)])
	}
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		end := append(bytes.Clone(info.Bounds.End.Key), 0)
		if bytes.Compare(end, last) > 0 && (skip == nil || bytes.Compare(end, skip) < 0) {
			return end
		}
	}
	return skip
}

// checkRow decodes one row.
func checkRow(key, value []byte) (err error) {
	id := func(prefix int) uint64 {
		n, ok := lastUint64(key, prefix)
		if !ok {
			err = errRow
		}
		return n
	}
	var rowErr error
	switch key[0] {
	case spaceFormat:
		_, rowErr = decodeNumber(value)
	case spaceMail:
		return checkMailRow(key, value)
	case spaceBody:
		if len(key) != 1+8+8 {
			return errRow
		}
	case spaceAttempts:
		if len(key) != attemptPrefixLen+attemptIDLen {
			return errRow
		}
		_, rowErr = decodeAttempt(attemptIDOf(key), value)
	case spaceAttemptsOf:
		if len(key) != attemptOfPrefixLen+attemptIDLen || len(value) != 0 {
			return errRow
		}
	case spaceDirectory:
		return checkDirectoryRow(key, value)
	case spaceSystem:
		switch {
		case len(key) < 2:
			return errRow
		case key[1] == kindRevision:
			_, rowErr = decodeRevision(id(2), value)
		case key[1] != kindSetting:
			return errRow
		}
	default:
		return errRow
	}
	return errors.Join(err, rowErr)
}

func checkDirectoryRow(key, value []byte) error {
	if len(key) < 2 {
		return errRow
	}
	var err error
	switch rest := key[2:]; key[1] {
	case kindAccount:
		_, err = decodeAccount(0, value)
		if len(rest) != 8 {
			err = errRow
		}
	case kindAddress, kindNextAccount:
		_, err = decodeNumber(value)
	case kindCredential:
		_, err = decodeCredential(0, 0, value)
		if len(rest) != 16 {
			err = errRow
		}
	case kindDevice:
		_, err = decodeInstant(value)
	default:
		err = errRow
	}
	return err
}

func checkMailRow(key, value []byte) error {
	if len(key) < mailPrefixLen {
		return errRow
	}
	var err error
	want := -1 // length of the rest of the key
	switch key[mailPrefixLen-1] {
	case kindCounters:
		_, err = decodeCounters(value)
		want = 0
	case kindMailbox:
		_, err = decodeMailbox(value)
		want = 8
	case kindMailboxName:
		_, err = decodeNumber(value)
	case kindSubscription:
	case kindMessage:
		_, err = decodeMessage(0, value)
		want = 12
	case kindState:
		var d stateDecoder
		_, err = d.decode(0, value)
		want = 12
	case kindEmail:
		_, err = decodeEmail(0, value)
		want = 8
	case kindThread:
		_, err = decodeNumber(value)
		want = 16
	case kindRemoved:
		_, err = decodeRemoved(value)
		want = 16
	case kindChange:
		_, err = decodeChange(0, 0, value)
		want = 8
	case kindGarbage:
		_, err = decodeInstant(value)
	default:
		return errRow
	}
	if want >= 0 && len(key) != mailPrefixLen+want {
		return errRow
	}
	return err
}
