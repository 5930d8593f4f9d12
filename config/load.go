package config

//go:generate go run ../test/docgen config.go ../docs/config.md

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"postern/fault"
)

// Problem is one thing wrong in a configuration file.
type Problem struct {
	File string
	Line int    // 0 if the trouble is that something is missing
	Key  string // dotted, such as "listeners.imaps.tls"
	Text string // what is wrong and what would be right
}

// Error is "file:line: key: text".
func (p *Problem) Error() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Key == "" {
		return where + ": " + p.Text
	}
	return where + ": " + p.Key + ": " + p.Text
}

// Load reads a configuration file, fills in the defaults and checks it whole.
// The error is Invalid and joins every *Problem found; relative paths in the
// file count from the file's folder.
func Load(file string) (*Config, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "config.Load", "%s: there is no such file; `postern setup` writes one", file)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "config.Load", err)
	}
	return Parse(file, raw)
}

// Parse is Load for bytes that were read already.
func Parse(file string, raw []byte) (*Config, error) {
	c := &Config{}
	dec := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return nil, fault.Wrap(fault.Invalid, "config.Load", decodeProblems(file, err))
	}
	c.setDefaults()
	c.resolvePaths(filepath.Dir(file))
	if ps := c.problems(file, keyLines(raw)); len(ps) > 0 {
		return nil, fault.Wrap(fault.Invalid, "config.Load", errors.Join(ps...))
	}
	return c, nil
}

func decodeProblems(file string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var out []error
		for i := range strict.Errors {
			e := &strict.Errors[i]
			line, _ := e.Position()
			key := strings.Join(e.Key(), ".")
			out = append(out, &Problem{file, line, key, "there is no such setting" + suggest(key)})
		}
		return errors.Join(out...)
	}
	var de *toml.DecodeError
	if errors.As(err, &de) {
		line, _ := de.Position()
		return &Problem{file, line, strings.Join(de.Key(), "."), strings.TrimPrefix(de.Error(), "toml: ")}
	}
	return &Problem{file, 0, "", strings.TrimPrefix(err.Error(), "toml: ")}
}

// suggest names the setting that key was probably meant to be.
func suggest(key string) string {
	best, at := "", 4
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, k := range Keys() {
		if d := distance(last, k[strings.LastIndexByte(k, '.')+1:]); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return "; docs/config.md lists them all"
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// Keys lists every setting, dotted; a listener's name is written NAME.
func Keys() []string {
	var out []string
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			key := prefix + f.Tag.Get("toml")
			switch {
			case f.Type.Kind() == reflect.Struct:
				walk(key+".", f.Type)
			case f.Type.Kind() == reflect.Map:
				walk(key+".NAME.", f.Type.Elem())
			default:
				out = append(out, key)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	sort.Strings(out)
	return out
}

// distance is the number of edits between two short words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diag, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diag+cost)
		}
	}
	return row[len(b)]
}

// keyLines finds the line of every dotted key, for problems that only show
// when the whole file is looked at.
func keyLines(raw []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(raw)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		var line int
		for it := e.Key(); it.Next(); {
			n := it.Node()
			parts = append(parts, string(n.Data))
			if line == 0 {
				line = p.Shape(n.Raw).Start.Line
			}
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = parts
			lines[strings.Join(table, ".")] = line
		case unstable.KeyValue:
			lines[strings.Join(append(append([]string{}, table...), parts...), ".")] = line
		default:
		}
	}
	return lines
}
