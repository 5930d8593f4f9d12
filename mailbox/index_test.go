package mailbox_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"postern/mail"
	"postern/mailbox"
	"postern/store"
)

// deafStore loses changes on their way to subscribers when told to.
type deafStore struct {
	store.Store
	deaf atomic.Bool
}

func (d *deafStore) Subscribe(a mail.AccountID, fn func(*store.Change)) func() {
	return d.Store.Subscribe(a, func(c *store.Change) {
		if !d.deaf.Load() {
			fn(c)
		}
	})
}

// TestIndexReadsAgainAfterAGap holds that an index that missed a change finds
// out and catches up.
func TestIndexReadsAgainAfterAGap(t *testing.T) {
	deaf := &deafStore{}
	w := newWorld(t, func(o *mailbox.Options) {
		deaf.Store = o.Store
		o.Store = deaf
	})
	s := w.session()
	deliver(t, s, "INBOX", letter("one"))
	deliver(t, s, "INBOX", letter("two"), `\Deleted`)
	v := selectBox(t, s, "INBOX")
	deaf.deaf.Store(true)
	deliver(t, s, "INBOX", letter("missed"))
	_, err := v.Expunge(t.Context(), nil)
	must(t, err)
	deaf.deaf.Store(false)
	if u := v.Sync(true); !u.Empty() {
		t.Errorf("update %+v without having heard", u)
	}
	deliver(t, s, "INBOX", letter("heard"))
	<-v.Changed()
	if u := v.Sync(true); !u.Exists || !slices.Equal(u.Expunged, []uint32{2}) || !slices.Equal(uidsOf(v), []mail.UID{1, 3, 4}) {
		t.Errorf("update %+v, UIDs %v", u, uidsOf(v))
	}
	deliver(t, s, "INBOX", letter("five"))
	if v.Sync(true); !slices.Equal(uidsOf(v), []mail.UID{1, 3, 4, 5}) {
		t.Errorf("UIDs %v", uidsOf(v))
	}
}

// countingStore counts how often a mailbox is read into memory.
type countingStore struct {
	store.Store
	views atomic.Int64
}

func (c *countingStore) Subscribe(a mail.AccountID, fn func(*store.Change)) func() {
	c.views.Add(1)
	return c.Store.Subscribe(a, fn)
}

// TestBudget holds that mailboxes without sessions are dropped when the
// indexes weigh too much, and that what is in use stays right.
func TestBudget(t *testing.T) {
	counting := &countingStore{}
	w := newWorld(t, func(o *mailbox.Options) {
		counting.Store = o.Store
		o.Store, o.IndexBudget = counting, 1
	})
	for range 3 {
		s := w.session()
		deliver(t, s, "INBOX", letter("x"))
		v := selectBox(t, s, "INBOX")
		other := selectBox(t, s, "Sent")
		deliver(t, s, "INBOX", letter("y"))
		other.Close()
		if u := v.Sync(true); !u.Exists {
			t.Errorf("update %+v", u)
		}
		s.Close()
	}
	// Each session was the first one again: nothing was kept.
	if n := counting.views.Load(); n != 3 {
		t.Errorf("%d subscriptions, want 3", n)
	}
	if got := bodies(t, selectBox(t, w.session(), "INBOX")); len(got) != 6 {
		t.Errorf("%d messages", len(got))
	}
}
