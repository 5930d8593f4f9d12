package pebblestore_test

import (
	"context"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/store/pebblestore"
)

// TestValueFileThatCannotBeSynced: Pebble would close the file twice and end
// the process. The store refuses writes instead, what was acknowledged is read,
// and the next start has it.
func TestValueFileThatCannotBeSynced(t *testing.T) {
	var failing atomic.Bool
	mem := vfs.NewMem()
	broken := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if failing.Load() && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) && strings.HasSuffix(op.Path, ".blob") {
			return syscall.EIO
		}
		return nil
	}))
	s := open(t, "db", pebblestore.Options{FS: broken, MemTableBytes: 128 << 10, ReserveBytes: -1})
	ctx := context.Background()
	failing.Store(true)
	var last mail.EmailID
	for id := mail.EmailID(1); id < 10_000; id++ {
		err := s.Update(ctx, func(tx store.Tx) error {
			return tx.Mail(7).PutBody(id, []byte(strings.Repeat("x", 4<<10)))
		}, store.MailOf(7))
		if err != nil {
			if !fault.Is(err, fault.ReadOnly) {
				t.Fatal(err)
			}
			break
		}
		last = id
	}
	if !fault.Is(s.Health(), fault.ReadOnly) {
		t.Fatalf("after %d writes the store is %v, want read-only", last, s.Health())
	}
	all := func(s *pebblestore.Store) error {
		return s.View(ctx, func(r store.Reader) error {
			for id := mail.EmailID(1); id <= last; id++ {
				if b, err := r.Mail(7).Body(id); err != nil || len(b) != 4<<10 {
					t.Fatalf("body %d of %d: %d octets, %v", id, last, len(b), err)
				}
			}
			return nil
		}, store.MailOf(7))
	}
	if err := all(s); err != nil {
		t.Fatal(err)
	}
	_ = s.Close() // tells again what went wrong
	failing.Store(false)
	if err := all(open(t, "db", pebblestore.Options{FS: mem})); err != nil {
		t.Fatal(err)
	}
}
