package imapserver_test

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// TestIdleStack holds that a session that waits keeps no stack that its
// commands have grown. It runs before all parallel tests.
func TestIdleStack(t *testing.T) {
	const sessions, most = 100, 12 << 10 // 4 KiB; the race detector makes it 8
	h := newHouse(t)
	open := func() {
		c := h.signedIn("alice")
		c.ok("SELECT INBOX")
		c.send("i IDLE\r\n")
		c.line()
	}
	for range 10 {
		open()
	}
	before := stacks()
	for range sessions {
		open()
	}
	if grown := (stacks() - before) / sessions; grown > most {
		t.Errorf("an idle session has a stack of %d bytes, want at most %d", grown, most)
	}
}

// stacks is what all stacks of the process take.
func stacks() int {
	runtime.GC() // takes back what has ended
	s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64())
}
