package mime

import (
	"html"
	"strings"
)

// htmlText feeds what a reader of an HTML text would see to l: no tags,
// comments, styles, scripts and titles, entities decoded. It is no parser: it
// serves previews only, and its result is plain text that has to be escaped
// like any other.
func htmlText(s string, l *liner) {
	for s != "" && !l.full() {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			l.text(html.UnescapeString(s))
			return
		}
		l.text(html.UnescapeString(s[:i]))
		s = s[i:]
		if len(s) < 2 || !startsTag(s[1]) {
			l.add('<')
			s = s[1:]
			continue
		}
		if strings.HasPrefix(s, "<!--") {
			_, s, _ = strings.Cut(s[4:], "-->")
			continue
		}
		name := tagName(s)
		s = s[tagLen(s):]
		if hidden(name) {
			s = afterClosing(s, name)
		}
		if !inline(name) {
			l.space = true
		}
	}
}

func startsTag(c byte) bool {
	c = lower(c)
	return 'a' <= c && c <= 'z' || c == '/' || c == '!' || c == '?'
}

// tagName is the lower-case name of the tag that s begins with; a closing
// tag's begins with a slash.
func tagName(s string) string {
	i := 1
	for i < len(s) && i < 16 && !isSpace(s[i]) && s[i] != '>' && (s[i] != '/' || i == 1) {
		i++
	}
	return lowerASCII(s[1:i])
}

// tagLen is the length of a tag, with a '>' in quoted attributes passed over.
func tagLen(s string) int {
	var quote byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && s[i-1] == '=':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(s)
}

// hidden tells of the elements whose text is not shown. The head goes with its
// parts, as many mails never close it.
func hidden(name string) bool {
	switch name {
	case "style", "script", "title", "noscript", "template", "svg":
		return true
	}
	return false
}

// afterClosing is what follows the closing tag of an element, "" without one.
func afterClosing(s, name string) string {
	for {
		i := strings.Index(s, "</")
		if i < 0 {
			return ""
		}
		s = s[i:]
		if tagName(s) == "/"+name {
			return s[tagLen(s):]
		}
		s = s[2:]
	}
}

func inline(name string) bool {
	switch strings.TrimPrefix(name, "/") {
	case "a", "abbr", "b", "big", "code", "em", "font", "i", "s", "small", "span", "strong", "sub", "sup", "tt", "u":
		return true
	}
	return false
}
