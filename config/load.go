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
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) // some editors begin every file with a byte order mark
	values := fileValues(raw)
	if ps := valueProblems(file, values); len(ps) > 0 {
		return nil, fault.Wrap(fault.Invalid, "config.Load", errors.Join(ps...))
	}
	c := &Config{}
	dec := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return nil, fault.Wrap(fault.Invalid, "config.Load", decodeProblems(file, err))
	}
	c.setDefaults()
	c.resolvePaths(filepath.Dir(file))
	lines := map[string]int{}
	for _, v := range values {
		lines[v.key] = v.line
	}
	if ps := c.problems(file, lines); len(ps) > 0 {
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
	last := key[strings.LastIndexByte(key, '.')+1:]
	best, at := "", min((len(last)+1)/2+1, 4) // further off it is another word
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
	for k := range keyTypes() {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// keyTypes tells the type of every setting.
func keyTypes() map[string]reflect.Type {
	out := map[string]reflect.Type{}
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
				out[key] = f.Type
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
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
