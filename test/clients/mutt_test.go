//go:build clients

package clients

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

func TestMutt(t *testing.T) {
	need(t, "mutt", "tmux")
	s := start(t)
	user := s.User(0)
	server := look(t, s, user)
	server.create("Kept")
	server.append("INBOX", message("about the garden"))
	server.append("INBOX", message("about the house"))

	dir := t.TempDir()
	write(t, filepath.Join(dir, "muttrc"), `
set folder = "imaps://localhost:`+s.imapsPort+`/"
set spoolfile = "+INBOX"
set imap_user = "`+user+`"
set imap_pass = "`+s.Password+`"
set ssl_ca_certificates_file = "`+s.CAFile+`"

set ssl_verify_host = yes
set confirmappend = no
set confirmcreate = no
set delete = yes
set quit = yes
set resolve = no
set wait_key = no
set timeout = 5
set mail_check = 5
set sort = date-received
set markers = no
set smart_wrap = no
set header_cache = ""
`)
	m := newTerminal(t, dir, "mutt", "-n", "-F", filepath.Join(dir, "muttrc"))
	m.wait("about the garden")
	m.wait("about the house")

	m.keys("1", "Enter", "Enter") // go to the first message, read it
	m.wait("The text of about the garden.")
	m.wait("Zweite Zeile: Grüße.")
	m.keys("i")
	m.wait("Msgs:2")

	m.keys("F") // flag it
	m.keys("C") // copy it
	m.wait("Copy to mailbox")
	m.keys("C-u", "=Kept")
	m.wait("=Kept")
	m.keys("Enter")
	eventually(t, 20*time.Second, "mutt's copy is in Kept", func() bool { return server.has("Kept", "about the garden") })

	m.keys("2", "Enter") // go to the second, save it: a copy and a deletion
	m.keys("s")
	m.wait("Save to mailbox")
	m.keys("C-u", "=Kept", "Enter")
	eventually(t, 20*time.Second, "mutt's saved message is in Kept", func() bool { return server.has("Kept", "about the house") })
	m.keys("$") // write the changes
	m.wait("Msgs:1")
	m.keys("c") // look into the other mailbox
	m.wait("Open mailbox")
	m.keys("C-u", "=Kept", "Enter")
	m.wait("Msgs:2")
	m.keys("q")
	m.ended()

	if got := server.get("INBOX", "about the garden"); !got.has(imap.FlagFlagged) || !got.has(imap.FlagSeen) {
		t.Errorf("the read and flagged message has flags %v", got.flags)
	}
	if server.has("INBOX", "about the house") {
		t.Error("the saved message is still in INBOX")
	}
	if strings.Contains(m.screen(), "error") {
		t.Errorf("mutt ended with an error:\n%s", m.screen())
	}
}
