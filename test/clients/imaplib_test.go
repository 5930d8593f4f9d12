//go:build clients

package clients

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestImaplib(t *testing.T) {
	need(t, "python3")
	s := start(t)
	script := filepath.Join(repo(t), "test/clients/python/imaplib_client.py")
	out := run(t, command{args: []string{"python3", script, s.imapPort, s.imapsPort, s.CAFile, s.User(0), s.Password}})
	if !strings.HasSuffix(strings.TrimSpace(out), "all done") {
		t.Fatalf("the script did not come to its end:\n%s", out)
	}
	second := look(t, s, s.User(0))
	if !second.get("Python", "python 2").has(imap.FlagFlagged) {
		t.Error("the flag that the script set is not there")
	}
	if second.has("INBOX", "python 1") {
		t.Error("the message that the script expunged is still there")
	}
}
