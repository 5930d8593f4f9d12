package mime

import (
	"bytes"
	"iter"
)

// HeaderFields yields each field of a raw header: its name as written and its
// whole bytes with folding and line end, both within raw. The blank line is
// not a field and ends the header. A line without a colon (such as the "From "
// line of an mbox) is a field with an empty name. Bodies need not be cut off.
func HeaderFields(raw []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, field []byte) bool) {
		for len(raw) > 0 {
			if blankLine(raw) > 0 {
				return
			}
			end := fieldEnd(raw)
			if !yield(fieldName(raw[:end]), raw[:end]) {
				return
			}
			raw = raw[end:]
		}
	}
}

// blankLine is the length of the blank line that raw begins with, or 0.
func blankLine(raw []byte) int {
	switch {
	case raw[0] == '\n':
		return 1
	case len(raw) > 1 && raw[0] == '\r' && raw[1] == '\n':
		return 2
	}
	return 0
}

// fieldEnd is where the field that raw begins with ends: after the first line
// end that no white space follows.
func fieldEnd(raw []byte) int {
	for i := 0; ; {
		j := bytes.IndexByte(raw[i:], '\n')
		if j < 0 {
			return len(raw)
		}
		i += j + 1
		if i == len(raw) || raw[i] != ' ' && raw[i] != '\t' {
			return i
		}
	}
}

func fieldName(field []byte) []byte {
	line := field
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	i := bytes.IndexByte(line, ':')
	if i < 0 || isSpace(line[0]) {
		return nil
	}
	return bytes.TrimRight(line[:i], " \t")
}

// FilterHeader appends the fields of raw whose names are in names (or, if not,
// that are not) and then the blank line, if raw has one, to dst: IMAP
// HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 §6.4.5.1). Names match without
// regard to ASCII case.
func FilterHeader(dst, raw []byte, names []string, not bool) []byte {
	for name, field := range HeaderFields(raw) {
		if named(name, names) != not {
			dst = append(dst, field...)
		}
		raw = raw[len(field):]
	}
	if len(raw) > 0 {
		dst = append(dst, raw[:blankLine(raw)]...)
	}
	return dst
}

func named(name []byte, names []string) bool {
	for _, n := range names {
		if len(name) > 0 && equalFold(name, n) {
			return true
		}
	}
	return false
}

// FieldValue is the unfolded value of one field as HeaderFields yields it:
// what follows the colon, without line ends, NULs and white space around it.
func FieldValue(field []byte) string {
	i := bytes.IndexByte(field, ':')
	v := bytes.ReplaceAll(field[i+1:], []byte("\r\n"), nil)
	v = bytes.ReplaceAll(v, []byte("\n"), nil)
	return string(bytes.TrimLeft(clean(v), " \t"))
}
