//go:build clients

package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

func TestMbsync(t *testing.T) {
	need(t, "mbsync")
	s := start(t)
	user := s.User(0)
	server := look(t, s, user)
	server.create("Work/Deep")
	server.create("Grüße")
	server.fill("INBOX", "inbox", 30)
	server.fill("Work/Deep", "deep", 10)
	server.fill("Grüße", "greeting", 3)

	dir := t.TempDir()
	write(t, filepath.Join(dir, "mbsyncrc"), `
IMAPStore far
Host localhost
Port `+s.imapsPort+`
User `+user+`
Pass `+s.Password+`
SSLType IMAPS
CertificateFile `+s.CAFile+`

MaildirStore near
Path `+dir+`/mail/
Inbox `+dir+`/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
`)
	if err := os.MkdirAll(filepath.Join(dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	sync := func() string {
		t.Helper()
		return run(t, command{dir: dir, args: []string{"mbsync", "-c", filepath.Join(dir, "mbsyncrc"), "-V", "-a"}})
	}
	idle := func() {
		t.Helper()
		before := both(t, dir, server)
		out := sync()
		if diff := cmp.Diff(before, both(t, dir, server)); diff != "" {
			t.Errorf("a second run in a row changed something:\n%s\n%s", diff, out)
		}
	}

	sync()
	inbox := maildir{t, filepath.Join(dir, "mail/INBOX")}
	deep := maildir{t, filepath.Join(dir, "mail/Work/Deep")}
	if got := [2]int{len(inbox.files()), len(deep.files())}; got != [2]int{30, 10} {
		t.Fatalf("the first run brought %v messages, want 30 and 10", got)
	}
	idle()

	inbox.mark("inbox 1", "F")
	inbox.mark("inbox 2", "T")
	inbox.add(message("written here"))
	server.flag("INBOX", "inbox 3", imap.FlagAnswered)
	server.remove("INBOX", "inbox 4")
	server.append("Work/Deep", message("written there"))
	sync()

	if !server.get("INBOX", "inbox 1").has(imap.FlagFlagged) {
		t.Error("a flag set here did not arrive at the server")
	}
	if server.has("INBOX", "inbox 2") {
		t.Error("a message deleted here is still at the server")
	}
	server.get("INBOX", "written here")
	if name := inbox.find("inbox 3"); !strings.Contains(name[strings.LastIndex(name, ":"):], "R") {
		t.Errorf("a flag set at the server did not arrive here: %s", name)
	}
	if inbox.find("inbox 4") != "" {
		t.Error("a message deleted at the server is still here")
	}
	if deep.find("written there") == "" {
		t.Error("a message new at the server did not arrive here")
	}
	if got := len(server.list("INBOX")); got != 29 {
		t.Errorf("the server's INBOX has %d messages, want 29", got)
	}
	idle()
}

// both is a picture of both sides: file names with their flags here, UIDs and
// flags there.
func both(t *testing.T, dir string, server *second) []string {
	t.Helper()
	var all []string
	for _, box := range []string{"INBOX", "Work/Deep", "Gr&APwA3w-e"} {
		all = append(all, maildir{t, filepath.Join(dir, "mail", box)}.files()...)
	}
	for _, box := range []string{"INBOX", "Work/Deep", "Grüße"} {
		for _, m := range server.list(box) {
			slices.Sort(m.flags)
			all = append(all, fmt.Sprint(box, m.uid, m.flags))
		}
	}
	slices.Sort(all)
	return all
}
