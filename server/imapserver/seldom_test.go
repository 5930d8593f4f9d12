package imapserver_test

import (
	"context"
	"io"
	"strings"
	"testing"
)

// TestInjectionsFloodNoLog: who sends bytes behind STARTTLS again and again
// writes one line, and at the end it is told how many there were.
func TestInjectionsFloodNoLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 10 {
		c := h.dial()
		c.send("a STARTTLS\r\nb NOOP\r\n")
		if _, err := io.ReadAll(c.r); err != nil && !isReset(err) {
			t.Fatal(err)
		}
	}
	if err := h.srv.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	const line = "bytes after STARTTLS before TLS began"
	if n := strings.Count(h.log.String(), `level=WARN msg="`+line); n != 1 ||
		!strings.Contains(h.log.String(), `line="`+line+`" listener=imap count=9`) {
		t.Errorf("%d lines: %s", n, h.log)
	}
}
