package mailbox_test

import (
	"context"
	"slices"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/store"
)

// brokenStore reads as if the states of a stretch of UIDs lay in a damaged
// block: whoever comes to it gets no further.
type brokenStore struct {
	store.Store
	bad mailbox.UIDRange
}

func (b *brokenStore) View(ctx context.Context, fn func(store.Reader) error, parts ...store.Partition) error {
	return b.Store.View(ctx, func(r store.Reader) error { return fn(brokenReader{r, b.bad}) }, parts...)
}

type brokenReader struct {
	store.Reader
	bad mailbox.UIDRange
}

func (b brokenReader) Mail(a mail.AccountID) store.MailReader {
	return brokenMail{b.Reader.Mail(a), b.bad}
}

type brokenMail struct {
	store.MailReader
	bad mailbox.UIDRange
}

func (b brokenMail) States(box mail.MailboxID, from, to mail.UID, fn func(store.StateRow) error) error {
	if from <= b.bad.Last && to >= b.bad.First {
		if from < b.bad.First {
			if err := b.MailReader.States(box, from, b.bad.First-1, fn); err != nil {
				return err
			}
		}
		return fault.New(fault.Damaged, "store.States", "a block fails its checksum")
	}
	return b.MailReader.States(box, from, to, fn)
}

// TestDamagedStates holds that a mailbox opens with everything but what lies
// in damaged blocks, exactly.
func TestDamagedStates(t *testing.T) {
	const n = 60
	for _, bad := range []mailbox.UIDRange{{First: 1, Last: 1}, {First: 7, Last: 7}, {First: 5, Last: 41}, {First: 50, Last: 60}, {First: 1, Last: 60}} {
		broken := &brokenStore{bad: bad}
		w := newWorld(t, func(o *mailbox.Options) {
			broken.Store = o.Store
			o.Store = broken
		})
		s := w.session()
		texts := make([]string, n)
		for i := range texts {
			texts[i] = letter("x")
		}
		_, err := tryDeliver(t.Context(), s, "INBOX", texts)
		must(t, err)
		var want []mail.UID
		for uid := mail.UID(1); uid <= n; uid++ {
			if uid < bad.First || uid > bad.Last {
				want = append(want, uid)
			}
		}
		if got := uidsOf(selectBox(t, s, "INBOX")); !slices.Equal(got, want) {
			t.Errorf("with %v damaged: %v", bad, got)
		}
	}
}
