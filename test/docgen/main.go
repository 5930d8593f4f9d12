// Command docgen writes docs/config.md from the comments of the structs in
// config/config.go. It is run by go generate ./config; CI compares the result.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: docgen config.go config.md")
		os.Exit(2)
	}
	text, err := reference(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func reference(source string) ([]byte, error) {
	f, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	structs := map[string]*ast.StructType{}
	docs := map[string]string{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			if ts, ok := s.(*ast.TypeSpec); ok {
				docs[ts.Name.Name] = flow(g.Doc)
				if st, ok := ts.Type.(*ast.StructType); ok {
					structs[ts.Name.Name] = st
				}
			}
		}
	}
	var b bytes.Buffer
	b.WriteString("# The configuration file\n\n<!-- Made by test/docgen from config/config.go; do not edit. -->\n\n" +
		"`postern setup` writes one, `postern check-config FILE` checks one. It is TOML; a setting that does not exist is an error that names file, line, key and remedy. Sizes are octets or text such as `\"64 MiB\"`, lengths of time are text such as `\"30s\"` or `\"90d\"`. Paths count from the file's folder.\n")
	err = section(&b, structs, docs, "Config", "")
	return b.Bytes(), err
}

func section(b *bytes.Buffer, structs map[string]*ast.StructType, docs map[string]string, name, prefix string) error {
	var later []func() error
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| setting | type | meaning |\n| --- | --- | --- |\n", title(prefix), docs[name])
	for _, f := range structs[name].Fields.List {
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return err
		}
		key := prefix + reflect.StructTag(tag).Get("toml")
		switch t := f.Type.(type) {
		case *ast.MapType:
			elem := t.Value.(*ast.Ident).Name
			later = append(later, func() error { return section(b, structs, docs, elem, key+".NAME.") })
		case *ast.Ident:
			if structs[t.Name] != nil {
				later = append(later, func() error { return section(b, structs, docs, t.Name, key+".") })
				continue
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", key, strings.ToLower(t.Name), flow(f.Doc))
		case *ast.ArrayType:
			fmt.Fprintf(b, "| `%s` | list of %s | %s |\n", key, t.Elt.(*ast.Ident).Name, flow(f.Doc))
		default:
			return fmt.Errorf("%s: docgen does not know this type", key)
		}
	}
	for _, fn := range later {
		if err := fn(); err != nil {
			return err
		}
	}
	return nil
}

func title(prefix string) string {
	if prefix == "" {
		return "Top of the file"
	}
	return "`[" + strings.TrimSuffix(prefix, ".") + "]`"
}

func flow(doc *ast.CommentGroup) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(doc.Text()), " "), "|", "\\|")
}
