package mailbox_test

import (
	"slices"
	"strings"
	"testing"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/store"
)

// harm changes rows behind the engine's back.
func (w *world) harm(fn func(store.MailTx) error) {
	w.t.Helper()
	must(w.t, w.store.Update(w.t.Context(), func(tx store.Tx) error { return fn(tx.Mail(alice)) }, store.MailOf(alice)))
}

func lawsOf(found []mailbox.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Law)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestCheckFindsAndRepairs(t *testing.T) {
	inboxOf := func(m store.MailTx) store.MailboxRow {
		row, err := m.MailboxByName("INBOX")
		must(t, err)
		return row
	}
	for _, c := range []struct {
		law      string
		also     []string
		harm     func(store.MailTx) error
		repaired bool
	}{
		{mailbox.LawCounters, nil, func(m store.MailTx) error {
			row := inboxOf(m)
			row.Unseen += 3
			return m.PutMailbox(row)
		}, true},
		{mailbox.LawCounters, nil, func(m store.MailTx) error {
			c, err := m.Counters()
			must(t, err)
			c.Bytes++
			return m.PutCounters(c)
		}, true},
		{mailbox.LawUIDNext, nil, func(m store.MailTx) error {
			row := inboxOf(m)
			row.UIDNext = 2
			return m.PutMailbox(row)
		}, true},
		{mailbox.LawRefs, nil, func(m store.MailTx) error {
			row, err := m.Email(1)
			must(t, err)
			row.Refs = 5
			return m.PutEmail(row)
		}, true},
		{mailbox.LawRefs, nil, func(m store.MailTx) error {
			return m.PutEmail(store.EmailRow{ID: 3, Refs: 1, Blob: "nothing"})
		}, true},
		{mailbox.LawSummary, nil, func(m store.MailTx) error {
			box := inboxOf(m).ID
			row, err := m.Message(box, 1)
			must(t, err)
			s, err := m.State(box, 1)
			must(t, err)
			row.Summary = append(slices.Clone(row.Summary[:20]), 'x')
			must(t, m.DeleteMessage(box, 1))
			must(t, m.PutMessage(box, row))
			return m.PutState(box, s)
		}, true},
		{mailbox.LawState, []string{mailbox.LawCounters, mailbox.LawRefs}, func(m store.MailTx) error {
			box := inboxOf(m).ID
			row, err := m.Message(box, 1)
			must(t, err)
			row.Summary = slices.Clone(row.Summary)
			must(t, m.DeleteMessage(box, 1))
			row.Email, row.Thread = 1, 1
			return m.PutMessage(box, row)
		}, true},
		{mailbox.LawState, []string{mailbox.LawCounters, mailbox.LawRefs}, func(m store.MailTx) error {
			box := inboxOf(m).ID
			s, err := m.State(box, 1)
			must(t, err)
			must(t, m.DeleteMessage(box, 1))
			return m.PutState(box, s)
		}, true},
		{mailbox.LawModSeq, nil, func(m store.MailTx) error {
			box := inboxOf(m).ID
			s, err := m.State(box, 1)
			must(t, err)
			s.ModSeq = 1 << 40
			return m.PutState(box, s)
		}, false},
		{mailbox.LawContent, nil, func(m store.MailTx) error { return m.DeleteEmail(1) }, false},
		{mailbox.LawBody, nil, func(m store.MailTx) error { return m.PutBody(1, []byte("something else")) }, false},
		{mailbox.LawIDs, nil, func(m store.MailTx) error {
			row := inboxOf(m)
			row.UIDValidity += 1 << 30
			return m.PutMailbox(row)
		}, false},
		{mailbox.LawSubscriptions, nil, func(m store.MailTx) error { return m.PutSubscription("a//b") }, false},
	} {
		t.Run(c.law, func(t *testing.T) {
			w := newWorld(t)
			s := w.session()
			deliver(t, s, "INBOX", letter("one"))
			deliver(t, s, "INBOX", letter("two"))
			deliver(t, s, "INBOX", letter("three"))
			v := selectBox(t, s, "INBOX")
			_, err := v.Remove(t.Context(), []mail.UID{3})
			must(t, err)
			w.check()
			w.harm(c.harm)
			found := lawsOf(w.findings(false))
			want := append([]string{c.law}, c.also...)
			slices.Sort(want)
			if !slices.Contains(found, c.law) {
				t.Fatalf("found %v, want %v", found, want)
			}
			for _, f := range w.findings(true) {
				if f.Law == c.law && f.Repaired != c.repaired {
					t.Errorf("repaired is %v: %s", f.Repaired, f)
				}
			}
			if left := w.findings(false); c.repaired && len(left) > 0 {
				t.Errorf("left after the repair: %v", left)
			}
		})
	}
}

// TestExpungeHalfMessages: a state without a message, which no crash makes, does
// not keep the others from being expunged.
func TestExpungeHalfMessages(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	for range 3 {
		deliver(t, s, "INBOX", letter("x"), `\Deleted`)
	}
	w.harm(func(m store.MailTx) error {
		row, err := m.MailboxByName("INBOX")
		must(t, err)
		s, err := m.State(row.ID, 2)
		must(t, err)
		must(t, m.DeleteMessage(row.ID, 2))
		return m.PutState(row.ID, s)
	})
	v := selectBox(t, s, "INBOX")
	_, err := v.Expunge(t.Context(), nil)
	must(t, err)
	if v.Sync(true); v.Snapshot().Len() != 0 {
		t.Errorf("UIDs %v are left", uidsOf(v))
	}
	w.findings(true) // the content of the half message has no use
	w.check()
}

// TestDamage holds that a damaged message is named and never served, and that
// the others can be read.
func TestDamage(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	deliver(t, s, "INBOX", letter("one"))
	deliver(t, s, "INBOX", letter("two")+strings.Repeat("x", 100_000))
	deliver(t, s, "INBOX", letter("three"))
	var refs []blob.Ref
	must(t, w.blobs.Walk(t.Context(), func(i blob.Info) error { refs = append(refs, i.Ref); return nil }))
	must(t, w.blobs.Delete(t.Context(), refs...))
	w.harm(func(m store.MailTx) error { return m.PutBody(1, []byte("short")) })
	v := selectBox(t, s, "INBOX")
	served := 0
	must(t, v.Fetch(t.Context(), uidsOf(v), mailbox.WantSummary|mailbox.WantBody, func(m *mailbox.Message) error {
		err := m.Damaged
		if err == nil {
			_, err = m.Open(t.Context())
		}
		if m.UID == 3 {
			served++
			return err
		}
		if !fault.Is(err, fault.Damaged) || !strings.Contains(err.Error(), "message e") {
			t.Errorf("UID %d: %v, want damaged and which message", m.UID, err)
		}
		return nil
	}))
	if served != 1 {
		t.Error("the message that is whole was not served")
	}
	if got := lawsOf(w.findings(false)); !slices.Equal(got, []string{mailbox.LawBody}) {
		t.Errorf("found %v", got)
	}
	// Searching goes on, and they can be deleted.
	found, err := v.Search(t.Context(), &mailbox.Query{Op: mailbox.QueryText, Text: "three"})
	if err != nil || !slices.Equal(found, []mail.UID{3}) {
		t.Errorf("found %v, %v", found, err)
	}
	_, err = v.Remove(t.Context(), []mail.UID{1, 2})
	must(t, err)
	w.check()
}

// TestOldSummary holds that a summary of another version is made anew.
func TestOldSummary(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	deliver(t, s, "INBOX", letter("one"))
	v := selectBox(t, s, "INBOX")
	read := func() string {
		out := ""
		must(t, v.Fetch(t.Context(), []mail.UID{1}, mailbox.WantSummary, func(m *mailbox.Message) error {
			tree, err := m.Tree()
			must(t, err)
			out = string(m.Envelope) + string(m.BodyStructure) + m.Preview + m.MessageID + tree.Subtype
			return m.Damaged
		}))
		return out
	}
	before := read()
	w.harm(func(m store.MailTx) error {
		row, err := m.MailboxByName("INBOX")
		must(t, err)
		msg, err := m.Message(row.ID, 1)
		must(t, err)
		st, err := m.State(row.ID, 1)
		must(t, err)
		must(t, m.DeleteMessage(row.ID, 1))
		msg.Summary = []byte{200, 1, 2, 3}
		must(t, m.PutMessage(row.ID, msg))
		return m.PutState(row.ID, st)
	})
	if after := read(); after != before || before == "" {
		t.Errorf("before %q, after %q", before, after)
	}
}
