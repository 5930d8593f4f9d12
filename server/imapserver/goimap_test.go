package imapserver_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// TestGoIMAPClient is a day in the life of a client that somebody else wrote.
func TestGoIMAPClient(t *testing.T) {
	h := newHouse(t)
	news := make(chan uint32, 16)
	c := imapclient.New(h.raw(), &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				news <- *d.NumMessages
			}
		},
	}})
	defer func() { _ = c.Close() }()
	must(t, c.WaitGreeting())
	must(t, c.Login("alice", "secret").Wait())
	must(t, c.Create("Projects/2024", nil).Wait())
	boxes, err := c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	must(t, err)
	names := map[string]bool{}
	for _, b := range boxes {
		names[b.Mailbox] = b.Status != nil
	}
	if !names["INBOX"] || !names["Projects/2024"] {
		t.Errorf("listed %v", names)
	}
	body := "From: ann@example.com\r\nSubject: hello\r\n\r\nhello there\r\n"
	for range 3 {
		a := c.Append("INBOX", int64(len(body)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagFlagged}, Time: time.Unix(1_700_000_000, 0)})
		_, err := io.WriteString(a, body)
		must(t, err)
		must(t, a.Close())
		data, err := a.Wait()
		must(t, err)
		if data.UID == 0 || data.UIDValidity == 0 {
			t.Errorf("APPENDUID %+v", data)
		}
	}
	sel, err := c.Select("INBOX", nil).Wait()
	must(t, err)
	if sel.NumMessages != 3 || sel.UIDNext != 4 {
		t.Errorf("select: %+v", sel)
	}
	msgs, err := c.Fetch(imap.SeqSetNum(1, 2), &imap.FetchOptions{
		Envelope: true, Flags: true, UID: true, InternalDate: true, RFC822Size: true, ModSeq: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	}).Collect()
	must(t, err)
	if len(msgs) != 2 || msgs[0].Envelope.Subject != "hello" || string(msgs[1].BodySection[0].Bytes) != body || msgs[0].RFC822Size != int64(len(body)) {
		t.Errorf("fetched %+v", msgs)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Text: []string{"THERE"}}, &imap.SearchOptions{ReturnAll: true}).Wait()
	must(t, err)
	if all := found.AllUIDs(); len(all) != 3 {
		t.Errorf("found %v", all)
	}
	must(t, c.Store(imap.SeqSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	must(t, c.Expunge().Close())
	moved, err := c.Move(imap.UIDSetNum(3), "Projects/2024").Wait()
	must(t, err)
	if moved.UIDValidity == 0 || len(moved.DestUIDs.(imap.UIDSet)) == 0 {
		t.Errorf("moved: %+v", moved)
	}
	for len(news) > 0 {
		<-news
	}
	idle, err := c.Idle()
	must(t, err)
	h.signedIn("alice").append("INBOX", "", body)
	select {
	case n := <-news:
		if n != 2 {
			t.Errorf("IDLE told of %d messages", n)
		}
	case <-time.After(10 * time.Second):
		t.Error("IDLE told nothing")
	}
	must(t, idle.Close())
	must(t, idle.Wait())
	if caps := c.Caps(); !caps.Has(imap.CapQResync) || !caps.Has(imap.CapIMAP4rev2) {
		t.Errorf("capabilities %v", caps)
	}
	if _, err := c.Select("nowhere", nil).Wait(); err == nil || !strings.Contains(err.Error(), "NONEXISTENT") {
		t.Errorf("select of nowhere: %v", err)
	}
	must(t, c.Logout().Wait())
}
