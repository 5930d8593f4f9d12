package mime

import (
	"fmt"
	"strings"
	"testing"
)

// TestSections walks through the example of RFC 9051 §6.4.5.1; each leaf's
// body is its own number.
func TestSections(t *testing.T) {
	b := samples(t)["rfc9051-sections"]
	root := Parse(b, Limits{}).Root
	get := func(spec Specifier, path ...int) string {
		start, end, ok := root.Range(spec, path)
		if !ok {
			return "none"
		}
		return string(b[start:end])
	}
	for _, path := range [][]int{{1}, {2}, {3, 1}, {3, 2}, {4, 1}, {4, 2, 1}, {4, 2, 2, 1}, {4, 2, 2, 2}} {
		want := strings.Trim(strings.ReplaceAll(fmt.Sprint(path), " ", "."), "[]")
		if got := get(SpecNone, path...); got != want {
			t.Errorf("part %s is %q", want, got)
		}
	}
	for _, c := range []struct {
		spec Specifier
		path []int
		want string // its beginning
	}{
		{SpecNone, nil, "From: Anna"},
		{SpecHeader, nil, "From: Anna"},
		{SpecText, nil, "--A\r\n"},
		{SpecMIME, nil, "none"},
		{SpecNone, []int{3}, "Subject: three"},
		{SpecHeader, []int{3}, "Subject: three"},
		{SpecText, []int{3}, "--B\r\n"},
		{SpecMIME, []int{3}, "Content-Type: message/rfc822"},
		{SpecNone, []int{4}, "--C\r\n"},
		{SpecMIME, []int{4, 1}, "Content-Type: image/gif\r\n\r\n"},
		{SpecHeader, []int{4, 2}, "Subject: four two"},
		{SpecText, []int{4, 2}, "--D\r\n"},
		{SpecHeader, []int{4}, "none"},
		{SpecText, []int{1}, "none"},
		{SpecNone, []int{1, 1}, "none"},
		{SpecNone, []int{5}, "none"},
		{SpecNone, []int{0}, "none"},
		{SpecNone, []int{3, 3}, "none"},
	} {
		if got := get(c.spec, c.path...); !strings.HasPrefix(got, c.want) {
			t.Errorf("%d of %v is %q", c.spec, c.path, got)
		}
	}
	if h, x := get(SpecHeader), get(SpecText); h+x != string(b) {
		t.Error("header and text are not the whole message")
	}
}

func TestSectionsOfSingleParts(t *testing.T) {
	b := samples(t)["message-root"]
	root := Parse(b, Limits{}).Root
	for _, c := range []struct {
		spec Specifier
		path []int
		want string
	}{
		{SpecNone, []int{1}, "Subject: inner\r\nFrom: x@y.example\r\n\r\ninner body\r\n"},
		{SpecNone, []int{1, 1}, "inner body\r\n"},
		{SpecHeader, []int{1}, "Subject: inner\r\nFrom: x@y.example\r\n\r\n"},
		{SpecText, []int{1}, "inner body\r\n"},
		{SpecMIME, []int{1}, "Content-Type: message/rfc822\r\nSubject: outer\r\n\r\n"},
		{SpecMIME, []int{1, 1}, "Subject: inner\r\nFrom: x@y.example\r\n\r\n"},
	} {
		start, end, ok := root.Range(c.spec, c.path)
		if !ok || string(b[start:end]) != c.want {
			t.Errorf("%d of %v is %q, %v", c.spec, c.path, b[start:end], ok)
		}
	}
	for _, path := range [][]int{{2}, {1, 2}, {1, 1, 1}} {
		if _, ok := root.Section(path); ok {
			t.Errorf("there is a part %v", path)
		}
	}
}
