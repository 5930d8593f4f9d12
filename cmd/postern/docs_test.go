package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestDocumentsNameCommandsThatExist walks the command words and flags of every
// `postern …` in the documents down the command table.
func TestDocumentsNameCommandsThatExist(t *testing.T) {
	var c commands
	parser, err := kong.New(&c, kong.Name("postern"), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	files := []string{filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	use := regexp.MustCompile("(?m)(?:`|^|ExecStart=.*/|&& )postern ([a-z][^`\n#]*)")
	checked := 0
	for _, file := range append(files, more...) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllStringSubmatch(string(raw), -1) {
			checked++
			if bad := unknownWord(parser.Model.Node, strings.Fields(m[1])); bad != "" {
				t.Errorf("%s: postern %s: there is no %q", filepath.Base(file), m[1], bad)
			}
		}
	}
	if checked < 15 {
		t.Fatalf("only %d commands checked: the pattern is broken", checked)
	}
}

// unknownWord gives the first subcommand or flag that does not exist.
func unknownWord(n *kong.Node, words []string) string {
	flags := map[string]bool{}
	note := func(n *kong.Node) {
		for _, f := range n.Flags {
			flags["--"+f.Name] = true
		}
	}
	note(n)
	descending := true
	for _, w := range words {
		if w == "\\" {
			break
		}
		if name, _, _ := strings.Cut(w, "="); strings.HasPrefix(w, "--") {
			if !flags[name] {
				return w
			}
			continue
		}
		if !descending || len(n.Children) == 0 {
			descending = false
			continue
		}
		next := (*kong.Node)(nil)
		for _, c := range n.Children {
			if c.Name == w {
				next = c
			}
		}
		if next == nil {
			return w
		}
		n = next
		note(n)
	}
	return ""
}
