package mailbox

import (
	"strconv"

	"postern/wire/mime"
)

// A pre-rendered ENVELOPE or BODYSTRUCTURE is IMAP data that we wrote ourselves:
// lists in parentheses, quoted strings, literals and atoms. What is here reads
// them back.

// item is one value: its bytes, and what follows it.
func item(b []byte) (value, rest []byte, ok bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if len(b) == 0 || b[0] == ')' {
		return nil, b, false
	}
	depth := 0
	for i := 0; i < len(b); {
		switch b[i] {
		case '(':
			depth++
			i++
		case ')':
			depth--
			i++
		case '"':
			i = quotedEnd(b, i)
		case '{':
			i = literalEnd(b, i)
		case ' ':
			i++
		default:
			i = atomEnd(b, i)
		}
		if depth <= 0 {
			return b[:i], b[i:], true
		}
	}
	return nil, nil, false
}

func quotedEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// literalEnd is behind a literal, "{3}" CR LF and 3 octets.
func literalEnd(b []byte, i int) int {
	j := i + 1
	for j < len(b) && b[j] != '}' {
		j++
	}
	digits := b[i+1 : min(j, len(b))]
	if k := len(digits); k > 0 && digits[k-1] == '+' {
		digits = digits[:k-1]
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil || n < 0 || n > len(b)-j-3 {
		return len(b)
	}
	return j + 3 + n
}

func atomEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '(', ')', '"', '{':
			return i
		}
	}
	return i
}

// within is what is between the parentheses of a list.
func within(list []byte) ([]byte, bool) {
	if len(list) < 2 || list[0] != '(' || list[len(list)-1] != ')' {
		return nil, false
	}
	return list[1 : len(list)-1], true
}

// text is the value of an nstring; false for NIL and anything else.
func text(b []byte) (string, bool) {
	switch {
	case len(b) == 0:
		return "", false
	case b[0] == '"' && len(b) >= 2:
		out := make([]byte, 0, len(b))
		for i := 1; i < len(b)-1; i++ {
			if b[i] == '\\' && i+1 < len(b)-1 {
				i++
			}
			out = append(out, b[i])
		}
		return string(out), true
	case b[0] == '{':
		for i := 1; i < len(b); i++ {
			if b[i] == '\n' {
				return string(b[i+1:]), true
			}
		}
	}
	return "", false
}

// appendBody makes BODY of BODYSTRUCTURE by leaving its extension data out
// (RFC 9051 §7.5.2).
func appendBody(dst, structure []byte) []byte {
	return appendBodyAt(dst, structure, 0)
}

// appendBodyAt is appendBody at a depth, which no message of ours exceeds.
func appendBodyAt(dst, structure []byte, depth int) []byte {
	inner, ok := within(structure)
	if !ok || depth > 2*mime.MaxDepth {
		return append(dst, structure...)
	}
	dst = append(dst, '(')
	if len(inner) > 0 && inner[0] == '(' {
		dst = appendMultipart(dst, inner, depth+1)
	} else {
		dst = appendLeaf(dst, inner, depth+1)
	}
	return append(dst, ')')
}

func appendMultipart(dst, inner []byte, depth int) []byte {
	for {
		value, rest, ok := item(inner)
		if !ok {
			return dst
		}
		if value[0] != '(' {
			dst = append(dst, ' ')
			return append(dst, value...) // the subtype
		}
		dst = appendBodyAt(dst, value, depth)
		inner = rest
	}
}

// appendLeaf keeps the seven fields that all parts have, and what text and
// embedded messages have besides.
func appendLeaf(dst, inner []byte, depth int) []byte {
	var kind, subtype string
	for i := 0; ; i++ {
		value, rest, ok := item(inner)
		if !ok || i >= leafFields(kind, subtype) {
			return dst
		}
		switch i {
		case 0:
			kind, _ = text(value)
		case 1:
			subtype, _ = text(value)
		}
		if i > 0 {
			dst = append(dst, ' ')
		}
		if i == 8 && isMessage(kind, subtype) {
			dst = appendBodyAt(dst, value, depth)
		} else {
			dst = append(dst, value...)
		}
		inner = rest
	}
}

func leafFields(kind, subtype string) int {
	switch {
	case asciiLower(kind) == "text":
		return 8 // and lines
	case isMessage(kind, subtype):
		return 10 // and envelope, structure, lines
	}
	return 7
}

func isMessage(kind, subtype string) bool {
	sub := asciiLower(subtype)
	return asciiLower(kind) == "message" && (sub == "rfc822" || sub == "global")
}
