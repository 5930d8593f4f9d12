package mailbox_test

import (
	"context"
	"strings"
	"testing"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/store"
)

// fullStore is a store on a full disk: Delete may use the reserve.
type fullStore struct {
	store.Store
	full bool
}

func (f *fullStore) Update(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error {
	if f.full {
		return f.Health()
	}
	return f.Store.Update(ctx, fn, parts...)
}

func (f *fullStore) Health() error {
	if f.full {
		return fault.New(fault.Full, "store", "the disk is full")
	}
	return f.Store.Health()
}

// TestFullDisk: new mail is refused, and every way in which clients delete goes
// on (law 8 of package store).
func TestFullDisk(t *testing.T) {
	full := &fullStore{}
	w := newWorld(t, func(o *mailbox.Options) {
		full.Store = o.Store
		o.Store = full
	})
	ctx, s := t.Context(), w.session()
	for range 4 {
		deliver(t, s, "INBOX", letter("x")+strings.Repeat("x", 100_000))
	}
	_, err := s.Create(ctx, "box", nil)
	must(t, err)
	full.full = true
	_, err = tryDeliver(ctx, s, "INBOX", []string{letter("new")})
	wantKind(t, err, fault.Full)
	s = w.session() // signing in writes nothing
	v := selectBox(t, s, "INBOX")
	deleted := mail.Flags{System: mail.FlagDeleted}
	_, err = v.Copy(ctx, []mail.UID{1}, "Archive")
	wantKind(t, err, fault.Full)
	_, err = v.Store(ctx, []mail.UID{1}, mailbox.FlagsAdd, deleted, nil)
	must(t, err)
	_, err = v.Store(ctx, []mail.UID{2}, mailbox.FlagsSet, deleted, nil)
	must(t, err)
	_, err = v.Expunge(ctx, nil)
	must(t, err)
	_, err = v.Move(ctx, []mail.UID{3}, "Trash")
	must(t, err)
	_, err = v.Remove(ctx, []mail.UID{4})
	must(t, err)
	must(t, s.Delete(ctx, "box"))
	w.clock.Add(3601)
	if n, err := w.engine.Sweep(ctx); n != 3 || err != nil {
		t.Errorf("swept %d blobs, %v", n, err)
	}
	if v.Sync(true); v.Snapshot().Len() != 0 {
		t.Errorf("UIDs %v are left", uidsOf(v))
	}
	w.check()
}

// brokenBlobs is a blob store after a failed sync.
type brokenBlobs struct {
	blob.Store
	broken bool
}

func (b *brokenBlobs) Health() error {
	if b.broken {
		return fault.New(fault.ReadOnly, "blobs", "a sync did not succeed")
	}
	return b.Store.Health()
}

// TestBrokenBlobs: after a failed sync of blobs no new mail is taken, whatever
// its size (law 4 of package blob, law 7 of package store); the database is
// sound, so reading, flags, moving and deleting go on.
func TestBrokenBlobs(t *testing.T) {
	broken := &brokenBlobs{}
	w := newWorld(t, func(o *mailbox.Options) {
		broken.Store = o.Blobs
		o.Blobs = broken
	})
	ctx, s := t.Context(), w.session()
	for range 3 {
		deliver(t, s, "INBOX", letter("x")+strings.Repeat("x", 100_000))
	}
	broken.broken = true
	for _, size := range []int{10, 100_000} {
		_, err := tryDeliver(ctx, s, "INBOX", []string{letter("new") + strings.Repeat("x", size)})
		wantKind(t, err, fault.ReadOnly)
	}
	v := selectBox(t, s, "INBOX")
	_, err := v.Store(ctx, []mail.UID{1}, mailbox.FlagsAdd, mail.Flags{System: mail.FlagSeen}, nil)
	must(t, err)
	_, err = v.Move(ctx, []mail.UID{2}, "Trash")
	must(t, err)
	_, err = v.Store(ctx, []mail.UID{1}, mailbox.FlagsAdd, mail.Flags{System: mail.FlagDeleted}, nil)
	must(t, err)
	_, err = v.Expunge(ctx, nil)
	must(t, err)
	_, err = s.Create(ctx, "box", nil)
	must(t, err)
	broken.broken = false
	deliver(t, s, "INBOX", letter("healed"))
}
