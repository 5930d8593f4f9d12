package imapwire

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postern/mail"
)

// The generators below make commands as a decoder could give them.

func genName() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringOf(rapid.RuneFrom([]rune(`abzAZ019 &-+/.,"\{}()%*]~äß日本😀`))).Draw(t, "name")
		return CanonicalMailbox("x" + s)
	})
}

func genText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.RuneFrom([]rune("ab \"\\{}()\r\n\t%*]ä日😀")))
}

func genAtom() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ09$-_.!#&")), 1, 12, -1)
}

func genBool() *rapid.Generator[bool] { return rapid.Bool() }

func genSet(star bool) *rapid.Generator[SeqSet] {
	return rapid.Custom(func(t *rapid.T) SeqSet {
		if star && rapid.IntRange(0, 9).Draw(t, "saved") == 0 {
			return SavedSet()
		}
		rs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Range {
			a := rapid.Uint32Range(1, math.MaxUint32).Draw(t, "first")
			if star && genBool().Draw(t, "star") {
				return Range{a, Star}
			}
			return Range{a, rapid.Uint32Range(a, math.MaxUint32).Draw(t, "last")}
		}), 1, 5).Draw(t, "ranges")
		return SeqSetOf(rs...)
	})
}

func genFlags(t *rapid.T) (mail.Flags, []string) {
	names := rapid.SliceOfN(genAtom(), 0, 3).Draw(t, "keywords")
	f, _ := mail.ParseFlags(names)
	f.System = mail.SystemFlags(rapid.Uint8Range(0, 31).Draw(t, "system"))
	if genBool().Draw(t, "recent") {
		return f, []string{`\Recent`}
	}
	return f, nil
}

func genDay() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return day(rapid.IntRange(0, 9999).Draw(t, "y"), time.Month(rapid.IntRange(1, 12).Draw(t, "m")), rapid.IntRange(1, 28).Draw(t, "d"))
	})
}

func genSection() *rapid.Generator[FetchSection] {
	return rapid.Custom(func(t *rapid.T) FetchSection {
		s := FetchSection{
			Kind: SectionKind(rapid.Uint8Range(0, 2).Draw(t, "kind")),
			Peek: genBool().Draw(t, "peek"),
			Part: rapid.SliceOfN(rapid.IntRange(1, math.MaxInt32), 0, 3).Draw(t, "part"),
		}
		if s.Kind == SectionBody {
			s.Text = SectionText(rapid.Uint8Range(0, 5).Draw(t, "text"))
			if s.Text == TextMIME && len(s.Part) == 0 {
				s.Text = TextHeader
			}
			if s.Text == TextHeaderFields || s.Text == TextHeaderFieldsNot {
				s.Fields = rapid.SliceOfN(genText(), 1, 3).Draw(t, "fields")
			}
		}
		if s.Kind == SectionBinarySize {
			s.Peek = true
		} else if s.Partial = genBool().Draw(t, "partial"); s.Partial {
			s.Offset = uint64(rapid.Int64Range(0, math.MaxInt64).Draw(t, "offset"))
			s.Length = uint64(rapid.Int64Range(1, math.MaxInt64).Draw(t, "length"))
		}
		return s
	})
}

func genFetch(t *rapid.T) Command {
	c := &Fetch{
		UID: genBool().Draw(t, "uid"), Set: genSet(true).Draw(t, "set"),
		Items: FetchItems(rapid.Uint16Range(1, 1<<12-1).Draw(t, "items")),
	}
	if c.UID {
		c.Items |= FetchUID
	}
	if c.Items&FetchPreview != 0 && genBool().Draw(t, "lazy") {
		c.Items |= FetchPreviewLazy
	}
	f := &Fetch{}
	d := &Decoder{}
	for _, s := range rapid.SliceOfN(genSection(), 0, 3).Draw(t, "sections") {
		d.addSection(f, s)
	}
	c.Sections = f.Sections
	if genBool().Draw(t, "changed") {
		c.Changed, c.ChangedSince = true, mail.ModSeq(rapid.Int64Range(0, math.MaxInt64).Draw(t, "modseq"))
		c.Items |= FetchModSeq
		c.Vanished = c.UID
	}
	return c
}

func genKey(depth int) *rapid.Generator[SearchKey] {
	return rapid.Custom(func(t *rapid.T) SearchKey {
		k := SearchKey{Op: SearchOp(rapid.Uint8Range(0, uint8(OpThreadID)).Draw(t, "op"))}
		sub := func(n int) []SearchKey { return rapid.SliceOfN(genKey(depth+1), n, n).Draw(t, "keys") }
		switch k.Op { //nolint:exhaustive // the others have no arguments
		case OpAnd, OpOr, OpNot:
			if depth > 3 {
				return SearchKey{Op: OpAll}
			}
			if k.Keys = sub(2); k.Op == OpNot {
				k.Keys = k.Keys[:1]
			}
		case OpSeq, OpUID:
			k.Set = genSet(true).Draw(t, "set")
		case OpKeyword, OpUnkeyword, OpEmailID, OpThreadID:
			k.Text = genAtom().Draw(t, "atom")
		case OpHeader:
			k.Field, k.Text = genText().Draw(t, "field"), genText().Draw(t, "text")
		case OpBcc, OpBody, OpCc, OpFrom, OpSubject, OpText, OpTo:
			k.Text = genText().Draw(t, "text")
		case OpBefore, OpOn, OpSince, OpSentBefore, OpSentOn, OpSentSince, OpSavedBefore, OpSavedOn, OpSavedSince:
			k.Date = genDay().Draw(t, "date")
		case OpLarger, OpSmaller, OpOlder, OpYounger, OpModSeq:
			k.N = uint64(rapid.Uint32Range(1, math.MaxUint32).Draw(t, "n"))
		}
		return k
	})
}

func genSelect(t *rapid.T) Command {
	c := &Select{Mailbox: genName().Draw(t, "mailbox"), ReadOnly: genBool().Draw(t, "ro"), CondStore: genBool().Draw(t, "cs")}
	if genBool().Draw(t, "qresync") {
		q := &QResync{
			UIDValidity: mail.UIDValidity(rapid.Uint32().Draw(t, "v")), ModSeq: mail.ModSeq(rapid.Uint32().Draw(t, "m")),
		}
		if genBool().Draw(t, "known") {
			q.KnownUIDs = genSet(false).Draw(t, "uids")
		}
		if genBool().Draw(t, "match") {
			q.SeqMatch, q.UIDMatch = set(Range{1, 3}, Range{9, 9}), set(Range{7, 10})
		}
		c.QResync = q
	}
	return c
}

func genList(t *rapid.T) Command {
	c := &List{Reference: genName().Draw(t, "ref"), Patterns: []string{genName().Draw(t, "pattern") + "*"}}
	if c.Extended = genBool().Draw(t, "extended"); c.Extended {
		c.Patterns = append(c.Patterns, rapid.SliceOfN(genName(), 0, 3).Draw(t, "patterns")...)
		c.Select = ListSelect(rapid.Uint8Range(0, 15).Draw(t, "select")) | ListSubscribed
		c.Return = ReturnChildren
		c.Status = StatusItems(rapid.Uint16Range(0, 1<<11-1).Draw(t, "status"))
	}
	return c
}

func genStore(t *rapid.T) Command {
	c := &Store{
		UID: genBool().Draw(t, "uid"), Set: genSet(true).Draw(t, "set"),
		Op: StoreOp(rapid.Uint8Range(0, 2).Draw(t, "op")), Silent: genBool().Draw(t, "silent"),
	}
	c.Flags, c.Unknown = genFlags(t)
	if c.Conditional = genBool().Draw(t, "cond"); c.Conditional {
		c.UnchangedSince = mail.ModSeq(rapid.Uint32().Draw(t, "modseq"))
	}
	return c
}

func genAppend(t *rapid.T) Command {
	c := &Append{Mailbox: genName().Draw(t, "mailbox")}
	m := &c.Message
	m.Flags, m.Unknown = genFlags(t)
	if genBool().Draw(t, "dated") {
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "zone"))
		m.Date = time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "unix"), 0).In(zone)
	}
	m.Size = rapid.Int64Range(0, math.MaxInt64).Draw(t, "size")
	m.NonSync = genBool().Draw(t, "nonsync")
	m.Binary = genBool().Draw(t, "binary")
	m.UTF8 = m.Binary && genBool().Draw(t, "utf8")
	return c
}

func genSmall(t *rapid.T) Command {
	name, other := genName().Draw(t, "a"), genName().Draw(t, "b")
	text := genText().Draw(t, "text")
	upper := strings.ToUpper(genAtom().Draw(t, "atom"))
	one := set(Range{1, 1})
	return rapid.SampledFrom([]Command{
		&Capability{}, &Noop{}, &Logout{}, &StartTLS{}, &Namespace{}, &Idle{}, &Check{}, &Close{}, &Unselect{}, &Expunge{},
		&Authenticate{Mechanism: "PLAIN", HasInitial: true, Initial: secret(text)}, &Login{Name: text, Password: secret(name)},
		&ID{}, &ID{Params: []IDParam{{Key: text, Value: name}, {Key: name, Nil: true}}}, &Enable{Capabilities: []string{upper, "X"}},
		&Create{Mailbox: name, Use: []string{`\Junk`}}, &Delete{name}, &Rename{name, other}, &Subscribe{name}, &Unsubscribe{other},
		&LSub{Reference: name, Pattern: other + "%"}, &Status{Mailbox: name, Items: 1 + StatusItems(len(text))},
		&Expunge{UID: true, Set: one}, &Copy{Set: SavedSet(), Mailbox: name}, &Copy{UID: true, Move: true, Set: one, Mailbox: name},
		&GetQuota{text}, &GetQuotaRoot{name}, &SetQuota{Root: text, Limits: []QuotaLimit{{upper, 5}, {"STORAGE", 0}}},
	}).Draw(t, "small")
}

// TestRoundTrip checks decode(encode(x)) == x.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var cmd Command
		switch rapid.IntRange(0, 6).Draw(rt, "command") {
		case 0:
			cmd = genFetch(rt)
		case 1:
			keys := rapid.SliceOfN(genKey(0), 1, 4).Draw(rt, "keys")
			cmd = &Search{UID: genBool().Draw(rt, "uid"), Extended: true, Return: SearchAll | SearchSave, Charset: "UTF-8", Key: and(keys...)}
		case 2:
			cmd = genSelect(rt)
		case 3:
			cmd = genList(rt)
		case 4:
			cmd = genStore(rt)
		case 5:
			cmd = genAppend(rt)
		default:
			cmd = genSmall(rt)
		}
		again(t, "a1", cmd, genBool().Draw(rt, "utf8"))
	})
}
