package imapwire

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"postern/mail"
)

func TestResponses(t *testing.T) {
	var e Encoder
	u := Encoder{UTF8: true}
	for _, c := range []struct{ got, want string }{
		{str(e.AppendStatus(nil, "a1", OK, nil, "done")), "a1 OK done"},
		{str(e.AppendStatus(nil, "", BYE, Unavailable, "")), "* BYE [UNAVAILABLE] BYE"},
		{str(e.AppendStatus(nil, "a", NO, AuthenticationFailed, "no")), "a NO [AUTHENTICATIONFAILED] no"},
		{str(e.AppendStatus(nil, "a\r\nb", BAD, nil, "x\r\n* y\x00\xffä")), "* BAD x??* y???"},
		{str(e.AppendStatus(nil, "a", OK, nil, "[ALERT] x")), "a OK - [ALERT] x"},
		{str(u.AppendStatus(nil, "a", OK, nil, "ä\u0085\xff")), "a OK ä??"},
		{str(e.AppendStatus(nil, "", PREAUTH, CodeCapability([]string{"IMAP4rev1", "AUTH=PLAIN", "x y"}), "hi")), "* PREAUTH [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi"},
		{str(e.AppendStatus(nil, "a", OK, CodeUIDNext(7), "x")), "a OK [UIDNEXT 7] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeUIDValidity(7), "x")), "a OK [UIDVALIDITY 7] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeUnseen(7), "x")), "a OK [UNSEEN 7] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeHighestModSeq(1<<62), "x")), "a OK [HIGHESTMODSEQ 4611686018427387904] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeModified(set(Range{1, 3}, Range{9, 9})), "x")), "a OK [MODIFIED 1:3,9] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeAppendUID(5, set(Range{9, 9})), "x")), "a OK [APPENDUID 5 9] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeCopyUID(5, set(Range{1, 2}), set(Range{8, 9})), "x")), "a OK [COPYUID 5 1:2 8:9] x"},
		{str(e.AppendStatus(nil, "a", OK, CodeMailboxID(0x1f), "x")), "a OK [MAILBOXID (m1f)] x"},
		{
			str(e.AppendStatus(nil, "", OK, CodePermanentFlags([]string{"$Junk", "b]d", ""}, true), "x")),
			`* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Junk \*)] x`,
		},
		{str(e.AppendStatus(nil, "", OK, CodeNoPermanentFlags(), "x")), `* OK [PERMANENTFLAGS ()] x`},
		{str(e.AppendStatus(nil, "a", NO, CodeBadCharset(), "x")), "a NO [BADCHARSET (US-ASCII UTF-8)] x"},
		{str(e.AppendContinue(nil, "")), "+ OK"},
		{str(AppendChallenge(nil, []byte("hi"))), "+ aGk="},
		{str(AppendChallenge(nil, nil)), "+ "},
		{str(AppendCapability(nil, []string{"IMAP4rev1", "IDLE", "bad\r\n"})), "* CAPABILITY IMAP4rev1 IDLE"},
		{str(AppendEnabled(nil, nil)), "* ENABLED"},
		{str(AppendExists(nil, 3)), "* 3 EXISTS"},
		{str(AppendRecent(nil, 0)), "* 0 RECENT"},
		{str(AppendExpunge(nil, 4)), "* 4 EXPUNGE"},
		{str(AppendVanished(nil, set(Range{1, 4}), true)), "* VANISHED (EARLIER) 1:4"},
		{str(AppendVanished(nil, set(Range{4, 4}), false)), "* VANISHED 4"},
		{str(AppendFlags(nil, []string{"$Junk"})), `* FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Junk)`},
		{str(e.AppendID(nil, nil)), "* ID NIL"},
		{str(e.AppendID(nil, []IDParam{{Key: "name", Value: `Po"st`}, {Key: "x", Nil: true}})), `* ID ("name" "Po\"st" "x" NIL)`},
		{
			str(e.AppendList(nil, &ListData{Attrs: AttrHasNoChildren | AttrSent, Delim: '/', Mailbox: "Gesendet ä"})),
			`* LIST (\HasNoChildren \Sent) "/" "Gesendet &AOQ-"`,
		},
		{str(u.AppendList(nil, &ListData{Delim: '\\', Mailbox: "ä&", OldName: "b", ChildSubscribed: true})), `* LIST () "\\" "ä&" ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (b))`},
		{str(u.AppendList(nil, &ListData{LSub: true, Mailbox: "nil", OldName: "b c"})), `* LSUB () NIL "nil" ("OLDNAME" ("b c"))`},
		{str(u.AppendList(nil, &ListData{Attrs: AttrSubscribed | AttrNonExistent, Delim: '/', Mailbox: "x", ChildSubscribed: true})), `* LIST (\NonExistent \Subscribed) "/" x ("CHILDINFO" ("SUBSCRIBED"))`},
		{str(e.AppendStatusData(nil, &StatusData{Mailbox: "a b", Items: StatusMessages | StatusMailboxID | StatusAppendLimit, Messages: 3, MailboxID: 5, AppendLimit: -1})), `* STATUS "a b" (MESSAGES 3 APPENDLIMIT NIL MAILBOXID (m5))`},
		{
			str(e.AppendStatusData(nil, &StatusData{
				Mailbox: "INBOX", Items: 1<<11 - 1 - StatusMailboxID, Messages: 1, Recent: 2, UIDNext: 3, UIDValidity: 4, Unseen: 5,
				Deleted: 6, Size: 7, HighestModSeq: 8, AppendLimit: 9, DeletedStorage: 10,
			})),
			"* STATUS INBOX (MESSAGES 1 RECENT 2 UIDNEXT 3 UIDVALIDITY 4 UNSEEN 5 DELETED 6 SIZE 7 HIGHESTMODSEQ 8 DELETED-STORAGE 10 APPENDLIMIT 9)",
		},
		{str(AppendSearch(nil, set(Range{1, 3}, Range{7, 7}), 0)), "* SEARCH 1 2 3 7"},
		{str(AppendSearch(nil, SeqSet{}, 9)), "* SEARCH"},
		{str(AppendSearch(nil, set(Range{7, 7}), 9)), "* SEARCH 7 (MODSEQ 9)"},
		{str(AppendESearch(nil, &ESearchData{Tag: "a", UID: true, Return: SearchAll | SearchCount | SearchMin | SearchMax, Found: set(Range{2, 4}), Count: 3, Min: 2, Max: 4, ModSeq: 9})), `* ESEARCH (TAG "a") UID MIN 2 MAX 4 COUNT 3 ALL 2:4 MODSEQ 9`},
		{str(AppendESearch(nil, &ESearchData{Tag: "a", Return: SearchAll | SearchCount | SearchMin})), `* ESEARCH (TAG "a") COUNT 0`},
		{str(e.AppendNamespace(nil, []NamespaceItem{{"", '/'}}, nil, []NamespaceItem{{"ä/", '/'}, {"b", 0}})), `* NAMESPACE (("" "/")) NIL (("&AOQ-/" "/")("b" NIL))`},
		{str(e.AppendQuota(nil, "", []QuotaResource{{"STORAGE", 1, 2}, {"MESSAGE", 3, 4}})), `* QUOTA "" (STORAGE 1 2 MESSAGE 3 4)`},
		{str(e.AppendQuotaRoot(nil, "INBOX", []string{"", "x y"})), `* QUOTAROOT INBOX "" "x y"`},
	} {
		if c.got != c.want+"\r\n" {
			t.Errorf("got  %q\nwant %q", c.got, c.want+"\r\n")
		}
	}
}

func str(b []byte) string { return string(b) }

func TestSimpleCodeNames(t *testing.T) {
	seen := map[string]bool{}
	for c := range simpleCodeCount {
		if s := c.String(); !validAtom(s) || seen[s] {
			t.Errorf("code %d is %q", c, s)
		}
		seen[c.String()] = true
	}
	for c, want := range map[SimpleCode]string{Alert: "ALERT", Closed: "CLOSED", NoModSeq: "NOMODSEQ", TooBig: "TOOBIG", TryCreate: "TRYCREATE", UseAttr: "USEATTR", ReadOnly: "READ-ONLY"} {
		if c.String() != want {
			t.Errorf("%s, want %s", c, want)
		}
	}
}

func TestRow(t *testing.T) {
	at := time.Date(2020, 2, 3, 4, 5, 6, 0, time.FixedZone("", -90*60))
	var r Row
	r.BeginUID(12, 5)
	r.Flags(mail.Flags{System: mail.FlagSeen})
	r.End()
	r.Begin(1)
	r.Flags(mail.Flags{})
	r.UID(7)
	r.ModSeq(9)
	r.InternalDate(at)
	r.Size(100)
	r.Envelope([]byte("(E)"))
	r.Body([]byte("(B)"))
	r.BodyStructure([]byte("(S)"))
	r.EmailID(0x1f)
	r.ThreadID(0)
	r.ThreadID(2)
	r.SaveDate(time.Time{})
	r.SaveDate(at)
	r.Preview("", false)
	r.Preview("x", true)
	r.End()
	r.Begin(2)
	r.Flags(mail.Flags{System: mail.FlagDraft | mail.FlagDeleted, Keywords: []string{"$Junk", "a b", "z"}})
	r.Section(&FetchSection{Part: []int{1, 2}, Text: TextHeaderFieldsNot, Fields: []string{"A", "b c", ""}, Partial: true, Offset: 3, Length: 9}, []byte("x)\r\n"))
	r.SectionNIL(&FetchSection{Kind: SectionBinary, Part: []int{3}})
	r.SectionLiteral(&FetchSection{Kind: SectionBinary, Peek: true, Part: []int{1}}, 2)
	r.B = append(r.B, "\x00("...)
	r.BinarySize(&FetchSection{Kind: SectionBinarySize, Part: []int{1}}, 2)
	r.Section(&FetchSection{Kind: SectionRFC822Text, Text: TextBody}, nil)
	r.Section(&FetchSection{Text: TextHeader}, nil)
	r.Section(&FetchSection{Part: []int{4}, Text: TextMIME}, nil)
	r.End()
	want := `* 12 FETCH (UID 5 FLAGS (\Seen))` + "\r\n" +
		`* 1 FETCH (FLAGS () UID 7 MODSEQ (9) INTERNALDATE " 3-Feb-2020 04:05:06 -0130" RFC822.SIZE 100 ENVELOPE (E) BODY (B)` +
		` BODYSTRUCTURE (S) EMAILID (e1f) THREADID NIL THREADID (t2) SAVEDATE NIL SAVEDATE " 3-Feb-2020 04:05:06 -0130"` +
		` PREVIEW NIL PREVIEW "x")` + "\r\n" +
		`* 2 FETCH (FLAGS (\Deleted \Draft $Junk z) BODY[1.2.HEADER.FIELDS.NOT (A "b c" "")]<3> {4}` + "\r\nx)\r\n" +
		" BINARY[3] NIL BINARY[1] ~{2}\r\n\x00( BINARY.SIZE[1] 2 RFC822.TEXT {0}\r\n BODY[HEADER] {0}\r\n BODY[4.MIME] {0}\r\n)\r\n"
	if got := string(r.B); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// hostile are strings that try to break out of a response.
func hostile() []string {
	return []string{
		"a\r\n* BYE x", "a\nb", "a\rb", "a\x00b", "\x00", "\r\n", `a" b`, `a\`, `"\"`, "{3}\r\nabc", "{3+}", "~{1}", "NIL", "a]b", "[x]",
		"ä\r\n", "\xff\xfe", "\u2028", strings.Repeat("x", 2000), strings.Repeat("\"", 1000), "", " ", "(", ")", "*", "%", "a b",
	}
}

// TestInjection puts hostile strings everywhere and reads the result as a
// client does: always exactly one response.
func TestInjection(t *testing.T) {
	for _, u := range []bool{false, true} {
		e := Encoder{UTF8: u}
		for _, s := range hostile() {
			flags := mail.Flags{Keywords: []string{s}}
			row := Row{Enc: e}
			row.Begin(1)
			row.Flags(flags)
			row.Preview(s, true)
			row.Section(&FetchSection{Text: TextHeaderFields, Fields: []string{s, s}}, []byte(s))
			row.End()
			for name, b := range map[string][]byte{
				"status":     e.AppendStatus(nil, "a", OK, Alert, s),
				"no code":    e.AppendStatus(nil, s, OK, nil, s),
				"continue":   e.AppendContinue(nil, s),
				"capability": AppendCapability(nil, []string{s, s}),
				"code":       e.AppendStatus(nil, "a", OK, CodeCapability([]string{s}), s),
				"permanent":  e.AppendStatus(nil, "a", OK, CodePermanentFlags([]string{s}, true), s),
				"flags":      AppendFlags(nil, []string{s}),
				"id":         e.AppendID(nil, []IDParam{{Key: s, Value: s}}),
				"list":       e.AppendList(nil, &ListData{Delim: '\n', Mailbox: s, OldName: s}),
				"status of":  e.AppendStatusData(nil, &StatusData{Mailbox: s, Items: StatusMessages}),
				"esearch":    AppendESearch(nil, &ESearchData{Tag: s, Return: SearchCount}),
				"namespace":  e.AppendNamespace(nil, []NamespaceItem{{s, '\r'}}, nil, nil),
				"quota":      e.AppendQuota(nil, s, []QuotaResource{{s, 1, 2}}),
				"quota root": e.AppendQuotaRoot(nil, s, []string{s}),
				"row":        row.B,
			} {
				if bad := oneResponse(b, u); bad != "" {
					t.Errorf("%s of %q: %s: %q", name, s, bad, b)
				}
			}
		}
	}
}

// oneResponse reads b as one response: text, quoted strings, literals,
// balanced parentheses, one CRLF at the end. It says what is wrong.
func oneResponse(b []byte, u bool) string {
	s, depth := string(b), 0
	free := strings.HasPrefix(s, "+ ") || strings.Contains(s[:min(len(s), 8)], " OK ") // human text follows
	for len(s) > 0 {
		switch {
		case s == "\r\n":
			if depth != 0 && !free {
				return "parentheses do not balance"
			}
			return ""
		case s[0] == '"' && !free:
			n := closingQuote(s)
			if n < 0 {
				return "open quote"
			}
			if q := s[:n]; strings.ContainsAny(q, "\r\n\x00") || !u && !plainASCII(q) || !utf8.ValidString(q) {
				return "bad quoted string"
			}
			s = s[n:]
			continue
		case s[0] == '{' && !free:
			end := strings.Index(s, "}\r\n")
			n, ok := digits(s[1:max(end, 1)])
			if !ok || end < 2 || n > len(s)-end-3 {
				return "bad literal"
			}
			s = s[end+3+n:]
			continue
		case s[0] < ' ' || s[0] == 0x7f || s[0] >= 0x80 && !u:
			return "bad byte"
		case s[0] == '(':
			depth++
		case s[0] == ')':
			depth--
		}
		s = s[1:]
	}
	return "no line end"
}

// closingQuote is the length of the quoted string at the start of s.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func TestDateTimes(t *testing.T) {
	for _, s := range []string{`" 1-Jan-1970 00:00:00 +0000"`, `"31-Dec-9999 23:59:59 -2359"`, `"29-Feb-2024 12:00:00 +0545"`} {
		at, ok := parseDateTime(s[1 : len(s)-1])
		if !ok || string(AppendDateTime(nil, at)) != s {
			t.Errorf("%s: %v %s", s, ok, AppendDateTime(nil, at))
		}
	}
	for _, s := range []string{"", "30-Feb-2024 12:00:00 +0000", "1-Jan-2024 24:00:00 +0000", "1-Jan-2024 00:00:00 0000", "1-Jan-2024 00:00:00 *0000", "1-Foo-2024 00:00:00 +0000", "1-Jan-24 00:00:00 +0000", " 0-Jan-2024 00:00:00 +0000", "31-Dec-9999 23:59:60 +0000"} {
		if at, ok := parseDateTime(s); ok {
			t.Errorf("%q was taken as %v", s, at)
		}
	}
	if at, ok := parseDateTime("1-Jan-2024 00:00:00 +0000"); !ok || !at.Equal(day(2024, 1, 1)) {
		t.Error("a day of one digit was refused")
	}
	if got := string(AppendDateTime(nil, time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC))); got != `" 1-Jan-9999 00:00:00 +0000"` {
		t.Error(got)
	}
}

func TestSeqSetBuilding(t *testing.T) {
	if got := UIDSetOf([]mail.UID{1, 2, 3, 7, 8, 10}).String(); got != "1:3,7:8,10" {
		t.Error(got)
	}
	if got := UIDSetOf([]mail.UID{9, 2, 3, 2, 1<<32 - 1, 1}).String(); got != "1:3,9,4294967295" {
		t.Error(got)
	}
	s := UIDSetOf([]mail.UID{1, 2, 3, 7})
	if s.Count() != 4 || s.Min() != 1 || s.Max() != 7 || s.Contains(4) || !s.Contains(7) || s.Empty() {
		t.Error(s)
	}
	var all []uint32
	for n := range s.All() {
		all = append(all, n)
	}
	if len(all) != 4 || all[3] != 7 {
		t.Error(all)
	}
	if r := set(Range{5, Star}).Resolve(3); r.String() != "3:5" {
		t.Error(r)
	}
	if r := set(Range{5, Star}, Range{2, 2}).Resolve(0); r.String() != "2" {
		t.Error(r)
	}
}

func TestUTF7(t *testing.T) {
	for u, m := range map[string]string{
		"~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "a&b": "a&-b", "Entwürfe": "Entw&APw-rfe", "😀": "&2D3eAA-", "a\tb": "a&AAk-b",
	} {
		if got := EncodeUTF7(u); got != m {
			t.Errorf("%q encodes to %q, want %q", u, got, m)
		}
		if got, ok := DecodeUTF7(m); got != u || !ok {
			t.Errorf("%q decodes to %q %v, want %q", m, got, ok, u)
		}
	}
	for _, m := range []string{"&", "&AGE-", "&Jjo!", "&Jjo", "&U,BTFw-&ZeVnLIqe-", "&2D0-", "&3gA-", "&AA-", "ä", "&AOR-", "&AO Q-"} {
		if got, ok := DecodeUTF7(m); ok {
			t.Errorf("%q decodes to %q", m, got)
		}
	}
}

func TestMatchList(t *testing.T) {
	for _, c := range []struct {
		p, n string
		want bool
	}{
		{"*", "a/b", true},
		{"%", "a/b", false},
		{"%", "a", true},
		{"a/%", "a/b", true},
		{"a/%", "a/b/c", false},
		{"a/*", "a/b/c", true},
		{"a%c", "abbc", true},
		{"a%c", "ab/c", false},
		{"inbox", "INBOX", true},
		{"InB%", "INBOX", true},
		{"inbox/x", "INBOX/x", true},
		{"inbox/X", "INBOX/x", false},
		{"A", "a", false},
		{"", "a", false},
		{"", "", true},
		{"%/%", "a/b", true},
		{"*/b", "a/x/b", true},
		{"inboxes", "INBOXES", false},
		{"*a*a*a*b", strings.Repeat("a", 500), false},
	} {
		if got := MatchList(c.p, c.n, '/'); got != c.want {
			t.Errorf("%q %q: %v", c.p, c.n, got)
		}
	}
	if !MatchList("%", "a/b", 0) {
		t.Error("without a delimiter % is *")
	}
	if !MatchList(strings.Repeat("a%", 100), strings.Repeat("ab", 100), '/') {
		t.Error("a long pattern does not match")
	}
}
