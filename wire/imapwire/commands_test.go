package imapwire

import (
	"strings"
	"testing"
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

type commandCase struct {
	in   string
	want Command
}

// check reads each command of a session that speaks modified UTF-7.
func check(t *testing.T, cases []commandCase) {
	t.Helper()
	for _, c := range cases {
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

func TestSessionCommands(t *testing.T) {
	check(t, []commandCase{
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
	})
}

func TestMailboxCommands(t *testing.T) {
	check(t, []commandCase{
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
	})
}

func TestFetchCommands(t *testing.T) {
	one := set(Range{1, 1})
	sec := func(s ...FetchSection) *Fetch { return &Fetch{Set: one, Sections: s} }
	check(t, []commandCase{
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
	})
}

func TestSearchCommands(t *testing.T) {
	check(t, []commandCase{
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
	})
}
