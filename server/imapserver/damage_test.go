package imapserver_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// flip changes one byte of the first place in the blob store that holds mark.
func (h *house) flip(mark string) {
	h.t.Helper()
	done := false
	must(h.t, filepath.WalkDir(h.blobs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || done {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if i := bytes.Index(b, []byte(mark)); i >= 0 {
			b[i] ^= 1
			done = true
			return os.WriteFile(path, b, 0o600)
		}
		return nil
	}))
	if !done {
		h.t.Fatalf("no file has %q", mark)
	}
}

// TestDamagedMessage flips a byte of a message on disk: it is named and never
// served, and its neighbours are (RELIABILITY 10, the door's share).
func TestDamagedMessage(t *testing.T) {
	h := newHouse(t)
	c := h.signedIn("alice")
	for _, name := range []string{"first", "second", "third"} {
		c.append("INBOX", "", "Subject: "+name+"\r\n\r\n"+strings.Repeat(name+" line\r\n", 20_000))
	}
	c.ok("SELECT INBOX")
	h.flip("second line")
	untagged, tagged := c.cmd("FETCH 1:3 (UID BODY.PEEK[TEXT]<0.11>)")
	if !strings.HasPrefix(tagged, "NO [CORRUPTION] ") {
		t.Errorf("answered %s", tagged)
	}
	all := strings.Join(untagged, "\n")
	if !strings.Contains(all, "1 FETCH (UID 1 ") || !strings.Contains(all, "3 FETCH (UID 3 ") || strings.Contains(all, "2 FETCH") {
		t.Errorf("sent %.300s", all)
	}
	if !strings.Contains(h.log.String(), "uid=2") {
		t.Errorf("the log does not name the message:\n%s", h.log)
	}
	// Whole, it is too large to be held back: not one wrong byte may leave.
	c.send("w UID FETCH 2 (BODY.PEEK[])\r\n")
	for {
		l, err := c.tryLine()
		if err != nil || strings.HasPrefix(l, "w NO [CORRUPTION] ") {
			break
		}
		if strings.HasPrefix(l, "w OK") || strings.Contains(l, "recond") {
			t.Fatalf("served: %q", l)
		}
	}
}
