package imapserver_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/mailbox"
	"postern/server/imapserver"
)

func traced(o *imapserver.Options, _ *authority, _ *mailbox.Options) { o.Trace = true }

// TestClientNamesDoNotPileUp: a name of ID is not kept beside the ones before
// it, nor does each make the log's lines longer.
func TestClientNamesDoNotPileUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, traced)
	c := h.dial()
	for i := range 5 {
		c.ok(fmt.Sprintf(`ID ("name" "before%d")`, i))
	}
	c.ok("LOGIN alice secret")
	for i := range 5 {
		c.ok(fmt.Sprintf(`ID ("name" "after%d")`, i))
	}
	c.ok("NOOP")
	last := ""
	for line := range strings.Lines(h.log.String()) {
		if n := strings.Count(line, "app="); n > 1 {
			t.Fatalf("%d names in one line: %s", n, line)
		}
		if strings.Contains(line, "verb=NOOP") {
			last = line
		}
	}
	if !strings.Contains(last, "app=before4") {
		t.Errorf("the name that the client signed in with is not in the log: %s", last)
	}
}

// TestClientNameAfterSignIn: most clients say who they are only then.
func TestClientNameAfterSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, traced)
	c := h.dial()
	c.ok("LOGIN alice secret")
	c.ok(`ID ("name" "Mailer" "version" "1")`)
	c.ok("NOOP")
	if !strings.Contains(h.log.String(), `app="Mailer 1"`) {
		t.Errorf("the client's name is not in the log: %s", h.log)
	}
}
