package policy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Problem is one thing wrong with a document.
type Problem struct {
	Line   int    // from 1; 0 if it is about the document as a whole
	Key    string // dotted, empty if about the document as a whole
	Reason string // what is wrong
	Remedy string // what would be right
}

// String is "line 3: tls.floor: reason; remedy".
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Reason)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems are all that is wrong with a document, by line.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// wrongType is how the decoder names a type mismatch: in words for programmers.
var wrongType = regexp.MustCompile(`^cannot (?:decode|store) TOML (\w+) `)

// decodeProblems turns what the TOML decoder says into problems.
func decodeProblems(err error) Problems {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var ps Problems
		for i := range missing.Errors {
			e := &missing.Errors[i]
			line, _ := e.Position()
			key := strings.Join(e.Key(), ".")
			ps = append(ps, Problem{line, key, "unknown key", "remove it, or see the commented default for the keys there are"})
		}
		return ps
	}
	var e *toml.DecodeError
	if errors.As(err, &e) {
		line, _ := e.Position()
		key := strings.Join(e.Key(), ".")
		reason := strings.TrimPrefix(e.Error(), "toml: ")
		remedy := "write it as in the commented default"
		if m := wrongType.FindStringSubmatch(reason); m != nil {
			reason = "a TOML " + m[1] + " does not fit here"
		}
		if key == "" {
			remedy = "mend the TOML there"
		}
		return Problems{{line, key, reason, remedy}}
	}
	return Problems{{0, "", strings.TrimPrefix(err.Error(), "toml: "), "write it as in the commented default"}}
}

// places maps each dotted key of a document that is valid TOML to its line.
func places(doc []byte) map[string]int {
	lines := make(map[string]int)
	var p unstable.Parser
	p.Reset(doc)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			var line int
			table, line = dotted(&p, e)
			lines[table] = line
		case unstable.KeyValue:
			key, line := dotted(&p, e)
			if table != "" {
				key = table + "." + key
			}
			lines[key] = line
		default:
		}
	}
	return lines
}

func dotted(p *unstable.Parser, e *unstable.Node) (key string, line int) {
	var parts []string
	for it := e.Key(); it.Next(); {
		n := it.Node()
		if line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
		parts = append(parts, string(n.Data))
	}
	return strings.Join(parts, "."), line
}
