package mailbox_test

import (
	"context"
	"sync/atomic"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/store"
)

// hookedStore calls hook once, after the next View, and counts subscriptions.
type hookedStore struct {
	store.Store
	hook          atomic.Pointer[func()]
	subscriptions atomic.Int64
}

func (h *hookedStore) View(ctx context.Context, fn func(store.Reader) error, parts ...store.Partition) error {
	err := h.Store.View(ctx, fn, parts...)
	if hook := h.hook.Swap(nil); hook != nil {
		(*hook)()
	}
	return err
}

func (h *hookedStore) Subscribe(a mail.AccountID, fn func(*store.Change)) func() {
	h.subscriptions.Add(1)
	cancel := h.Store.Subscribe(a, fn)
	return func() {
		h.subscriptions.Add(-1)
		cancel()
	}
}

func hooked(t *testing.T) (*world, *hookedStore) {
	h := &hookedStore{}
	return newWorld(t, func(o *mailbox.Options) {
		h.Store = o.Store
		o.Store = h
	}), h
}

// TestSelectWhileUIDsAreRenewed: who selects meanwhile is not told UIDs with
// the UIDVALIDITY from before.
func TestSelectWhileUIDsAreRenewed(t *testing.T) {
	w, h := hooked(t)
	s := w.session()
	deliver(t, s, "INBOX", letter("x"))
	renew := func() { must(t, s.RenewUIDs(context.WithoutCancel(t.Context()))) }
	h.hook.Store(&renew)
	v := selectBox(t, s, "INBOX")
	now, err := s.Status(t.Context(), "INBOX")
	must(t, err)
	if got := v.Info().UIDValidity; got != now.UIDValidity && !v.Sync(true).Gone {
		t.Errorf("UIDVALIDITY %d, it is %d", got, now.UIDValidity)
	}
}

// TestCloseWhileSelecting: nothing of a session stays that is closed while it
// selects or delivers.
func TestCloseWhileSelecting(t *testing.T) {
	for name, use := range map[string]func(*mailbox.Session) error{
		"select": func(s *mailbox.Session) error {
			_, err := s.Select(t.Context(), "INBOX", true)
			return err
		},
		"append": func(s *mailbox.Session) error {
			a, err := s.BeginAppend(t.Context(), "INBOX", 5)
			if err == nil {
				a.Abort()
				_, err = s.Select(t.Context(), "INBOX", true)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, h := hooked(t)
			s := w.session()
			end := s.Close
			h.hook.Store(&end)
			if err := use(s); !fault.Is(err, fault.Closed) {
				t.Errorf("%v, want closed", err)
			}
			if n := h.subscriptions.Load(); n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
		})
	}
}

// TestChangeWhileSelecting: what is committed while a mailbox is being read into
// memory is there when it has been read.
func TestChangeWhileSelecting(t *testing.T) {
	w, h := hooked(t)
	s := w.session()
	deliver(t, s, "INBOX", letter("before"))
	meanwhile := func() { deliver(t, s, "INBOX", letter("meanwhile")) }
	second := func() { h.hook.Store(&meanwhile) } // the first View finds the name
	h.hook.Store(&second)
	v := selectBox(t, s, "INBOX")
	if n := v.Snapshot().Len(); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// TestDeleteWhileSelecting: who selects a mailbox that is deleted meanwhile is
// woken and told.
func TestDeleteWhileSelecting(t *testing.T) {
	w, h := hooked(t)
	s := w.session()
	_, err := s.Create(t.Context(), "box", nil)
	must(t, err)
	meanwhile := func() { must(t, s.Delete(context.WithoutCancel(t.Context()), "box")) }
	second := func() { h.hook.Store(&meanwhile) }
	h.hook.Store(&second)
	v := selectBox(t, s, "box")
	select {
	case <-v.Changed():
	default:
		t.Error("nobody is woken")
	}
	if !v.Sync(true).Gone {
		t.Error("the mailbox is not said to be gone")
	}
}

// TestRenameWhileDelivering: a name that changes hands while it is looked up is
// not remembered for the mailbox that had it.
func TestRenameWhileDelivering(t *testing.T) {
	w, h := hooked(t)
	s := w.session()
	ctx := context.WithoutCancel(t.Context())
	_, err := s.Create(ctx, "a", nil)
	must(t, err)
	meanwhile := func() {
		must(t, s.Rename(ctx, "a", "b"))
		_, err := s.Create(ctx, "a", nil)
		must(t, err)
	}
	h.hook.Store(&meanwhile)
	deliver(t, s, "a", letter("to the one that was asked for first"))
	deliver(t, s, "a", letter("to the new one"))
	for _, name := range []string{"a", "b"} {
		info, err := s.Status(ctx, name)
		must(t, err)
		if info.Messages != 1 {
			t.Errorf("%q has %d messages, want 1", name, info.Messages)
		}
	}
}
