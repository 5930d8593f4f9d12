//go:build clients

package clients

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestGoIMAP(t *testing.T) {
	s := start(t)
	user := s.User(0)
	exists := make(chan uint32, 16)
	c := dialTLS(t, s, user, &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists <- *d.NumMessages
			}
		},
	})
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	ok("CREATE", c.Create("Target", nil).Wait())
	ok("CREATE of a name beyond ASCII", c.Create("Übersicht", nil).Wait())
	boxes, err := c.List("", "*", nil).Collect()
	ok("LIST", err)
	if !containsMailbox(boxes, "INBOX") || !containsMailbox(boxes, "Target") || !containsMailbox(boxes, "Übersicht") {
		t.Errorf("LIST does not name INBOX, Target and Übersicht: %v", boxes)
	}

	second := look(t, s, user)
	second.append("INBOX", message("first needle"))
	second.append("INBOX", message("second"), imap.FlagSeen)
	selected, err := c.Select("INBOX", &imap.SelectOptions{CondStore: c.Caps().Has(imap.CapCondStore)}).Wait()
	ok("SELECT", err)
	if selected.NumMessages != 2 || selected.UIDValidity == 0 || selected.UIDNext != 3 {
		t.Errorf("SELECT: %+v", selected)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{
		Header:  []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "NEEDLE"}},
		NotFlag: []imap.Flag{imap.FlagSeen},
	}, nil).Wait()
	ok("UID SEARCH", err)
	if got := found.AllUIDs(); len(got) != 1 || got[0] != 1 {
		t.Errorf("UID SEARCH: %v", got)
	}
	goFetch(t, c)
	goCondStore(t, c)

	moved, err := c.Move(imap.UIDSetNum(2), "Target").Wait()
	ok("UID MOVE", err)
	if moved.UIDValidity == 0 {
		t.Errorf("MOVE gave no COPYUID: %+v", moved)
	}
	second.get("Target", "second")
	status, err := c.Status("Target", &imap.StatusOptions{NumMessages: true, UIDNext: true, NumUnseen: true}).Wait()
	ok("STATUS", err)
	if status.NumMessages == nil || *status.NumMessages != 1 || status.NumUnseen == nil || *status.NumUnseen != 0 {
		t.Errorf("STATUS of Target: %+v", status)
	}
	goIdle(t, c, second, exists)
	ok("LOGOUT", c.Logout().Wait())
}

func containsMailbox(boxes []*imap.ListData, name string) bool {
	for _, b := range boxes {
		if b.Mailbox == name {
			return true
		}
	}
	return false
}

func goFetch(t *testing.T, c *imapclient.Client) {
	t.Helper()
	text := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierText, Peek: true}
	whole := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{
		UID: true, Flags: true, Envelope: true, RFC822Size: true, InternalDate: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
		BodySection:   []*imap.FetchItemBodySection{text, whole},
	}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("UID FETCH: %v, %v", got, err)
	}
	m, want := got[0], message("first needle")
	if body := m.FindBodySection(whole); string(body) != want {
		t.Errorf("BODY[] is not what was appended: %q", body)
	}
	if _, body, _ := strings.Cut(want, "\r\n\r\n"); string(m.FindBodySection(text)) != body {
		t.Errorf("BODY[TEXT]: %q, want %q", m.FindBodySection(text), body)
	}
	if m.RFC822Size != int64(len(want)) || m.Envelope.Subject != "first needle" ||
		m.Envelope.From[0].Addr() != "tester@example.org" || time.Since(m.InternalDate).Abs() > time.Hour {
		t.Errorf("FETCH: size %d, envelope %+v, date %v", m.RFC822Size, m.Envelope, m.InternalDate)
	}
	if m.BodyStructure == nil || m.BodyStructure.MediaType() != "text/plain" {
		t.Errorf("BODYSTRUCTURE: %+v", m.BodyStructure)
	}
	for _, f := range m.Flags {
		if f == imap.FlagSeen {
			t.Error("BODY.PEEK[] set \\Seen")
		}
	}
}

// goCondStore checks that a flag change raises MODSEQ and that a STORE with an
// old one is refused (RFC 7162).
func goCondStore(t *testing.T, c *imapclient.Client) {
	t.Helper()
	if !c.Caps().Has(imap.CapCondStore) {
		t.Fatal("the server does not announce CONDSTORE")
	}
	modseq := func(uid imap.UID) uint64 {
		t.Helper()
		got, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, ModSeq: true}).Collect()
		if err != nil || len(got) != 1 {
			t.Fatalf("FETCH MODSEQ: %v, %v", got, err)
		}
		return got[0].ModSeq
	}
	store := func(flag imap.Flag, since uint64) []*imapclient.FetchMessageBuffer {
		t.Helper()
		got, err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{flag}},
			&imap.StoreOptions{UnchangedSince: since}).Collect()
		if err != nil {
			t.Fatalf("STORE: %v", err)
		}
		return got
	}
	before := modseq(1)
	latest := max(before, modseq(2)) // the second message may have come with a higher one
	store(imap.FlagFlagged, before)
	after := modseq(1)
	if before == 0 || after <= latest {
		t.Errorf("MODSEQ went from %d to %d", before, after)
	}
	store(imap.FlagAnswered, before) // too old: nothing may change
	if got := modseq(1); got != after {
		t.Errorf("a STORE with an old UNCHANGEDSINCE changed the message: MODSEQ %d, want %d", got, after)
	}
	changed, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, Flags: true, ChangedSince: latest}).Collect()
	if err != nil || len(changed) != 1 || changed[0].UID != 1 {
		t.Errorf("FETCH CHANGEDSINCE: %v, %v", changed, err)
	}
}

// goIdle waits for a message that the second connection appends.
func goIdle(t *testing.T, c *imapclient.Client, second *second, exists <-chan uint32) {
	t.Helper()
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	second.append("INBOX", message("while idling"))
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for told := false; !told; {
		select {
		case n := <-exists:
			told = n == 2
		case <-limit.C:
			t.Fatal("IDLE did not tell of a new message within 10 s")
		}
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
}
