package imapwire

import (
	"errors"
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range append(sessionMistakes(), messageMistakes()...) {
		d := NewDecoder(strings.NewReader(c.in+"b NOOP\r\n"), AfterSignIn(), func() error { return nil })
		_, _, err := d.Next()
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v", c.in, err)
			continue
		}
		if e.Text != c.text || e.Reason != c.r || e.Close {
			t.Errorf("%q:\n got %v %s\nwant %v %s", c.in, e.Reason, e.Text, c.r, c.text)
		}
		if tag, cmd, err := d.Next(); tag != "b" || err != nil {
			t.Errorf("%q: then %q %v %v", c.in, tag, cmd, err)
		}
	}
}

type mistake struct {
	in   string
	r    Reason
	text string
}

func sessionMistakes() []mistake {
	return []mistake{
		{"a SELECT\r\n", BadSyntax, "expected a space after SELECT, found the end of the line at position 9"},
		{"a SELECT \r\n", BadSyntax, "expected a mailbox name, found the end of the line at position 10"},
		{"a SELECT  x\r\n", BadSyntax, "expected a mailbox name, found a space at position 10"},
		{"a SELECT x y\r\n", BadSyntax, "expected ( before a parameter, found 'y' at position 12"},
		{"a SELECT x (FOO)\r\n", BadSyntax, "expected CONDSTORE or QRESYNC as a parameter, found 'F' at position 13"},
		{"a SELECT a (QRESYNC (1 2 1:9 (1:2 5)))\r\n", BadSyntax, "the two sets of the sequence match data must ascend and have the same count"},
		{"a SELECT a (QRESYNC (1 2 1:*))\r\n", BadSyntax, "* may not stand in this set"},
		{"a NOOP x\r\n", BadSyntax, "expected the end of the line, found 'x' at position 8"},
		{"a FROB x\r\n", UnknownCommand, "unknown command"},
		{"a UID NOOP\r\n", UnknownCommand, "unknown command"},
		{"a\r\n", BadSyntax, "expected a space after the tag, found the end of the line at position 2"},
		{"a \r\n", BadSyntax, "expected a command after the tag, found the end of the line at position 3"},
		{"\r\n", BadSyntax, "expected a tag at the start of the command, found the end of the line at position 1"},
		{"a LOGIN bob\r\n", BadSyntax, "expected a space after the user name, found the end of the line at position 12"},
		{"a LOGIN \"bob x\r\n", BadSyntax, "expected \" at the end of a quoted string, found the end of the line at position 15"},
		{`a LOGIN "a\b" x` + "\r\n", BadSyntax, `expected " or \ after \ in a quoted string, found 'b' at position 12`},
		{"a LOGIN {x}\r\n", BadSyntax, "expected the size of a literal after {, found 'x' at position 10"},
		{"a LOGIN {3} x\r\n", BadSyntax, "expected the end of the line after the size of a literal, found a space at position 12"},
		{"a LOGIN {1}\r\n\x00 x\r\n", BadSyntax, "a literal holds NUL at its byte 1"},
	}
}

func messageMistakes() []mistake {
	return []mistake{
		{"a FETCH 0 FLAGS\r\n", BadSyntax, "expected a number from 1 to 4294967295 or * in the sequence set, found '0' at position 9"},
		{"a FETCH 4294967296 FLAGS\r\n", BadSyntax, "expected a number from 1 to 4294967295 or * in the sequence set, found '4' at position 9"},
		{"a FETCH 1 (FLAGS\r\n", BadSyntax, "expected a space or ) after a fetch item, found the end of the line at position 17"},
		{"a FETCH 1 (FLAGS )\r\n", BadSyntax, "expected a fetch item such as FLAGS, found ')' at position 18"},
		{"a FETCH 1 ()\r\n", BadSyntax, "expected a fetch item such as FLAGS in the list"},
		{"a FETCH 1 BODY[MIME]\r\n", BadSyntax, "expected a section such as HEADER, TEXT or 1.MIME, found 'M' at position 16"},
		{"a FETCH 1 BODY[1.]\r\n", BadSyntax, "expected a part number or TEXT after the ., found ']' at position 18"},
		{"a FETCH 1 BODY[0]\r\n", BadSyntax, "a part number may not be 0"},
		{"a FETCH 1 BODY[]<0>\r\n", BadSyntax, "expected . and a length after the offset, found '>' at position 19"},
		{"a FETCH 1 BODY[]<0.0>\r\n", BadSyntax, "the length of a partial fetch may not be 0"},
		{"a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n", BadSyntax, "VANISHED needs UID FETCH and CHANGEDSINCE"},
		{"a STORE 1 FLAG (x)\r\n", BadSyntax, "expected FLAGS or FLAGS.SILENT, found 'F' at position 11"},
		{"a STORE 1 FLAGS (\\)\r\n", BadSyntax, `expected a flag such as \Seen or a keyword, found ')' at position 19`},
		{"a SEARCH FROB\r\n", BadSyntax, "expected a search key such as SUBJECT, found 'F' at position 10"},
		{"a SEARCH OR SEEN\r\n", BadSyntax, "expected a space after the first search key of OR, found the end of the line at position 17"},
		{"a SEARCH (SEEN\r\n", BadSyntax, "expected ) at the end of the search keys, found the end of the line at position 15"},
		{"a SEARCH ON 31-Feb-2020\r\n", BadSyntax, "expected a date such as 2-Jan-2006, found '3' at position 13"},
		{"a SEARCH OLDER 0\r\n", BadSyntax, "the number of seconds may not be 0"},
		{"a SEARCH SUBJECT \xff\r\n", BadSyntax, "expected a string in UTF-8 to search for"},
		{"a SEARCH CHARSET x-klingon TEXT a\r\n", BadCharset, "unknown charset, use UTF-8"},
		{"a LIST (RECURSIVEMATCH) \"\" *\r\n", BadSyntax, "RECURSIVEMATCH needs another selection option such as SUBSCRIBED"},
		{"a STATUS x ()\r\n", BadSyntax, "expected a status item such as MESSAGES in the list"},
		{"a SELECT a&b\r\n", BadMailbox, "the mailbox name is not in modified UTF-7"},
		{"a SELECT \"\"\r\n", BadMailbox, "a mailbox name may not be empty"},
		{"a SELECT {3+}\r\na\rb\r\n", BadMailbox, "the mailbox name is not in modified UTF-7"},
		{"a AUTHENTICATE PLAIN !\r\n", BadSyntax, "expected base64 or = as the initial response, found '!' at position 22"},
		{"a AUTHENTICATE PLAIN AAB\r\n", BadSyntax, "expected base64 or = as the initial response"},
		{"a APPEND x foo\r\n", BadSyntax, "expected flags, a date or the { of a literal, found 'f' at position 12"},
		{"a APPEND x CATENATE (URL)\r\n", BadSyntax, "CATENATE is not supported, expected a literal"},
		{"a APPEND x \"2020\" {1}\r\n", BadSyntax, `expected a date such as "02-Jan-2006 15:04:05 +0000", found '"' at position 12`},
	}
}

func TestSyntaxErrorStatus(t *testing.T) {
	for r, want := range map[Reason]string{
		BadSyntax: "a BAD x", UnknownCommand: "a BAD x", NeedSignIn: "a BAD x", LineTooLong: "a BAD [TOOBIG] x",
		LiteralTooBig: "a NO [TOOBIG] x", BadMailbox: "a NO [CANNOT] x", BadCharset: "a NO [BADCHARSET (US-ASCII UTF-8)] x",
	} {
		cond, code := (&SyntaxError{Reason: r}).Status()
		if got := string(Encoder{}.AppendStatus(nil, "a", cond, code, "x")); got != want+"\r\n" {
			t.Errorf("reason %d: %q, want %q", r, got, want)
		}
	}
}
