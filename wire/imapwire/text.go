package imapwire

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted is the longest string that goes out quoted; a longer one is a
// literal, which every client reads in one piece.
const maxQuoted = 1000

// AppendString appends s as a quoted string where it can be one, else as a
// literal. NUL, which neither can carry, becomes '?'.
func (e Encoder) AppendString(dst []byte, s string) []byte {
	if quotable(s, e.UTF8) {
		return appendQuoted(dst, s)
	}
	return appendLiteral(dst, s)
}

// AppendNString is AppendString, or NIL if ok is false.
func (e Encoder) AppendNString(dst []byte, s string, ok bool) []byte {
	if !ok {
		return append(dst, "NIL"...)
	}
	return e.AppendString(dst, s)
}

// AppendMailbox appends a UTF-8 mailbox name as the session's clients read it:
// UTF-8, or modified UTF-7.
func (e Encoder) AppendMailbox(dst []byte, name string) []byte {
	if !e.UTF8 && !plainMailbox(name) {
		name = EncodeUTF7(name)
	}
	if plainAtom(name) && !strings.EqualFold(name, "NIL") {
		return append(dst, name...)
	}
	return e.AppendString(dst, name)
}

// quotable tells whether s may be a quoted string (RFC 9051 §9 quoted).
func quotable(s string, utf8ok bool) bool {
	if len(s) > maxQuoted {
		return false
	}
	high := byte(0)
	for i := range len(s) {
		c := s[i]
		if c == 0 || c == '\r' || c == '\n' {
			return false
		}
		high |= c
	}
	return high < 0x80 || utf8ok && utf8.ValidString(s)
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func appendLiteral(dst []byte, s string) []byte {
	dst = append(dst, '{')
	dst = strconv.AppendInt(dst, int64(len(s)), 10)
	dst = append(dst, "}\r\n"...)
	if strings.IndexByte(s, 0) < 0 {
		return append(dst, s...)
	}
	for i := range len(s) {
		c := s[i]
		if c == 0 {
			c = '?'
		}
		dst = append(dst, c)
	}
	return dst
}

// plainAtom tells whether s may go out as an atom and reads well as one.
func plainAtom(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isAlnum(c) && c != '-' && c != '_' && c != '.' && c != '/' {
			return false
		}
	}
	return s != "" && len(s) <= maxQuoted
}

// plainMailbox tells whether a name is the same in modified UTF-7.
func plainMailbox(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '&' {
			return false
		}
	}
	return true
}

// validAtom tells whether s is an atom (RFC 9051 §9).
func validAtom(s string) bool {
	for i := range len(s) {
		if !isAtomChar(s[i]) {
			return false
		}
	}
	return s != ""
}

// ValidTag tells whether s may be a command's tag (RFC 9051 §9 tag).
func ValidTag(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == '+' || !isAStringChar(c) {
			return false
		}
	}
	return s != ""
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isAtomChar is ATOM-CHAR without "]" excluded: RFC 9051 §9 takes it out of
// atom through resp-specials, and puts it back for astring.
func isAtomChar(c byte) bool { return c != ']' && isAStringChar(c) }

// isAStringChar is ASTRING-CHAR.
func isAStringChar(c byte) bool {
	if c <= ' ' || c >= 0x7f {
		return false
	}
	switch c {
	case '(', ')', '{', '%', '*', '"', '\\':
		return false
	}
	return true
}
