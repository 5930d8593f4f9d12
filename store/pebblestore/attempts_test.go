package pebblestore_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
)

// TestDamagedAttempt: an entry of the sign-in log that is no row is named and
// ends neither the listing nor the pruning of the others.
func TestDamagedAttempt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, pebblestore.Options{})
	var rows []store.AttemptRow
	for i := range 3 {
		rows = append(rows, store.AttemptRow{ID: store.AttemptID{Time: int64(i + 1)}, Account: 7, JSON: []byte("{}")})
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Attempts().AppendAttempts(rows) }, store.Attempts); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation})
	if err != nil {
		t.Fatal(err)
	}
	key := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64([]byte{'a'}, 2|1<<63), 0)
	if _, done, err := db.Get(key); err != nil {
		t.Fatalf("the key is another: %v", err)
	} else if err := done.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Set(key, []byte{99}, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, pebblestore.Options{})
	for _, account := range []mail.AccountID{0, 7} {
		var got []int64
		err := s.View(t.Context(), func(r store.Reader) error {
			return r.Attempts().Attempts(account, store.AttemptID{}, func(row store.AttemptRow) error {
				got = append(got, row.ID.Time)
				if whole := row.ID.Time != 2; whole != (row.JSON != nil) {
					t.Errorf("row %+v", row)
				}
				return nil
			})
		}, store.Attempts)
		if err != nil || !slices.Equal(got, []int64{3, 2, 1}) {
			t.Errorf("account %v: %v, %v", account, got, err)
		}
	}
	err = s.Delete(t.Context(), func(tx store.Tx) error {
		n, err := tx.Attempts().PruneAttempts(time.Unix(0, 10), 100)
		if n != 3 {
			t.Errorf("%d rows pruned, want 3", n)
		}
		return err
	}, store.Attempts)
	if err != nil {
		t.Error(err)
	}
}
