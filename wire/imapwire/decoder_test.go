package imapwire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"postern/mail"
)

// decodeOne reads one command of a signed-in session.
func decodeOne(in string, utf8 bool) (string, Command, error) {
	d := NewDecoder(strings.NewReader(in), AfterSignIn(), func() error { return nil })
	d.SetUTF8(utf8)
	return d.Next()
}

func same() cmp.Options {
	return cmp.Options{
		cmp.AllowUnexported(SeqSet{}),
		cmpopts.IgnoreUnexported(Append{}),
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b mail.Secret) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b time.Time) bool {
			_, x := a.Zone()
			_, y := b.Zone()
			return a.Equal(b) && x == y
		}),
	}
}

func set(ranges ...Range) SeqSet { return SeqSetOf(ranges...) }

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func secret(s string) mail.Secret { return mail.NewSecret([]byte(s)) }

func and(keys ...SearchKey) SearchKey { return SearchKey{Op: OpAnd, Keys: keys} }

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Command
	}{
		{"CAPABILITY", &Capability{}},
		{"noop", &Noop{}},
		{"NOOP  ", &Noop{}},
		{"LOGOUT", &Logout{}},
		{"STARTTLS", &StartTLS{}},
		{"NAMESPACE", &Namespace{}},
		{"IDLE", &Idle{}},
		{"CHECK", &Check{}},
		{"CLOSE", &Close{}},
		{"UNSELECT", &Unselect{}},
		{"EXPUNGE", &Expunge{}},
		{"UID EXPUNGE 3:5", &Expunge{UID: true, Set: set(Range{3, 5})}},
		{"AUTHENTICATE plain", &Authenticate{Mechanism: "PLAIN"}},
		{"AUTHENTICATE PLAIN =", &Authenticate{Mechanism: "PLAIN", HasInitial: true}},
		{"AUTHENTICATE PLAIN AGEAYg==", &Authenticate{Mechanism: "PLAIN", HasInitial: true, Initial: secret("\x00a\x00b")}},
		{`LOGIN alice "p\"w\\"`, &Login{Name: "alice", Password: secret(`p"w\`)}},
		{`LOGIN corp\al%ce p*w`, &Login{Name: `corp\al%ce`, Password: secret(`p*w`)}},
		{"LOGIN {5}\r\nalice {3+}\r\np\"w", &Login{Name: "alice", Password: secret(`p"w`)}},
		{"LOGIN \"al\" \"p\xc3\xa4\"", &Login{Name: "al", Password: secret("pä")}},
		{`LOGIN "" ""`, &Login{Password: secret("")}},
		{"ID NIL", &ID{}},
		{`ID ("name" "mutt" "os" NIL)`, &ID{Params: []IDParam{{Key: "name", Value: "mutt"}, {Key: "os", Nil: true}}}},
		{"ENABLE condstore UTF8=ACCEPT", &Enable{Capabilities: []string{"CONDSTORE", "UTF8=ACCEPT"}}},
		{"SELECT inBox", &Select{Mailbox: "INBOX"}},
		{`EXAMINE "a b" (CONDSTORE)`, &Select{Mailbox: "a b", ReadOnly: true, CondStore: true}},
		{"SELECT &AOQ-", &Select{Mailbox: "ä"}},
		{"SELECT {3}\r\nfoo (CONDSTORE)", &Select{Mailbox: "foo", CondStore: true}},
		{"SELECT a (QRESYNC (67890007 20050715194045000 41,43:211,214:541))", &Select{Mailbox: "a", QResync: &QResync{
			UIDValidity: 67890007, ModSeq: 20050715194045000, KnownUIDs: set(Range{41, 41}, Range{43, 211}, Range{214, 541}),
		}}},
		{"SELECT a (QRESYNC (1 2 1:9 (1,3 5:6)) CONDSTORE)", &Select{Mailbox: "a", CondStore: true, QResync: &QResync{
			UIDValidity: 1, ModSeq: 2, KnownUIDs: set(Range{1, 9}), SeqMatch: set(Range{1, 1}, Range{3, 3}), UIDMatch: set(Range{5, 6}),
		}}},
		{"SELECT a (QRESYNC (1 2 (1 5)))", &Select{Mailbox: "a", QResync: &QResync{
			UIDValidity: 1, ModSeq: 2, SeqMatch: set(Range{1, 1}), UIDMatch: set(Range{5, 5}),
		}}},
		{"CREATE foo", &Create{Mailbox: "foo"}},
		{`CREATE foo (USE (\Drafts \Sent))`, &Create{Mailbox: "foo", Use: []string{`\Drafts`, `\Sent`}}},
		{"DELETE foo]", &Delete{Mailbox: "foo]"}},
		{"RENAME foo {3+}\r\nbar", &Rename{From: "foo", To: "bar"}},
		{"SUBSCRIBE foo", &Subscribe{Mailbox: "foo"}},
		{"UNSUBSCRIBE foo", &Unsubscribe{Mailbox: "foo"}},
		{`LIST "" *`, &List{Patterns: []string{"*"}}},
		{`LIST "" ""`, &List{Patterns: []string{""}}},
		{`LIST a/ %&AOQ-%`, &List{Reference: "a/", Patterns: []string{"%ä%"}}},
		{
			`LIST (SUBSCRIBED RECURSIVEMATCH) "" (a "b*") RETURN (CHILDREN SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN))`,
			&List{
				Patterns: []string{"a", "b*"}, Select: ListSubscribed | ListRecursiveMatch,
				Return: ReturnChildren | ReturnSubscribed | ReturnSpecialUse, Status: StatusMessages | StatusUnseen, Extended: true,
			},
		},
		{`LIST () "" % RETURN ()`, &List{Patterns: []string{"%"}, Extended: true}},
		{`LIST (SPECIAL-USE REMOTE) "" %`, &List{Patterns: []string{"%"}, Select: ListSpecialUse | ListRemote, Extended: true}},
		{`LSUB "" "*"`, &LSub{Pattern: "*"}},
		{
			"STATUS a (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ MAILBOXID APPENDLIMIT DELETED-STORAGE)",
			&Status{Mailbox: "a", Items: 1<<11 - 1},
		},
		{"GETQUOTA \"\"", &GetQuota{}},
		{"GETQUOTAROOT INBOX", &GetQuotaRoot{Mailbox: "INBOX"}},
		{`SETQUOTA "" (storage 512 MESSAGE 9)`, &SetQuota{Limits: []QuotaLimit{{"STORAGE", 512}, {"MESSAGE", 9}}}},
		{"COPY 1:2 b", &Copy{Set: set(Range{1, 2}), Mailbox: "b"}},
		{"UID COPY $ b", &Copy{UID: true, Set: SavedSet(), Mailbox: "b"}},
		{"MOVE 1 b", &Copy{Move: true, Set: set(Range{1, 1}), Mailbox: "b"}},
		{"UID MOVE 4:* b", &Copy{UID: true, Move: true, Set: set(Range{4, Star}), Mailbox: "b"}},
		{`STORE 1 FLAGS (\Seen $Junk)`, &Store{Set: set(Range{1, 1}), Flags: mail.Flags{System: mail.FlagSeen, Keywords: []string{"$Junk"}}}},
		{`UID STORE 1,2 +FLAGS.SILENT \Deleted \Flagged`, &Store{
			UID: true, Set: set(Range{1, 1}, Range{2, 2}), Op: StoreAdd, Silent: true, Flags: mail.Flags{System: mail.FlagDeleted | mail.FlagFlagged},
		}},
		{`STORE 1 (UNCHANGEDSINCE 0) -flags (\Recent)`, &Store{
			Set: set(Range{1, 1}), Op: StoreRemove, Conditional: true, Unknown: []string{`\Recent`},
		}},
		{`STORE 1 FLAGS ()`, &Store{Set: set(Range{1, 1})}},
	} {
		tag, got, err := decodeOne("a1 "+c.in+"\r\n", false)
		if err != nil || tag != "a1" {
			t.Errorf("%s: tag %q, error %v", c.in, tag, err)
			continue
		}
		if diff := cmp.Diff(c.want, got, same()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.in, diff)
		}
	}
}

func TestFetchCommands(t *testing.T) {
	one := set(Range{1, 1})
	sec := func(s ...FetchSection) *Fetch { return &Fetch{Set: one, Sections: s} }
	for _, c := range []struct {
		in   string
		want *Fetch
	}{
		{"FETCH 1 FLAGS", &Fetch{Set: one, Items: FetchFlags}},
		{"UID FETCH 1:* (FLAGS)", &Fetch{UID: true, Set: set(Range{1, Star}), Items: FetchUID | FetchFlags}},
		{"UID FETCH 1 (UID)", &Fetch{UID: true, Set: one, Items: FetchUID}},
		{"FETCH 1 ALL", &Fetch{Set: one, Items: FetchFlags | FetchInternalDate | FetchSize | FetchEnvelope}},
		{"FETCH 1 FAST", &Fetch{Set: one, Items: FetchFlags | FetchInternalDate | FetchSize}},
		{"FETCH 1 FULL", &Fetch{Set: one, Items: FetchFlags | FetchInternalDate | FetchSize | FetchEnvelope | FetchBody}},
		{
			"FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE MODSEQ EMAILID THREADID SAVEDATE PREVIEW (LAZY))",
			&Fetch{Set: one, Items: 1<<13 - 1},
		},
		{"FETCH 1 (PREVIEW UID)", &Fetch{Set: one, Items: FetchPreview | FetchUID}},
		{"FETCH 1 PREVIEW (LAZY)", &Fetch{Set: one, Items: FetchPreview | FetchPreviewLazy}},
		{"FETCH 1 PREVIEW (CHANGEDSINCE 5)", &Fetch{Set: one, Items: FetchPreview | FetchModSeq, Changed: true, ChangedSince: 5}},
		{"UID FETCH 1 (FLAGS) (CHANGEDSINCE 12345 VANISHED)", &Fetch{
			UID: true, Set: one, Items: FetchUID | FetchFlags | FetchModSeq, Changed: true, ChangedSince: 12345, Vanished: true,
		}},
		{"FETCH 1 BODY[]", sec(FetchSection{})},
		{"FETCH 1 body.peek[]<0.2048>", sec(FetchSection{Peek: true, Partial: true, Length: 2048})},
		{"FETCH 1 BODY[TEXT]", sec(FetchSection{Text: TextBody})},
		{"FETCH 1 BODY[1.2.HEADER]", sec(FetchSection{Part: []int{1, 2}, Text: TextHeader})},
		{"FETCH 1 BODY[3.MIME]", sec(FetchSection{Part: []int{3}, Text: TextMIME})},
		{"FETCH 1 BODY[2]", sec(FetchSection{Part: []int{2}})},
		{`FETCH 1 (BODY.PEEK[HEADER.FIELDS (From "To" {2}` + "\r\nCc)])", sec(FetchSection{
			Peek: true, Text: TextHeaderFields, Fields: []string{"From", "To", "Cc"},
		})},
		{"FETCH 1 BODY[1.HEADER.FIELDS.NOT (X)]<7.1>", sec(FetchSection{
			Part: []int{1}, Text: TextHeaderFieldsNot, Fields: []string{"X"}, Partial: true, Offset: 7, Length: 1,
		})},
		{"FETCH 1 (BINARY[1] BINARY.PEEK[2]<1.2> BINARY.SIZE[3])", sec(
			FetchSection{Kind: SectionBinary, Part: []int{1}},
			FetchSection{Kind: SectionBinary, Peek: true, Part: []int{2}, Partial: true, Offset: 1, Length: 2},
			FetchSection{Kind: SectionBinarySize, Peek: true, Part: []int{3}},
		)},
		{"FETCH 1 (RFC822 RFC822.HEADER RFC822.TEXT)", sec(
			FetchSection{Kind: SectionRFC822},
			FetchSection{Kind: SectionRFC822Header, Peek: true, Text: TextHeader},
			FetchSection{Kind: SectionRFC822Text, Text: TextBody},
		)},
		{"FETCH 1 (BODY.PEEK[] BODY[] FLAGS FLAGS)", &Fetch{Set: one, Items: FetchFlags, Sections: []FetchSection{{}}}},
	} {
		_, got, err := decodeOne("a "+c.in+"\r\n", false)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(Command(c.want), got, same()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.in, diff)
		}
	}
}

func TestSearchCommands(t *testing.T) {
	for _, c := range []struct {
		in   string
		want *Search
	}{
		{"SEARCH ALL", &Search{Key: and(SearchKey{Op: OpAll})}},
		{"UID SEARCH 1:3,* UID 5", &Search{UID: true, Key: and(
			SearchKey{Op: OpSeq, Set: set(Range{1, 3}, Range{Star, Star})}, SearchKey{Op: OpUID, Set: set(Range{5, 5})},
		)}},
		{"SEARCH RETURN () $", &Search{Extended: true, Return: SearchAll, Key: and(SearchKey{Op: OpSeq, Set: SavedSet()})}},
		{"SEARCH RETURN (MIN MAX COUNT SAVE) CHARSET utf-8 SUBJECT {2}\r\nä", &Search{
			Extended: true, Return: SearchMin | SearchMax | SearchCount | SearchSave, Charset: "UTF-8",
			Key: and(SearchKey{Op: OpSubject, Text: "ä"}),
		}},
		{`SEARCH OR (SEEN FLAGGED) NOT FROM "x y" HEADER Message-ID "" KEYWORD $Junk`, &Search{Key: and(
			SearchKey{Op: OpOr, Keys: []SearchKey{
				and(SearchKey{Op: OpSeen}, SearchKey{Op: OpFlagged}),
				{Op: OpNot, Keys: []SearchKey{{Op: OpFrom, Text: "x y"}}},
			}},
			SearchKey{Op: OpHeader, Field: "Message-ID"}, SearchKey{Op: OpKeyword, Text: "$Junk"},
		)}},
		{`SEARCH SINCE 1-Feb-1994 SENTON "02-mar-2020" SAVEDBEFORE 9-Dec-2021 SAVEDATESUPPORTED`, &Search{Key: and(
			SearchKey{Op: OpSince, Date: day(1994, 2, 1)}, SearchKey{Op: OpSentOn, Date: day(2020, 3, 2)},
			SearchKey{Op: OpSavedBefore, Date: day(2021, 12, 9)}, SearchKey{Op: OpSaveDateSupported},
		)}},
		{`SEARCH LARGER 10 YOUNGER 3600 MODSEQ 7 MODSEQ "/flags/\\draft" all 620162338 EMAILID e1 THREADID t2`, &Search{Key: and(
			SearchKey{Op: OpLarger, N: 10}, SearchKey{Op: OpYounger, N: 3600}, SearchKey{Op: OpModSeq, N: 7},
			SearchKey{Op: OpModSeq, N: 620162338, Field: `/flags/\draft`},
			SearchKey{Op: OpEmailID, Text: "e1"}, SearchKey{Op: OpThreadID, Text: "t2"},
		)}},
		{"SEARCH ((UNSEEN))", &Search{Key: and(SearchKey{Op: OpUnseen})}},
	} {
		_, got, err := decodeOne("a "+c.in+"\r\n", false)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(Command(c.want), got, same()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.in, diff)
		}
	}
}

func TestMailboxNamesInUTF8Mode(t *testing.T) {
	for in, want := range map[string]string{
		"a SELECT \"\u00e4\"\r\n":               "\u00e4",
		"a SELECT a&b\r\n":                      "a&b",
		"a SELECT \"a\u0308\"\r\n":              "\u00e4", // NFC
		"a SELECT \u65e5\u672c\r\n":             "\u65e5\u672c",
		"a SELECT {4+}\r\n&AO-\r\n":             "&AO-",
		"a SELECT \"\\\\x\\\"\" \r\n":           `\x"`,
		"a SELECT {10}\r\nInBoX\xc3\xa4abc\r\n": "InBoXäabc",
	} {
		_, cmd, err := decodeOne(in, true)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := cmd.(*Select).Mailbox; got != want {
			t.Errorf("%q: mailbox %q, want %q", in, got, want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		in   string
		r    Reason
		text string
	}{
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
	} {
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

// TestChunks feeds the same bytes in every split into two and byte by byte.
func TestChunks(t *testing.T) {
	in := "a LOGIN {5}\r\nalice {3+}\r\npw1\r\nb FROB {3+}\r\nx y\r\nc APPEND x (\\Seen) {5+}\r\nhello {3}\r\nabc\r\nd NOOP\n"
	want := transcript(t, strings.NewReader(in))
	if !strings.Contains(want, "hello") || !strings.Contains(want, "NOOP") {
		t.Fatal(want)
	}
	for i := range in {
		if got := transcript(t, io.MultiReader(strings.NewReader(in[:i]), strings.NewReader(in[i:]))); got != want {
			t.Fatalf("split at %d:\n%s\nwant\n%s", i, got, want)
		}
	}
	if got := transcript(t, iotest.OneByteReader(strings.NewReader(in))); got != want {
		t.Fatalf("byte by byte:\n%s\nwant\n%s", got, want)
	}
}

// transcript plays a session over r and says what was seen.
func transcript(t *testing.T, r io.Reader) string {
	t.Helper()
	var out bytes.Buffer
	d := NewDecoder(r, AfterSignIn(), func() error { out.WriteString("+\n"); return nil })
	for {
		tag, cmd, err := d.Next()
		var e *SyntaxError
		switch {
		case errors.As(err, &e):
			out.WriteString(tag + " " + e.Verb + " " + e.Text + "\n")
			if e.Close {
				return out.String()
			}
			continue
		case err != nil:
			return out.String() + err.Error()
		}
		out.WriteString(tag + " " + cmd.Verb() + "\n")
		if c, ok := cmd.(*Append); ok {
			for more := true; more && err == nil; more, err = c.More() {
				var r io.Reader
				if r, err = c.Accept(); err != nil {
					break
				}
				if _, err = io.Copy(&out, r); err != nil {
					break
				}
				out.WriteByte('\n')
			}
			if err != nil {
				out.WriteString(err.Error() + "\n")
			}
		}
	}
}
