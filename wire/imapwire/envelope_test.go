package imapwire

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"postern/wire/mime"
)

func TestEnvelope(t *testing.T) {
	from := []mime.Address{{Name: `Te"rry`, Mailbox: "gray", Host: "cac.washington.edu"}}
	e := &mime.Envelope{
		Has: mime.FieldDate | mime.FieldSubject | mime.FieldMessageID, Date: "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", Subject: "",
		From: from, Sender: from, ReplyTo: from,
		To: []mime.Address{
			{Kind: mime.GroupStart, Mailbox: "A Group"}, {Mailbox: "a"}, {Kind: mime.GroupEnd}, {Name: "\xe4", Route: "@x", Mailbox: "b", Host: "c"},
		},
		MessageID: "<x\x00y>",
	}
	a := `(("Te\"rry" NIL "gray" "cac.washington.edu"))`
	want := `("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "" ` + a + " " + a + " " + a +
		` ((NIL NIL "A Group" NIL)(NIL NIL "a" "")(NIL NIL NIL NIL)({1}` + "\r\n\xe4 \"@x\" \"b\" \"c\")) NIL NIL NIL {5}\r\n<x?y>)"
	if got := string(AppendEnvelope(nil, e)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBodyStructure(t *testing.T) {
	text := &mime.Part{Type: "text", Subtype: "plain", Params: mime.Params{{Name: "charset", Value: "utf-8"}}, Encoding: "7bit", BodyEnd: 30, Lines: 2}
	gif := &mime.Part{
		Type: "image", Subtype: "gif", ID: "<a@b>", Description: "d", Encoding: "base64", BodyEnd: 7, MD5: "m", Disposition: "attachment",
		DispositionParams: mime.Params{{Name: "filename", Value: "x.gif"}}, Language: []string{"de", "en"}, Location: "l",
	}
	msg := &mime.Part{Type: "message", Subtype: "rfc822", Encoding: "8bit", BodyEnd: 9, Lines: 4, Embedded: &mime.Embedded{Root: text}}
	for _, c := range []struct {
		p          *mime.Part
		body, full string
	}{
		{text, `("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 30 2)`, `("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 30 2 NIL NIL NIL NIL)`},
		{
			gif, `("image" "gif" NIL "<a@b>" "d" "BASE64" 7)`,
			`("image" "gif" NIL "<a@b>" "d" "BASE64" 7 "m" ("attachment" ("filename" "x.gif")) ("de" "en") "l")`,
		},
		{
			msg, `("message" "rfc822" NIL NIL NIL "8BIT" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 30 2) 4)`,
			`("message" "rfc822" NIL NIL NIL "8BIT" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 30 2 NIL NIL NIL NIL) 4 NIL NIL NIL NIL)`,
		},
		{
			&mime.Part{Type: "multipart", Subtype: "mixed", Params: mime.Params{{Name: "boundary", Value: "x"}}, Children: []*mime.Part{text, gif}, Language: []string{"de"}},
			`(("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 30 2)("image" "gif" NIL "<a@b>" "d" "BASE64" 7) "mixed")`,
			`(("text" "plain" ("charset" "utf-8") NIL NIL "7BIT" 30 2 NIL NIL NIL NIL)` +
				`("image" "gif" NIL "<a@b>" "d" "BASE64" 7 "m" ("attachment" ("filename" "x.gif")) ("de" "en") "l") "mixed" ("boundary" "x") NIL "de" NIL)`,
		},
		{&mime.Part{Type: "multipart"}, `(("text" "plain" NIL NIL NIL "7BIT" 0 0) "mixed")`, `(("text" "plain" NIL NIL NIL "7BIT" 0 0 NIL NIL NIL NIL) "mixed" NIL NIL NIL NIL)`},
		{&mime.Part{Type: "message", Subtype: "global", BodyEnd: -1}, `("application" "octet-stream" NIL NIL NIL "7BIT" 0)`, `("application" "octet-stream" NIL NIL NIL "7BIT" 0 NIL NIL NIL NIL)`},
	} {
		if got := string(AppendBodyStructure(nil, c.p, false)); got != c.body {
			t.Errorf("got\n%s\nwant\n%s", got, c.body)
		}
		if got := string(AppendBodyStructure(nil, c.p, true)); got != c.full {
			t.Errorf("got\n%s\nwant\n%s", got, c.full)
		}
	}
}

// bodyReader checks a BODYSTRUCTURE against the grammar of RFC 9051 §9.
type bodyReader struct {
	s    string
	full bool
	t    *rapid.T
}

func (r *bodyReader) lit(s string) bool {
	if strings.HasPrefix(r.s, s) {
		r.s = r.s[len(s):]
		return true
	}
	return false
}

func (r *bodyReader) need(s string) {
	if !r.lit(s) {
		r.t.Fatalf("expected %q at %q", s, r.s)
	}
}

// str takes a string and gives its value.
func (r *bodyReader) str() string {
	if strings.HasPrefix(r.s, `"`) {
		n := closingQuote(r.s)
		if n < 0 || !plainASCII(r.s[:n]) && !strings.Contains(r.s[:n], "\t") && strings.ContainsAny(r.s[:n], "\r\n\x00") {
			r.t.Fatalf("bad quoted string at %q", r.s)
		}
		q := r.s[1 : n-1]
		for i := range len(q) {
			if q[i] >= 0x80 {
				r.t.Fatalf("8-bit in a quoted string at %q", r.s)
			}
		}
		r.s = r.s[n:]
		return q
	}
	r.need("{")
	end := strings.Index(r.s, "}\r\n")
	n, ok := digits(r.s[:max(end, 0)])
	if end < 1 || !ok || n > len(r.s)-end-3 {
		r.t.Fatalf("bad literal at %q", r.s)
	}
	q := r.s[end+3:][:n]
	if strings.Contains(q, "\x00") {
		r.t.Fatalf("NUL in a literal")
	}
	r.s = r.s[end+3+n:]
	return q
}

func (r *bodyReader) nstr() {
	if !r.lit("NIL") {
		r.str()
	}
}

func (r *bodyReader) number() {
	n := 0
	for n < len(r.s) && '0' <= r.s[n] && r.s[n] <= '9' {
		n++
	}
	if n == 0 {
		r.t.Fatalf("expected a number at %q", r.s)
	}
	r.s = r.s[n:]
}

// strs takes NIL or a list of strings, in pairs or not.
func (r *bodyReader) strs(pairs bool) {
	if r.lit("NIL") {
		return
	}
	r.need("(")
	for n := 1; ; n++ {
		r.str()
		if r.lit(")") {
			if pairs && n%2 != 0 {
				r.t.Fatalf("odd number of parameters before %q", r.s)
			}
			return
		}
		r.need(" ")
	}
}

func (r *bodyReader) envelope() {
	r.need("(")
	r.nstr()
	r.need(" ")
	r.nstr()
	for range 6 {
		r.need(" ")
		if r.lit("NIL") {
			continue
		}
		r.need("(")
		for !r.lit(")") {
			r.need("(")
			r.nstr()
			for range 3 {
				r.need(" ")
				r.nstr()
			}
			r.need(")")
		}
	}
	r.need(" ")
	r.nstr()
	r.need(" ")
	r.nstr()
	r.need(")")
}

func (r *bodyReader) extension() {
	r.need(" ")
	if !r.lit("NIL") {
		r.need("(")
		r.str()
		r.need(" ")
		r.strs(true)
		r.need(")")
	}
	r.need(" ")
	if strings.HasPrefix(r.s, "(") {
		r.strs(false)
	} else {
		r.nstr()
	}
	r.need(" ")
	r.nstr()
}

func (r *bodyReader) body() {
	r.need("(")
	if strings.HasPrefix(r.s, "(") {
		for strings.HasPrefix(r.s, "(") {
			r.body()
		}
		r.need(" ")
		r.str()
		if r.full {
			r.need(" ")
			r.strs(true)
			r.extension()
		}
		r.need(")")
		return
	}
	typ := r.str()
	r.need(" ")
	subtype := r.str()
	r.need(" ")
	r.strs(true)
	r.need(" ")
	r.nstr()
	r.need(" ")
	r.nstr()
	r.need(" ")
	r.str()
	r.need(" ")
	r.number()
	if isMessage(typ, subtype) {
		r.need(" ")
		r.envelope()
		r.need(" ")
		r.body()
	}
	if typ == "text" || isMessage(typ, subtype) {
		r.need(" ")
		r.number()
	}
	if r.full {
		r.need(" ")
		r.nstr()
		r.extension()
	}
	r.need(")")
}

func genRaw() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(hostile()), rapid.StringN(0, 5, -1))
}

func genParams() *rapid.Generator[mime.Params] {
	return rapid.Custom(func(t *rapid.T) mime.Params {
		return mime.Params(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mime.Param {
			return mime.Param{Name: genRaw().Draw(t, "name"), Value: genRaw().Draw(t, "value")}
		}), 0, 2).Draw(t, "params"))
	})
}

func genEnvelope(t *rapid.T) mime.Envelope {
	list := func() []mime.Address {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mime.Address {
			return mime.Address{
				Kind: mime.AddressKind(rapid.Uint8Range(0, 2).Draw(t, "kind")), Name: genRaw().Draw(t, "name"),
				Mailbox: genRaw().Draw(t, "mailbox"), Host: genRaw().Draw(t, "host"), Route: genRaw().Draw(t, "route"),
			}
		}), 0, 2).Draw(t, "list")
	}
	return mime.Envelope{
		Has: mime.Fields(rapid.Uint16().Draw(t, "has")), Date: genRaw().Draw(t, "date"), Subject: genRaw().Draw(t, "subject"),
		From: list(), Cc: list(), MessageID: genRaw().Draw(t, "id"),
	}
}

func genPart(depth int) *rapid.Generator[*mime.Part] {
	return rapid.Custom(func(t *rapid.T) *mime.Part {
		p := &mime.Part{
			Type:    rapid.SampledFrom([]string{"text", "message", "multipart", "image", "", "te\r\nxt", "\x00"}).Draw(t, "type"),
			Subtype: rapid.SampledFrom([]string{"plain", "rfc822", "global", "", "\"\r\n"}).Draw(t, "subtype"),
			Params:  genParams().Draw(t, "params"), ID: genRaw().Draw(t, "id"), Encoding: genRaw().Draw(t, "encoding"),
			BodyEnd: rapid.Int64().Draw(t, "end"), Lines: rapid.Int64().Draw(t, "lines"), Disposition: genRaw().Draw(t, "disposition"),
			DispositionParams: genParams().Draw(t, "dparams"), Language: rapid.SliceOfN(genRaw(), 0, 3).Draw(t, "language"),
		}
		if depth < 3 {
			p.Children = rapid.SliceOfN(genPart(depth+1), 0, 2).Draw(t, "children")
			if genBool().Draw(t, "embedded") {
				p.Embedded = &mime.Embedded{Envelope: genEnvelope(t)}
				if genBool().Draw(t, "root") {
					p.Embedded.Root = genPart(depth+1).Draw(t, "root")
				}
			}
		}
		return p
	})
}

// TestBodyStructureOfAnyTree renders trees that no message has, too.
func TestBodyStructureOfAnyTree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := genPart(0).Draw(rt, "part")
		for _, full := range []bool{false, true} {
			r := &bodyReader{s: string(AppendBodyStructure(nil, p, full)), full: full, t: rt}
			if r.body(); r.s != "" {
				rt.Fatalf("%q is left", r.s)
			}
		}
		e := genEnvelope(rt)
		r := &bodyReader{s: string(AppendEnvelope(nil, &e)), t: rt}
		if r.envelope(); r.s != "" {
			rt.Fatalf("%q is left", r.s)
		}
	})
}
