package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// fileValue is one key of the file. Tables have no kind.
type fileValue struct {
	key  string // dotted
	line int
	kind unstable.Kind
	text string
}

// fileValues finds every key of a file with its line, also of a file that is
// wrong further down.
func fileValues(raw []byte) []fileValue {
	var out []fileValue
	var p unstable.Parser
	p.Reset(raw)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		v := fileValue{}
		for it := e.Key(); it.Next(); {
			n := it.Node()
			parts = append(parts, string(n.Data))
			if v.line == 0 {
				v.line = p.Shape(n.Raw).Start.Line
			}
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = parts
			v.key = strings.Join(table, ".")
		case unstable.KeyValue:
			v.key = strings.Join(append(append([]string{}, table...), parts...), ".")
			v.kind, v.text = e.Value().Kind, string(e.Value().Data)
		default:
			continue
		}
		out = append(out, v)
	}
	return out
}

// valueProblems finds values of a kind that their setting does not take. The
// decoder would name neither key nor line of some, and would take a bare
// number for a length of time as so many nanoseconds.
func valueProblems(file string, values []fileValue) []error {
	types := keyTypes()
	var out []error
	for _, v := range values {
		t, ok := types[pattern(v.key)]
		if !ok || v.kind == unstable.Invalid {
			continue // decoding tells of settings that do not exist
		}
		if text := wrongValue(t, v); text != "" {
			out = append(out, &Problem{file, v.line, v.key, text})
		}
	}
	return out
}

func wrongValue(t reflect.Type, v fileValue) string {
	text := v.kind == unstable.String
	switch {
	case t == reflect.TypeFor[Size]():
		if !text && v.kind != unstable.Integer {
			return fmt.Sprintf("is %s; write a number of octets or text such as \"64 MiB\"", kindWords(v.kind))
		}
		if _, err := ParseSize(strings.ReplaceAll(v.text, "_", "")); err != nil && (text || !strings.ContainsAny(v.text, "xob")) {
			return err.Error()
		}
	case t == reflect.TypeFor[Duration]():
		if v.kind == unstable.Integer {
			return fmt.Sprintf("is a number without a unit; write text such as \"%ss\" for seconds", v.text)
		}
		if !text {
			return fmt.Sprintf("is %s; write text such as \"30s\", \"20m\", \"12h\" or \"90d\"", kindWords(v.kind))
		}
		if _, err := ParseDuration(v.text); err != nil {
			return err.Error()
		}
	case t.Kind() == reflect.String && !text:
		return fmt.Sprintf("is %s; write text in quotes", kindWords(v.kind))
	case t.Kind() == reflect.Int && v.kind != unstable.Integer:
		return fmt.Sprintf("is %s; write a whole number without quotes", kindWords(v.kind))
	case t.Kind() == reflect.Slice && v.kind != unstable.Array:
		return fmt.Sprintf("is %s; write a list of texts, such as [\"one\", \"two\"]", kindWords(v.kind))
	}
	return ""
}

func kindWords(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "text"
	case unstable.Bool:
		return "true or false"
	case unstable.Integer, unstable.Float:
		return "a number"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable:
		return "a table"
	default: // the rest are dates and times
		return "a date"
	}
}

// pattern is a key with the names of listeners taken out, as Keys lists it.
func pattern(key string) string {
	parts := strings.Split(key, ".")
	if len(parts) == 3 && parts[0] == "listeners" {
		parts[1] = "NAME"
	}
	return strings.Join(parts, ".")
}
