package fault

import (
	"errors"
	"strings"
)

// Plain is err's text for a person: without the operations that name code,
// such as "mailbox.Append". Those that name something a person knows, such as a
// flag or a setting, stay.
func Plain(err error) string {
	switch e := err.(type) { //nolint:errorlint // each step of the chain is looked at by itself
	case *Error:
		switch {
		case e.Err == nil && namesCode(e.Op):
			return e.Kind.String()
		case e.Err == nil:
			return e.Error()
		case e.Op == "" || namesCode(e.Op):
			return Plain(e.Err)
		}
		return e.Op + ": " + Plain(e.Err)
	case interface{ Unwrap() []error }:
		parts := e.Unwrap()
		if err.Error() != errors.Join(parts...).Error() {
			break // several errors within a sentence
		}
		lines := make([]string, len(parts))
		for i, p := range parts {
			lines[i] = Plain(p)
		}
		return strings.Join(lines, "\n")
	}
	return err.Error()
}

// namesCode tells whether op is "package.Function".
func namesCode(op string) bool {
	_, name, ok := strings.Cut(op, ".")
	return ok && name != "" && name[0] >= 'A' && name[0] <= 'Z' && !strings.ContainsAny(op, " /")
}
