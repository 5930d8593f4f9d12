//go:build clients

package clients

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestOfflineIMAP(t *testing.T) {
	need(t, "offlineimap")
	s := start(t)
	user := s.User(0)
	server := look(t, s, user)
	server.create("Projects")
	server.fill("INBOX", "inbox", 12)
	server.fill("Projects", "project", 5)

	dir := t.TempDir()
	write(t, filepath.Join(dir, "rc"), `
[general]
accounts = test
metadata = `+dir+`/state
socktimeout = 60

[Account test]
localrepository = here
remoterepository = there

[Repository here]
type = Maildir
localfolders = `+dir+`/mail

[Repository there]
type = IMAP
remotehost = localhost
remoteport = `+s.imapsPort+`
remoteuser = `+user+`
remotepass = `+s.Password+`
ssl = yes
sslcacertfile = `+s.CAFile+`
`)
	sync := func() string {
		t.Helper()
		return run(t, command{dir: dir, args: []string{"offlineimap", "-c", filepath.Join(dir, "rc"), "-o", "-1", "-u", "basic"}})
	}
	idle := func() {
		t.Helper()
		out := sync()
		for _, word := range []string{"Copy message", "Deleting", "Adding flag", "ERROR"} {
			if strings.Contains(out, word) {
				t.Errorf("a second run in a row had something to do (%s):\n%s", word, out)
			}
		}
	}

	sync()
	inbox := maildir{t, filepath.Join(dir, "mail/INBOX")}
	projects := maildir{t, filepath.Join(dir, "mail/Projects")}
	if got := [2]int{len(inbox.files()), len(projects.files())}; got != [2]int{12, 5} {
		t.Fatalf("the first run brought %v messages, want 12 and 5", got)
	}
	idle()

	inbox.mark("inbox 1", "F")
	inbox.remove("inbox 2")
	inbox.add(message("written here"))
	server.flag("INBOX", "inbox 3", imap.FlagAnswered)
	server.remove("INBOX", "inbox 4")
	server.append("Projects", message("written there"))
	out := sync()

	if !server.get("INBOX", "inbox 1").has(imap.FlagFlagged) {
		t.Errorf("a flag set here did not arrive at the server:\n%s", out)
	}
	if server.has("INBOX", "inbox 2") {
		t.Errorf("a message deleted here is still at the server:\n%s", out)
	}
	if !server.has("INBOX", "written here") {
		t.Errorf("a message written here is not at the server:\n%s", out)
	}
	if name := inbox.find("inbox 3"); !strings.Contains(name[strings.LastIndex(name, ":")+1:], "R") {
		t.Errorf("a flag set at the server did not arrive here: %s", name)
	}
	if inbox.find("inbox 4") != "" {
		t.Error("a message deleted at the server is still here")
	}
	if projects.find("written there") == "" {
		t.Error("a message new at the server did not arrive here")
	}
	idle()
}
