//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maildir is a client's folder on this side.
type maildir struct {
	t    *testing.T
	path string
}

// files lists the message files.
func (m maildir) files() []string {
	m.t.Helper()
	var all []string
	for _, sub := range []string{"cur", "new"} {
		names, err := filepath.Glob(filepath.Join(m.path, sub, "*"))
		if err != nil {
			m.t.Fatal(err)
		}
		all = append(all, names...)
	}
	return all
}

// find is the file of the message with a subject; empty if there is none.
func (m maildir) find(subject string) string {
	m.t.Helper()
	line := regexp.MustCompile(`(?m)^Subject: ` + regexp.QuoteMeta(subject) + `\r?$`)
	for _, name := range m.files() {
		b, err := os.ReadFile(name)
		if err != nil {
			m.t.Fatal(err)
		}
		if line.Match(b) {
			return name
		}
	}
	return ""
}

// mark adds a flag letter to the message with a subject.
func (m maildir) mark(subject, letter string) {
	m.t.Helper()
	old := m.find(subject)
	if old == "" {
		m.t.Fatalf("%s has no message called %q", m.path, subject)
	}
	base, flags, _ := strings.Cut(filepath.Base(old), ":2,")
	if err := os.Rename(old, filepath.Join(m.path, "cur", base+":2,"+sorted(flags+letter))); err != nil {
		m.t.Fatal(err)
	}
}

// remove deletes the file of the message with a subject.
func (m maildir) remove(subject string) {
	m.t.Helper()
	if err := os.Remove(m.find(subject)); err != nil {
		m.t.Fatal(err)
	}
}

// add puts a new message here.
func (m maildir) add(text string) {
	m.t.Helper()
	name := filepath.Join(m.path, "cur", "1767607200.1_1.localhost:2,S")
	write(m.t, name, strings.ReplaceAll(text, "\r\n", "\n"))
}

// sorted puts flag letters into the order that Maildir wants.
func sorted(letters string) string {
	var b strings.Builder
	for _, l := range "DFPRST" {
		if strings.ContainsRune(letters, l) {
			b.WriteRune(l)
		}
	}
	return b.String()
}
