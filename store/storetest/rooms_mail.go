package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

func testMailboxes(t *testing.T, h *Harness) {
	inbox := store.MailboxRow{
		ID: 1, Name: "INBOX", UIDValidity: 1 << 31, UIDNext: 1<<32 - 1, HighestModSeq: 1 << 62, Created: 3,
		SpecialUse: []string{`\Sent`, `\Archive`}, Messages: 1, Unseen: 2, Deleted: 3, Bytes: 1 << 40, DeletedBytes: 5,
	}
	other := store.MailboxRow{ID: 2, Name: "Ünï/日本", UIDValidity: 1, UIDNext: 1}
	update(t, h.Store, func(m store.MailTx) error {
		for _, row := range []store.MailboxRow{inbox, other} {
			if err := m.PutMailbox(row); err != nil {
				return err
			}
		}
		wantKind(t, "a taken name", m.PutMailbox(store.MailboxRow{ID: 3, Name: "INBOX"}), fault.Exists)
		wantKind(t, "renaming to a taken name", m.PutMailbox(store.MailboxRow{ID: 2, Name: "INBOX"}), fault.Exists)
		wantKind(t, "no id", m.PutMailbox(store.MailboxRow{Name: "x"}), fault.Invalid)
		wantKind(t, "no name", m.PutMailbox(store.MailboxRow{ID: 4}), fault.Invalid)
		wantKind(t, "deleting what is not there", m.DeleteMailbox(9), fault.NotFound)
		return nil
	})
	view(t, h.Store, func(m store.MailReader) error {
		var got []store.MailboxRow
		if err := m.Mailboxes(func(r store.MailboxRow) error { got = append(got, r); return nil }); err != nil {
			return err
		}
		if d := cmp.Diff([]store.MailboxRow{inbox, other}, got); d != "" {
			t.Error(d)
		}
		_, err := m.Mailbox(3)
		wantKind(t, "no such id", err, fault.NotFound)
		_, err = m.MailboxByName("inbox")
		wantKind(t, "names are exact", err, fault.NotFound)
		return nil
	})
	// Two names change places in one transaction; then one goes.
	update(t, h.Store, func(m store.MailTx) error {
		for _, row := range []store.MailboxRow{{ID: 1, Name: "tmp"}, {ID: 2, Name: "INBOX"}, {ID: 1, Name: "Ünï/日本"}} {
			if err := m.PutMailbox(row); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, h.Store, func(m store.MailTx) error {
		row, err := m.MailboxByName("INBOX")
		if err != nil || row.ID != 2 {
			t.Errorf("INBOX is %d, %v; want 2", row.ID, err)
		}
		return m.DeleteMailbox(2)
	})
	view(t, h.Store, func(m store.MailReader) error {
		for name, want := range map[string]mail.MailboxID{"tmp": 0, "INBOX": 0, "Ünï/日本": 1} {
			if row, err := m.MailboxByName(name); row.ID != want || want == 0 && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s is %d, %v; want %d", name, row.ID, err, want)
			}
		}
		return nil
	})
}

func testMessages(t *testing.T, h *Harness) {
	const uids = 20
	var want []store.StateRow
	update(t, h.Store, func(m store.MailTx) error {
		wantKind(t, "UID 0", m.PutMessage(1, store.MessageRow{}), fault.Invalid)
		for _, box := range []mail.MailboxID{1, 2} {
			for uid := mail.UID(1); uid <= uids; uid++ {
				if err := m.PutMessage(box, store.MessageRow{UID: uid, Email: mail.EmailID(uid), Thread: 7, Summary: fmt.Appendf(nil, "%d of %d", uint32(uid), uint64(box))}); err != nil {
					return err
				}
				flags, _ := mail.ParseFlags([]string{`\Seen`, `\Draft`, "Work", "$Junk"}[:uid%5])
				row := store.StateRow{
					UID: uid, ModSeq: mail.ModSeq(uid) << 40, Flags: flags, Size: int64(uid) << 33,
					Received: time.Unix(int64(uid)*1e8, 0).In(time.FixedZone("", 60*(int(uid)*60-600))),
					Saved:    time.Unix(int64(uid), 0).UTC(),
				}
				if box == 1 {
					want = append(want, row)
				}
				if err := m.PutState(box, row); err != nil {
					return err
				}
			}
		}
		wantKind(t, "a taken UID", m.PutMessage(1, store.MessageRow{UID: 5}), fault.Exists)
		return nil
	})
	update(t, h.Store, func(m store.MailTx) error {
		wantKind(t, "a taken UID", m.PutMessage(1, store.MessageRow{UID: uids}), fault.Exists)
		wantKind(t, "deleting what is not there", m.DeleteMessage(1, 99), fault.NotFound)
		return m.DeleteMessage(2, 3)
	})
	view(t, h.Store, func(m store.MailReader) error {
		var got []store.StateRow
		if err := m.States(1, 5, 9, func(r store.StateRow) error { got = append(got, r); return nil }); err != nil {
			return err
		}
		if len(got) != 5 {
			t.Fatalf("%d states from 5 to 9", len(got))
		}
		for i, r := range got {
			if stateString(r) != stateString(want[i+4]) {
				t.Errorf("state %s\nwant %s", stateString(r), stateString(want[i+4]))
			}
		}
		var list []string
		if err := m.Messages(2, 1, ^mail.UID(0), func(r store.MessageRow) error {
			list = append(list, string(r.Summary))
			return nil
		}); err != nil {
			return err
		}
		if len(list) != uids-1 || slices.Contains(list, "3 of 2") {
			t.Errorf("messages of 2: %q", list)
		}
		one, err := m.Message(1, 4)
		if err != nil || one.UID != 4 || one.Email != 4 || one.Thread != 7 || string(one.Summary) != "4 of 1" {
			t.Errorf("message %+v, %v", one, err)
		}
		_, err = m.State(2, 3)
		wantKind(t, "the state of a deleted message", err, fault.NotFound)
		_, err = m.Message(2, 3)
		wantKind(t, "a deleted message", err, fault.NotFound)
		if err := m.States(1, 9, 5, func(store.StateRow) error { t.Error("an empty range has a state"); return nil }); err != nil {
			t.Error(err)
		}
		stop := fmt.Errorf("stop")
		if err := m.States(1, 1, 9, func(store.StateRow) error { return stop }); err != stop {
			t.Errorf("fn's error came back as %v", err)
		}
		return nil
	})
}

func testEmails(t *testing.T, h *Harness) {
	inline := store.EmailRow{ID: 1, Refs: 2, Size: 5, SHA256: [32]byte{1, 31: 9}}
	blob := store.EmailRow{ID: 2, Refs: 1, Size: 1 << 40, Blob: "seg-1"}
	big := make([]byte, 300<<10)
	for i := range big {
		big[i] = byte(i >> 3)
	}
	update(t, h.Store, func(m store.MailTx) error {
		for _, err := range []error{
			m.PutEmail(inline), m.PutEmail(blob), m.PutBody(1, []byte("hello")), m.PutBody(3, big), m.PutBody(4, nil),
			m.PutThread(store.ThreadKey{1, 15: 2}, 8), m.PutGarbage("b", time.Unix(5, 6)), m.PutGarbage("a", time.Unix(0, 0)),
			m.DeleteGarbage("a"), m.DeleteGarbage("never"), m.PutSubscription("z"), m.PutSubscription("a"), m.DeleteSubscription("z"),
		} {
			if err != nil {
				return err
			}
		}
		wantKind(t, "deleting what is not there", m.DeleteEmail(9), fault.NotFound)
		body, err := m.Body(1)
		if string(body) != "hello" {
			t.Errorf("the transaction reads body %q, %v", body, err)
		}
		return err
	})
	big[0] = 1 // the store has its own bytes
	view(t, h.Store, func(m store.MailReader) error {
		var rows []store.EmailRow
		if err := m.Emails(func(r store.EmailRow) error { rows = append(rows, r); return nil }); err != nil {
			return err
		}
		if d := cmp.Diff([]store.EmailRow{inline, blob}, rows); d != "" {
			t.Error(d)
		}
		_, err := m.Body(2)
		wantKind(t, "the body of a blob", err, fault.NotFound)
		body, err := m.Body(3)
		if len(body) != len(big) || body[0] != 0 || body[len(body)-1] != big[len(big)-1] {
			t.Errorf("big body: %d bytes, %v", len(body), err)
		}
		if body, err := m.Body(4); len(body) != 0 || err != nil {
			t.Errorf("empty body: %q, %v", body, err)
		}
		var some []mail.EmailID
		if err := m.Bodies(2, 3, func(id mail.EmailID, body []byte) error {
			some = append(some, id)
			if len(body) != len(big) {
				t.Errorf("body of %d has %d bytes", id, len(body))
			}
			return nil
		}); err != nil || !slices.Equal(some, []mail.EmailID{3}) {
			t.Errorf("bodies from 2 to 3: %v, %v", some, err)
		}
		if err := m.Bodies(3, 2, func(id mail.EmailID, _ []byte) error { return fmt.Errorf("body of %d", id) }); err != nil {
			t.Errorf("bodies from 3 to 2: %v", err)
		}
		id, err := m.Thread(store.ThreadKey{1, 15: 2})
		if id != 8 || err != nil {
			t.Errorf("thread %d, %v", id, err)
		}
		_, err = m.Thread(store.ThreadKey{2})
		wantKind(t, "no such thread", err, fault.NotFound)
		text, err := dump(m)
		if want := "garbage \"b\" 5000000006\n"; err != nil || text[len(text)-len(want):] != want {
			t.Errorf("garbage: %v\n%s", err, text)
		}
		return nil
	})
	update(t, h.Store, func(m store.MailTx) error { return m.DeleteEmail(1) })
	view(t, h.Store, func(m store.MailReader) error {
		_, err := m.Body(1)
		wantKind(t, "the body of a deleted email", err, fault.NotFound)
		return nil
	})
}

// testRemovedOfDeleted: deleting a mailbox takes its Removed list along, also what
// the same transaction logged before, and not what it logs afterwards.
func testRemovedOfDeleted(t *testing.T, h *Harness) {
	gone := func(uid mail.UID) store.ChangeItem {
		return store.ChangeItem{Mailbox: 1, Kind: store.MessagesRemoved, UIDs: []store.UIDRange{{First: uid, Last: uid}}}
	}
	update(t, h.Store, func(m store.MailTx) error {
		return errors.Join(m.PutMailbox(store.MailboxRow{ID: 1, Name: "box"}), m.Log(gone(1)))
	})
	update(t, h.Store, func(m store.MailTx) error {
		return errors.Join(m.Log(gone(2)), m.DeleteMailbox(1),
			m.PutMailbox(store.MailboxRow{ID: 1, Name: "box"}), m.Log(gone(3)))
	})
	view(t, h.Store, func(m store.MailReader) error {
		var all []store.UIDRange
		err := m.Removed(1, 0, func(_ mail.ModSeq, r []store.UIDRange) error {
			all = append(all, r...)
			return nil
		})
		if want := []store.UIDRange{{First: 3, Last: 3}}; !slices.Equal(all, want) {
			t.Errorf("removed %v, want %v", all, want)
		}
		return err
	})
}

func testChangeLog(t *testing.T, h *Harness) {
	one := func(kind store.ChangeKind, box mail.MailboxID, ranges ...store.UIDRange) store.ChangeItem {
		return store.ChangeItem{Mailbox: box, Kind: kind, UIDs: ranges}
	}
	update(t, h.Store, func(m store.MailTx) error {
		wantKind(t, "ranges that descend", m.Log(one(store.MessagesAdded, 1, store.UIDRange{First: 5, Last: 6}, store.UIDRange{First: 2, Last: 2})), fault.Invalid)
		wantKind(t, "a range backwards", m.Log(one(store.MessagesAdded, 1, store.UIDRange{First: 5, Last: 4})), fault.Invalid)
		return nil
	})
	for seq := mail.ModSeq(1); seq <= 3; seq++ {
		update(t, h.Store, func(m store.MailTx) error {
			if got, err := m.ModSeq(); got != seq || err != nil {
				t.Errorf("ModSeq %d, %v; want %d", got, err, seq)
			}
			for _, err := range []error{
				m.PutMailbox(store.MailboxRow{ID: 1, Name: "INBOX"}),
				m.Log(one(store.MessagesRemoved, 1, store.UIDRange{First: 10, Last: 11}, store.UIDRange{First: 20, Last: 1<<32 - 1})),
				m.Log(one(store.MessagesRemoved, 1, store.UIDRange{First: 12, Last: 13})),
				m.Log(one(store.MessagesAdded, 2)),
				m.PutCounters(store.Counters{ModSeq: 99, NextEmail: 5, QuotaBytes: 7, QuotaCount: 8}),
			} {
				if err != nil {
					return err
				}
			}
			if got, err := m.ModSeq(); got != seq || err != nil {
				t.Errorf("ModSeq after Log is %d, %v; want %d", got, err, seq)
			}
			return nil
		})
		// Asking for a ModSeq does not use it up.
		update(t, h.Store, func(m store.MailTx) error { _, err := m.ModSeq(); return err })
	}
	view(t, h.Store, func(m store.MailReader) error {
		c, err := m.Counters()
		if want := (store.Counters{ModSeq: 3, NextEmail: 5, QuotaBytes: 7, QuotaCount: 8}); c != want || err != nil {
			t.Errorf("counters %+v, %v", c, err)
		}
		var seqs []mail.ModSeq
		if err := m.Changes(1, func(c *store.Change) error {
			seqs = append(seqs, c.ModSeq)
			if len(c.Items) != 3 || c.Items[2].Kind != store.MessagesAdded || c.Account != 1 {
				t.Errorf("change %+v", c)
			}
			return nil
		}); err != nil {
			return err
		}
		if !slices.Equal(seqs, []mail.ModSeq{2, 3}) {
			t.Errorf("changes since 1: %v", seqs)
		}
		seqs = nil
		err = m.Removed(1, 2, func(seq mail.ModSeq, r []store.UIDRange) error {
			seqs = append(seqs, seq)
			if d := cmp.Diff([]store.UIDRange{{First: 10, Last: 13}, {First: 20, Last: 1<<32 - 1}}, r); d != "" {
				t.Error(d)
			}
			return nil
		})
		if !slices.Equal(seqs, []mail.ModSeq{3}) {
			t.Errorf("removed since 2: %v", seqs)
		}
		return err
	})
	// A deleted mailbox loses its list, also what this transaction adds to it.
	update(t, h.Store, func(m store.MailTx) error {
		for _, err := range []error{
			m.Log(one(store.MessagesRemoved, 1, store.UIDRange{First: 30, Last: 30})),
			m.DeleteMailbox(1),
			m.Log(one(store.MailboxDeleted, 1)),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, h.Store, func(m store.MailReader) error {
		return m.Removed(1, 0, func(seq mail.ModSeq, _ []store.UIDRange) error { return fmt.Errorf("removed list at %d", seq) })
	})
}

func testWipe(t *testing.T, h *Harness) {
	now := time.Unix(77, 0)
	update(t, h.Store, func(m store.MailTx) error {
		for _, err := range []error{
			m.PutMailbox(store.MailboxRow{ID: 1, Name: "INBOX"}), m.PutMessage(1, store.MessageRow{UID: 1}), m.PutState(1, store.StateRow{UID: 1}),
			m.PutEmail(store.EmailRow{ID: 1}), m.PutBody(1, []byte("x")), m.PutEmail(store.EmailRow{ID: 2, Blob: "two"}),
			m.PutGarbage("old", time.Unix(1, 0)), m.PutThread(store.ThreadKey{1}, 1), m.PutSubscription("s"),
			m.PutCounters(store.Counters{NextEmail: 3, Messages: 1, Bytes: 1, UIDValidity: 4}),
			m.Log(store.ChangeItem{Kind: store.MessagesRemoved, Mailbox: 1, UIDs: []store.UIDRange{{First: 9, Last: 9}}}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	update(t, h.Store, func(m store.MailTx) error { return m.Wipe(now) })
	view(t, h.Store, func(m store.MailReader) error {
		want := newModel(1)
		want.garbage = map[string]time.Time{"old": time.Unix(1, 0), "two": now}
		want.counters = store.Counters{ModSeq: 1, NextEmail: 3, UIDValidity: 4}
		got, err := dump(m)
		model, _ := dump(want)
		if d := cmp.Diff(model, got); d != "" {
			t.Error(d)
		}
		if _, err := m.Body(1); !fault.Is(err, fault.NotFound) {
			t.Errorf("a wiped body: %v", err)
		}
		return err
	})
}
