package main

import (
	"strings"
	"testing"

	"postern/fault"
)

// TestOwner: root must not write into the server's folder, which it could.
func TestOwner(t *testing.T) {
	dir := t.TempDir()
	if err := checkOwner(dir); err != nil {
		t.Errorf("our own folder: %v", err)
	}
	err := ownedBy(dir, 4242, 0)
	if !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), dir+" belongs to the user #4242 and you are root") ||
		!strings.Contains(err.Error(), "sudo -u #4242") {
		t.Errorf("another's folder: %v", err)
	}
}
