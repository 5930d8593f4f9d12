package blobtest

import (
	"errors"
	"syscall"
	"testing"

	"postern/blob"
	"postern/fault"
)

// testSyncError: a sync that fails once, then succeeds again, is never trusted.
func (e Engine) testSyncError(t *testing.T) { e.syncError(t, OpSync) }

// testFolderSyncError is the same for the sync of a folder.
func (e Engine) testFolderSyncError(t *testing.T) { e.syncError(t, OpSyncDir) }

func (e Engine) syncError(t *testing.T, failing Op) {
	for _, size := range []int{1000, 400_000} {
		fs := NewMemFS()
		s := e.open(t, fs)
		m := newModel()
		if failing == OpSync {
			for i := range uint64(3) {
				data := content(i, size)
				m.live[mustPut(t, s, data)] = data
			}
		}
		done := false
		fs.Inject(func(op Op, _ string) error {
			if op == failing && !done {
				done = true
				return syscall.EIO
			}
			return nil
		})
		_, err := put(t.Context(), s, content(9, size), -1, size)
		if !done {
			t.Fatalf("no %s", failing)
		}
		wantKind(t, "the write whose sync failed", err, fault.ReadOnly)
		wantKind(t, "health", s.Health(), fault.ReadOnly)
		for range 3 { // the injector would let these pass
			_, err := put(t.Context(), s, []byte("x"), 1, 1)
			wantKind(t, "a later write", err, fault.ReadOnly)
			for ref, data := range m.live {
				mustHave(t, s, ref, data)
				wantKind(t, "a later delete", s.Delete(t.Context(), ref), fault.ReadOnly)
				mustHave(t, s, ref, data)
			}
		}
		shut(t, s)
		fs = fs.Crash(0, newRand(1))
		s = e.open(t, fs)
		m.compare(t, s, false, nil)
		if err := s.Health(); err != nil {
			t.Fatalf("after a new start: %v", err)
		}
		mustPut(t, s, []byte("x"))
		shut(t, s)
	}
	if failing == OpSync {
		e.deleteSyncError(t)
	}
}

func (e Engine) deleteSyncError(t *testing.T) {
	s, fs := e.fresh(t)
	ref, other := mustPut(t, s, content(1, 9000)), mustPut(t, s, content(2, 9000))
	fs.Inject(func(op Op, _ string) error {
		if op == OpSync {
			return syscall.EIO
		}
		return nil
	})
	wantKind(t, "a delete whose sync failed", s.Delete(t.Context(), ref), fault.ReadOnly)
	wantKind(t, "health", s.Health(), fault.ReadOnly)
	mustHave(t, s, other, content(2, 9000))
	fs.Inject(nil)
}

// testFull fills the disk. Everything acknowledged stays, reading and deleting
// work, and writing works again when there is room.
func (e Engine) testFull(t *testing.T) {
	for _, size := range []int{3000, 100_000, 700_000} {
		fs := NewMemFS()
		s := e.open(t, fs)
		m := newModel()
		fs.SetQuota(3 << 20)
		var err error
		for i := range uint64(5000) {
			var ref blob.Ref
			data := content(i, size)
			if ref, err = put(t.Context(), s, data, -1, size); err != nil {
				break
			}
			m.live[ref] = data
		}
		wantKind(t, "a full disk", err, fault.Full)
		fs.SetQuota(fs.Used())
		wantKind(t, "health", s.Health(), fault.Full)
		_, err = s.Create(t.Context(), int64(size))
		wantKind(t, "create", err, fault.Full)
		m.compare(t, s, false, nil)
		var some []blob.Ref
		for ref := range m.live {
			if some = append(some, ref); len(some) > len(m.live)*2/3 {
				break
			}
		}
		mustDelete(t, s, some...)
		for _, ref := range some {
			delete(m.live, ref)
			m.dead[ref] = true
		}
		m.compare(t, s, false, nil)
		fs.SetQuota(30 << 20)
		if err := s.Health(); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		data := content(1<<40, size)
		m.live[mustPut(t, s, data)] = data
		shut(t, s)
		fs = fs.Crash(0, newRand(1))
		s = e.open(t, fs)
		m.compare(t, s, false, nil)
		shut(t, s)
	}
}

// testWriteError: a write that fails or is short spoils its own blob only.
func (e Engine) testWriteError(t *testing.T) {
	for _, bad := range []error{syscall.EIO, ErrShortWrite, syscall.ENOSPC, syscall.EDQUOT} {
		for _, size := range []int{1000, 50_000, 400_000} {
			fs := NewMemFS()
			s := e.open(t, fs)
			m := newModel()
			for i := range uint64(60) {
				data := content(i, size)
				n := 0
				fs.Inject(func(op Op, _ string) error {
					if n++; op == OpWrite && i%3 == 1 && n > int(i)%4 {
						return bad
					}
					return nil
				})
				ref, err := put(t.Context(), s, data, -1, size)
				fs.Inject(nil)
				if err != nil {
					if i%3 != 1 {
						t.Fatalf("%v, %d octets, blob %d: %v", bad, size, i, err)
					}
					continue
				}
				m.live[ref] = data
			}
			if len(m.live) == 60 {
				t.Fatal("no write was spoilt")
			}
			m.compare(t, s, false, nil)
			shut(t, s)
			s = e.open(t, fs)
			m.compare(t, s, false, nil)
			shut(t, s)
		}
	}
	e.readError(t)
}

// readError: what the disk cannot read is damage, and names the file.
func (e Engine) readError(t *testing.T) {
	s, fs := e.fresh(t)
	ref := mustPut(t, s, content(1, 9000))
	fs.Inject(func(op Op, _ string) error {
		if op == OpRead {
			return syscall.EIO
		}
		return nil
	})
	_, err := get(t.Context(), s, ref)
	fs.Inject(nil)
	wantKind(t, "an unreadable sector", err, fault.Damaged)
	if errors.Is(err, ErrCrashed) {
		t.Fatal(err)
	}
	mustHave(t, s, ref, content(1, 9000))
}
