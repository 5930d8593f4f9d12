//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestCurl(t *testing.T) {
	need(t, "curl")
	s := start(t)
	user := s.User(0)
	dir := t.TempDir()
	curl := func(args ...string) command {
		return command{dir: dir, args: append([]string{
			"curl", "--silent", "--show-error", "--max-time", "30", "--cacert", s.CAFile,
			"--user", user + ":" + s.Password,
		}, args...)}
	}
	url := "imaps://localhost:" + s.imapsPort + "/"

	run(t, curl("-X", "CREATE Curl", url))
	if out := run(t, curl(url)); !strings.Contains(out, "INBOX") || !strings.Contains(out, "Curl") {
		t.Errorf("LIST does not name INBOX and Curl:\n%s", out)
	}

	text := message("sent by curl")
	file := filepath.Join(dir, "message.eml")
	write(t, file, text)
	run(t, curl("--upload-file", file, url+"Curl"))
	write(t, filepath.Join(dir, "other.eml"), message("another one"))
	run(t, curl("--upload-file", filepath.Join(dir, "other.eml"), url+"Curl"))
	if got := look(t, s, user).get("Curl", "sent by curl"); !got.has(imap.FlagSeen) {
		t.Errorf("curl appends with \\Seen; the message has %v", got.flags)
	}

	if out := run(t, curl(url+"Curl?SUBJECT%20another")); strings.TrimSpace(out) != "* SEARCH 2" {
		t.Errorf("SEARCH SUBJECT another: got %q, want * SEARCH 2", out)
	}
	if out := run(t, curl("-X", "EXAMINE Curl", url)); !strings.Contains(out, "2 EXISTS") {
		t.Errorf("EXAMINE: %s", out)
	}

	copied := filepath.Join(dir, "copied.eml")
	run(t, curl("--output", copied, url+"Curl;MAILINDEX=1"))
	if got, err := os.ReadFile(copied); err != nil || string(got) != text {
		t.Errorf("FETCH did not give the bytes back: %v\n%q", err, got)
	}
	if out := run(t, curl(url+"Curl;MAILINDEX=1;SECTION=HEADER.FIELDS%20(SUBJECT)")); !strings.HasPrefix(out, "Subject: sent by curl") {
		t.Errorf("FETCH of a header field: %q", out)
	}

	run(t, curl("--ssl-reqd", "-X", "NOOP", "imap://localhost:"+s.imapPort+"/"))
	run(t, curl("--login-options", "AUTH=PLAIN", "-X", "NOOP", url))

	out, code := try(t, command{dir: dir, args: []string{
		"curl", "--silent", "--show-error", "--max-time", "30", "--cacert", s.CAFile, "--user", user + ":wrong", url,
	}})
	if code != 67 {
		t.Errorf("a wrong password: exit code %d, want 67 (login denied)\n%s", code, out)
	}
}
