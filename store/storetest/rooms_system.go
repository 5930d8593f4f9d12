package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

func inTx(t testing.TB, h *Harness, fn func(tx store.Tx) error, parts ...store.Partition) {
	t.Helper()
	if err := h.Store.Update(patient(t), fn, parts...); err != nil {
		t.Fatal(err)
	}
}

func inView(t testing.TB, h *Harness, fn func(r store.Reader) error, parts ...store.Partition) {
	t.Helper()
	if err := h.Store.View(patient(t), fn, parts...); err != nil {
		t.Fatal(err)
	}
}

func testAccounts(t *testing.T, h *Harness) {
	at := time.Date(2026, 1, 8, 11, 30, 0, 5, time.UTC)
	alice := store.AccountRow{
		ID: 1, Version: 3, Address: "alice@postern.test", Aliases: []string{"a@postern.test", "al@postern.test"}, Name: "Älice",
		Classes: []string{"admin"}, Disabled: true, Created: at, ScramSalt: []byte{0, 1}, ScramIterations: 4096,
	}
	bob := store.AccountRow{ID: 2, Address: "bob@postern.test"}
	inTx(t, h, func(tx store.Tx) error {
		d := tx.Directory()
		for want := mail.AccountID(1); want <= 2; want++ {
			if id, err := d.NextAccountID(); id != want || err != nil {
				t.Errorf("account id %d, %v; want %d", id, err, want)
			}
		}
		if err := d.PutAccount(alice); err != nil {
			return err
		}
		taken := bob
		taken.Aliases = []string{"al@postern.test"}
		wantKind(t, "a taken address", d.PutAccount(taken), fault.Exists)
		wantKind(t, "no address", d.PutAccount(store.AccountRow{ID: 9}), fault.Invalid)
		return d.PutAccount(bob)
	}, store.Directory)
	inView(t, h, func(r store.Reader) error {
		var got []store.AccountRow
		if err := r.Directory().Accounts(func(row store.AccountRow) error { got = append(got, row); return nil }); err != nil {
			return err
		}
		if d := cmp.Diff([]store.AccountRow{alice, bob}, got); d != "" {
			t.Error(d)
		}
		row, err := r.Directory().AccountByAddress("a@postern.test")
		if d := cmp.Diff(alice, row); d != "" {
			t.Error(d)
		}
		_, err2 := r.Directory().AccountByAddress("A@postern.test")
		wantKind(t, "addresses are exact", err2, fault.NotFound)
		_, err2 = r.Directory().Account(3)
		wantKind(t, "no such account", err2, fault.NotFound)
		return err
	}, store.Directory)
	// An alias moves from one to the other; an id from elsewhere is not given again.
	inTx(t, h, func(tx store.Tx) error {
		alice.Aliases = []string{"al@postern.test"}
		bob.Aliases = []string{"a@postern.test"}
		for _, row := range []store.AccountRow{alice, bob, {ID: 40, Address: "restored@postern.test"}} {
			if err := tx.Directory().PutAccount(row); err != nil {
				return err
			}
		}
		return nil
	}, store.Directory)
	inTx(t, h, func(tx store.Tx) error {
		d := tx.Directory()
		if row, err := d.AccountByAddress("a@postern.test"); row.ID != 2 || err != nil {
			t.Errorf("the alias belongs to %d, %v; want 2", row.ID, err)
		}
		if id, err := d.NextAccountID(); id != 41 || err != nil {
			t.Errorf("account id %d, %v; want 41", id, err)
		}
		wantKind(t, "deleting what is not there", d.DeleteAccount(3), fault.NotFound)
		return d.DeleteAccount(1)
	}, store.Directory)
	inView(t, h, func(r store.Reader) error {
		for _, a := range []string{"alice@postern.test", "al@postern.test"} {
			_, err := r.Directory().AccountByAddress(a)
			wantKind(t, "an address of a deleted account", err, fault.NotFound)
		}
		return nil
	}, store.Directory)
}

func testCredentials(t *testing.T, h *Harness) {
	at := time.Unix(1e9, 999).UTC()
	full := store.CredentialRow{
		Account: 1, ID: 7, Kind: store.CredentialAppPassword, Version: 2, Label: "phone", Hash: "$argon2id$",
		Scram:   []store.ScramVerifier{{Mechanism: "SCRAM-SHA-256", StoredKey: []byte{1}, ServerKey: []byte{2, 3}}},
		Created: at, Expires: at.Add(time.Hour), LastUsedBy: "imap", Protocols: []string{"imap"}, Networks: []string{"10.0.0.0/8"},
	}
	plain := store.CredentialRow{Account: 1, ID: 3, Kind: store.CredentialPassword}
	inTx(t, h, func(tx store.Tx) error {
		d := tx.Directory()
		for _, err := range []error{
			d.PutAccount(store.AccountRow{ID: 1, Address: "a"}), d.PutAccount(store.AccountRow{ID: 2, Address: "b"}),
			d.PutCredential(full), d.PutCredential(plain), d.PutCredential(store.CredentialRow{Account: 2, ID: 1}),
			d.PutDevice(store.DeviceRow{Account: 1, Key: "10.0.0.0/24 imap", Seen: at}), d.PutDevice(store.DeviceRow{Account: 1, Key: "b", Seen: at}),
			d.DeleteDevice(1, "b"), d.PutDevice(store.DeviceRow{Account: 2, Key: "b", Seen: at}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}, store.Directory)
	check := func(account mail.AccountID, credentials []store.CredentialRow, devices []store.DeviceRow) {
		t.Helper()
		inView(t, h, func(r store.Reader) error {
			c, err := r.Directory().Credentials(account)
			if d := cmp.Diff(credentials, c); d != "" || err != nil {
				t.Errorf("credentials: %v %s", err, d)
			}
			v, err := r.Directory().Devices(account)
			if d := cmp.Diff(devices, v); d != "" {
				t.Errorf("devices: %s", d)
			}
			return err
		}, store.Directory)
	}
	check(1, []store.CredentialRow{plain, full}, []store.DeviceRow{{Account: 1, Key: "10.0.0.0/24 imap", Seen: at}})
	inTx(t, h, func(tx store.Tx) error { return tx.Directory().DeleteCredential(1, 3) }, store.Directory)
	check(1, []store.CredentialRow{full}, []store.DeviceRow{{Account: 1, Key: "10.0.0.0/24 imap", Seen: at}})
	inTx(t, h, func(tx store.Tx) error { return tx.Directory().DeleteAccount(1) }, store.Directory)
	check(1, nil, nil)
	check(2, []store.CredentialRow{{Account: 2, ID: 1}}, []store.DeviceRow{{Account: 2, Key: "b", Seen: at}})
}

func testAttempts(t *testing.T, h *Harness) {
	rows := make([]store.AttemptRow, 0, 30)
	for i := range uint32(30) {
		rows = append(rows, store.AttemptRow{
			ID: store.AttemptID{Time: int64(i / 3), Seq: i}, Account: mail.AccountID(i % 3), JSON: fmt.Appendf(nil, `{"n":%d}`, i),
		})
	}
	inTx(t, h, func(tx store.Tx) error { return tx.Attempts().AppendAttempts(rows) }, store.Attempts)
	inTx(t, h, func(tx store.Tx) error {
		wantKind(t, "an id again", tx.Attempts().AppendAttempts(rows[5:6]), fault.Exists)
		return nil
	}, store.Attempts)
	list := func(account mail.AccountID, before store.AttemptID) (out []uint32) {
		inView(t, h, func(r store.Reader) error {
			return r.Attempts().Attempts(account, before, func(row store.AttemptRow) error {
				if string(row.JSON) != fmt.Sprintf(`{"n":%d}`, row.ID.Seq) || row.Account != mail.AccountID(row.ID.Seq%3) {
					t.Errorf("attempt %+v", row)
				}
				out = append(out, row.ID.Seq)
				return nil
			})
		}, store.Attempts)
		return out
	}
	expect := func(what string, got []uint32, want ...uint32) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	expect("of account 1 before 12", list(1, rows[12].ID), 10, 7, 4, 1)
	expect("all before 4", list(0, rows[4].ID), 3, 2, 1, 0)
	if n := len(list(0, store.AttemptID{})); n != 30 {
		t.Errorf("%d attempts, want 30", n)
	}
	for _, step := range []struct{ limit, want int }{{10, 10}, {100, 14}, {100, 0}} {
		inTx(t, h, func(tx store.Tx) error {
			n, err := tx.Attempts().PruneAttempts(time.Unix(0, 8), step.limit)
			if n != step.want {
				t.Errorf("pruned %d, want %d", n, step.want)
			}
			return err
		}, store.Attempts)
	}
	expect("after pruning", list(0, store.AttemptID{}), 29, 28, 27, 26, 25, 24)
	expect("of account 2 after pruning", list(2, store.AttemptID{}), 29, 26)
}

func testSystem(t *testing.T, h *Harness) {
	rev := func(n uint64) store.RevisionRow {
		return store.RevisionRow{Number: n, Hash: "ab", Document: []byte("x = 1"), Created: time.Unix(5, 0).UTC(), Author: "root", Reason: "why"}
	}
	inView(t, h, func(r store.Reader) error {
		_, err := r.System().LastRevision()
		wantKind(t, "no revision yet", err, fault.NotFound)
		_, err = r.System().Setting("x")
		wantKind(t, "no setting yet", err, fault.NotFound)
		return nil
	}, store.System)
	inTx(t, h, func(tx store.Tx) error {
		s := tx.System()
		for _, err := range []error{
			s.PutRevision(rev(1)), s.PutRevision(rev(300)), s.PutSetting("x", []byte("1")), s.PutSetting("empty", nil),
			s.PutSetting("gone", []byte("1")), s.DeleteSetting("gone"), s.DeleteSetting("never"),
		} {
			if err != nil {
				return err
			}
		}
		wantKind(t, "a stored revision", s.PutRevision(rev(300)), fault.Exists)
		return nil
	}, store.System)
	inView(t, h, func(r store.Reader) error {
		s := r.System()
		last, err := s.LastRevision()
		if d := cmp.Diff(rev(300), last); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		first, err := s.Revision(1)
		if d := cmp.Diff(rev(1), first); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		_, err = s.Revision(2)
		wantKind(t, "no such revision", err, fault.NotFound)
		if v, err := s.Setting("x"); string(v) != "1" || err != nil {
			t.Errorf("setting %q, %v", v, err)
		}
		if v, err := s.Setting("empty"); len(v) != 0 || err != nil {
			t.Errorf("empty setting %q, %v", v, err)
		}
		_, err = s.Setting("gone")
		wantKind(t, "a deleted setting", err, fault.NotFound)
		return nil
	}, store.System)
}

// testCheckpoint: a copy is what was there, opens, and stays apart.
func testCheckpoint(t *testing.T, h *Harness) {
	if h.OpenAt == nil {
		return
	}
	put := func(name string) {
		update(t, h.Store, func(m store.MailTx) error { return m.PutSubscription(name) })
	}
	put("before")
	if err := h.Store.Checkpoint(patient(t), h.Folder); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a folder that exists", h.Store.Checkpoint(patient(t), h.Folder), fault.Exists)
	put("after")
	c := h.OpenAt(t, h.Folder)
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	var names []string
	view(t, c, func(m store.MailReader) error {
		return m.Subscriptions(func(name string) error { names = append(names, name); return nil })
	})
	if !slices.Equal(names, []string{"before"}) {
		t.Errorf("the copy has %q", names)
	}
	if err := c.Verify(patient(t), func(d store.Damage) { t.Errorf("damage in the copy: %+v", d) }); err != nil {
		t.Error(err)
	}
}
