package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are all Markdown files by their slash path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	docs := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != root && (strings.HasPrefix(n, ".") || n == "node_modules" || n == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".md" {
			return nil
		}
		raw, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		docs[filepath.ToSlash(name)] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) < 8 {
		t.Fatalf("only %d documents found", len(docs))
	}
	return docs
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(name)))
	return err == nil
}

func TestDocumentsNameWhatExists(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	// A path in backquotes that begins with one of our folders.
	named := regexp.MustCompile("`((?:cmd|config|docs|fault|mail|mailbox|blob|store|signin|server|wire|test|scripts|changelog\\.d|tools)/[A-Za-z0-9_./-]*[A-Za-z0-9_])`")
	checked := 0
	for doc, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			checked++
			if to := filepath.ToSlash(filepath.Join(filepath.Dir(doc), m[1])); !exists(to) {
				t.Errorf("%s links to %s, which does not exist", doc, m[1])
			}
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			checked++
			if strings.HasPrefix(doc, "docs/") && exists("docs/"+m[1]) {
				continue
			}
			if !exists(m[1]) && !exists(m[1]+".go") {
				t.Errorf("%s names `%s`, which does not exist", doc, m[1])
			}
		}
	}
	if checked < 20 {
		t.Fatalf("only %d names checked: the patterns are broken", checked)
	}
}

func TestDocumentsNameMakeTargetsThatExist(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)^([a-z-]+):`)
	targets := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(string(raw), -1) {
		targets[m[1]] = true
	}
	used := regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
	checked := 0
	for doc, text := range documents(t) {
		for _, m := range used.FindAllStringSubmatch(text, -1) {
			checked++
			if !targets[m[1]] {
				t.Errorf("%s says `make %s`; the Makefile has no such target", doc, m[1])
			}
		}
	}
	if checked < 5 {
		t.Fatalf("only %d targets checked: the pattern is broken", checked)
	}
}
