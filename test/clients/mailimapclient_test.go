//go:build clients

package clients

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// TestMailIMAPClient runs Perl's Mail::IMAPClient, on which imapsync stands.
func TestMailIMAPClient(t *testing.T) {
	need(t, "perl")
	s := start(t)
	script := filepath.Join(repo(t), "test/clients/perl/mail_imapclient.pl")
	out := run(t, command{args: []string{"perl", script, s.imapsPort, s.CAFile, s.User(0), s.Password}})
	if !strings.HasSuffix(strings.TrimSpace(out), "all done") {
		t.Fatalf("the script did not come to its end:\n%s", out)
	}
	second := look(t, s, s.User(0))
	if !second.get("Perl/moved", "perl 1").has(imap.FlagSeen) {
		t.Error("the copy has lost its flag, or is not there")
	}
	if second.has("Perl", "perl 1") {
		t.Error("the message that the script moved is still there")
	}
}
