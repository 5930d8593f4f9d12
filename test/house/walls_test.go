package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A wall says what the packages below a folder may import of Postern. The
// first wall whose folder holds the package counts, so the narrow ones stand
// first. Test files are free: they may build a whole server.
type wall struct {
	folder string
	may    []string // folders; a trailing ! means this package alone
}

func walls() []wall {
	words := []string{"mail", "fault"}
	ground := append(slices.Clone(words), "wire")
	return []wall{
		{"mail", []string{"mail", "fault"}},
		{"fault", []string{"fault"}},
		{"wire", append(slices.Clone(words), "wire")},
		{"store", append(slices.Clone(ground), "store")},
		{"blob", append(slices.Clone(ground), "blob")},
		{"search", append(slices.Clone(ground), "search")},
		{"config", append(slices.Clone(ground), "config")},
		{"signin/internal/mint", []string{"mail"}},
		{"signin/grant", []string{"mail", "signin/internal/mint"}},
		{"signin/policy", append(slices.Clone(ground), "signin/policy")},
		{"signin/credential", append(slices.Clone(ground), "signin/credential", "signin/internal")},
		{"signin", append(slices.Clone(ground), "store!", "signin")},
		{"mailbox", append(slices.Clone(ground), "store!", "blob!", "signin/grant", "mailbox")},
		{"server/listen", append(slices.Clone(words), "server/listen")},
		{"server/imapserver", append(slices.Clone(ground), "signin!", "signin/grant", "mailbox", "server/listen", "server/imapserver")},
		{"server/adminserver", append(slices.Clone(ground), "signin", "mailbox", "server/listen", "server/adminserver")},
		{"cmd", []string{""}},
		{"test", []string{""}},
	}
}

func (w wall) allows(imported string) bool {
	for _, m := range w.may {
		if m == "" || m == imported || strings.TrimSuffix(m, "!") == imported {
			return true
		}
		if !strings.HasSuffix(m, "!") && strings.HasPrefix(imported, m+"/") {
			return true
		}
	}
	return false
}

type source struct {
	name string // slash path from the root of the checkout
	file *ast.File
	fset *token.FileSet
}

func TestImportsPointDownwards(t *testing.T) {
	checked := 0
	for _, s := range sources(t) {
		if strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		folder := path.Dir(s.name)
		i := slices.IndexFunc(walls(), func(w wall) bool { return folder == w.folder || strings.HasPrefix(folder, w.folder+"/") })
		if i < 0 {
			t.Errorf("%s: folder %s has no wall; say in test/house/walls_test.go what it may import", s.name, folder)
			continue
		}
		w := walls()[i]
		for _, imp := range s.file.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			in, ours := strings.CutPrefix(p, "postern/")
			if !ours {
				if (w.folder == "mail" || w.folder == "fault") && strings.Contains(p, ".") {
					t.Errorf("%s imports %s: mail and fault use the standard library only", s.fset.Position(imp.Pos()), p)
				}
				continue
			}
			checked++
			if in != folder && !w.allows(in) {
				t.Errorf("%s imports postern/%s: packages below %s may import only %s", s.fset.Position(imp.Pos()), in, w.folder, strings.Join(w.may, ", "))
			}
		}
	}
	if checked < 10 {
		t.Fatalf("only %d imports checked: the walk over the sources is broken", checked)
	}
}

// TestWallsRefuse shows that a wall can fail: the imports that must never
// happen are refused by the table above.
func TestWallsRefuse(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"mailbox", "signin"},
		{"mailbox", "store/pebblestore"},
		{"signin", "mailbox"},
		{"server/imapserver", "store"},
		{"server/imapserver", "blob"},
		{"server/imapserver", "server/adminserver"},
		{"wire/mime", "mailbox"},
		{"store", "blob"},
		{"store/pebblestore", "mailbox"},
		{"mail", "wire/mime"},
	} {
		i := slices.IndexFunc(walls(), func(w wall) bool { return c.from == w.folder || strings.HasPrefix(c.from, w.folder+"/") })
		if i < 0 || walls()[i].allows(c.to) {
			t.Errorf("the walls let %s import %s", c.from, c.to)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	docs := map[string]bool{}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		folder := path.Dir(s.name)
		docs[folder] = docs[folder] || len(s.file.Doc.Text()) > 40
	}
	for folder, ok := range docs {
		if !ok {
			t.Errorf("package %s has no package comment that says what it is for, who calls it and what it promises", folder)
		}
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var out []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || name == "tools" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{name, f, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 8 {
		t.Fatalf("only %d Go files found below %s", len(out), root)
	}
	return out
}
