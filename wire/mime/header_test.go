package mime

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeHeader(t *testing.T) {
	for raw, want := range map[string]string{
		"plain":                                        "plain",
		"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=":                  "Grüße",
		"=?ISO-8859-1?Q?a?= b":                         "a b",
		"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=":        "ab", // RFC 2047 §8
		"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=": "ab",
		"=?ISO-8859-1?Q?a_b?=":                         "a b",
		"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=":       "a b",
		"=?utf-8?B?w?= =?utf-8?B?7w=?=":                "\uFFFD", // nothing that could be saved
		"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=":              "ü",      // a character in two words
		"=?utf-8?B?R3LDvA?=":                           "Grü",    // no padding
		"=?utf-8?Q?with space?= x":                     "with space x",
		"a=?utf-8?Q?b?=c":                              "abc",
		"=?utf-8*en?Q?lang?=":                          "lang",
		"=?x-unknown?Q?a=FFb?=":                        "a\uFFFDb",
		"=?windows-1251?B?z/Do4uXy?=":                  "Привет",
		"=?gb2312?B?xOO6ww==?=":                        "你好",
		"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=":           "日本",
		"=?euc-kr?Q?=C7=D1?=":                          "한",
		"=?cp932?B?k/o=?=":                             "日",
		"=?cp-850?Q?=81?=":                             "ü",
		"=?utf-8?Q?a=0D=0ABcc:_x?=":                    "a Bcc: x",
		"=?utf-8?X?a?= =?utf-8?Q?b":                    "=?utf-8?X?a?= =?utf-8?Q?b",
		"=?utf-8?Q??=":                                 "",
		"J\xfcrgen":                                    "Jürgen",
		"J\xc3\xbcrgen \x80":                           "JÃ¼rgen €",
		"folded\r\n line":                              "folded line",
		"=?utf-7?Q?+AOQ-?=":                            "ä",
		"=?us-ascii?Q?=FC=C3=BC?=":                     "üü",
		"=?=?utf-8?Q?x?=":                              "=?x",
	} {
		if got := DecodeHeader(raw); got != want {
			t.Errorf("%q gives %q, not %q", raw, got, want)
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add("=?utf-8?Q?a?= =?x?B?b==?=\r\n c \xff")
	f.Add("=?iso-2022-jp?B?GyRC?= =?utf-7?Q?+2D0-?=")
	f.Fuzz(func(t *testing.T, raw string) {
		got := DecodeHeader(raw)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("%q gives %q", raw, got)
		}
	})
}

func TestParams(t *testing.T) {
	for header, want := range map[string]string{
		`a/b; name=x`:                                    "x",
		`a/b name="x;y"; c=d`:                            "x;y",
		`a/b; NAME="x y"`:                                "x y",
		`a/b; name*=iso-8859-1'de'%FC`:                   "ü",
		`a/b; name=plain; name*=utf-8''%C3%BC`:           "ü",
		`a/b; name*1=b; name*0=a`:                        "ab",
		`a/b; name*0*=utf-8''%E2; name*1*=%82%AC`:        "€",
		`a/b; name*0*=utf-8''a%20; name*1=%20; name*3=d`: "a %20",
		`a/b; name*2=c; name=x`:                          "x",
		`a/b; name*=nonsense%20`:                         "nonsense ",
		`a/b; name*=x-none''%FF`:                         "\uFFFD",
		`a/b; name="=?iso-8859-1?Q?=FC?="`:               "ü",
		"a/b; name=J\xfcrgen":                            "Jürgen",
		`a/b; name*0*=utf-8''%0D%0A%61`:                  " a",
		`a/b; named=x; nam=y`:                            "",
	} {
		_, params, _ := parseParams(header, 100)
		if got, ok := params.Get("name"); got != want || ok != (want != "") {
			t.Errorf("%s gives %q, not %q", header, got, want)
		}
	}
}

func TestFilterHeader(t *testing.T) {
	const header = "From x\r\nSubject: a\r\n b\r\nTO : c\r\njunk\r\nsubject:d\n\r\nSubject: body\r\n"
	for _, c := range []struct {
		names, want string
		not         bool
	}{
		{"SUBJECT", "Subject: a\r\n b\r\nsubject:d\n\r\n", false},
		{"to,cc", "TO : c\r\n\r\n", false},
		{"", "\r\n", false},
		{"subject", "From x\r\nTO : c\r\njunk\r\n\r\n", true},
		{"", "From x\r\nSubject: a\r\n b\r\nTO : c\r\njunk\r\nsubject:d\n\r\n", true},
	} {
		if got := string(FilterHeader([]byte("+"), []byte(header), strings.Split(c.names, ","), c.not)); got != "+"+c.want {
			t.Errorf("%q (not: %v) gives %q", c.names, c.not, got)
		}
	}
	if got := FilterHeader(nil, []byte("A: b"), []string{"a"}, false); string(got) != "A: b" {
		t.Errorf("a header without a blank line gives %q", got)
	}
	for _, field := range HeaderFields([]byte("S:  a\r\n\tb \x00c \r\n")) {
		if got := FieldValue(field); got != "a\tb c" {
			t.Errorf("the value is %q", got)
		}
	}
}

func TestBaseSubject(t *testing.T) {
	for subject, want := range map[string]string{
		"hello": "hello", "Re: hello": "+hello", "RE[2]: hello": "+hello", "Fwd: Re : hello": "+hello", "fw:hello (fwd)": "+hello",
		"[list] Re: [list] hello": "+hello", "[list] hello": "hello", "[only]": "[only]", "[a] [b]": "[b]", "[fwd: Re: hello]": "+hello",
		"Re:": "+", "  a \t b ": "a b", "Recall: x": "Recall: x", "re [x]: y": "+y", "[unclosed re: x": "[unclosed re: x", "(FWD)(fwd)": "+",
		"[Fwd: [list] x (fwd)]": "+x", "": "",
	} {
		base, reply := BaseSubject(subject)
		if reply {
			base = "+" + base
		}
		if base != want {
			t.Errorf("%q gives %q, not %q", subject, base, want)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	if got := References("", "Anna's <a@b> of <c@d>"); len(got) != 1 || got[0] != "a@b" {
		t.Errorf("In-Reply-To gives %q", got)
	}
	if got := MessageIDs("<a@\t b> <\"x\"@y> <> <broken <c@d>"); strings.Join(got, " ") != "a@b x@y broken c@d" {
		t.Errorf("ids are %q", got)
	}
	for value, want := range map[string]string{"<a@b>": "a@b", "a@b": "a@b", "": "", "no id": ""} {
		e := Envelope{MessageID: value}
		if got := e.ID(); got != want {
			t.Errorf("%q gives the id %q", value, got)
		}
	}
}
