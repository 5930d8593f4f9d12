package mailbox_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
)

// searchable are messages whose texts hide in many ways.
func searchable() []string {
	b64 := base64.StdEncoding.EncodeToString
	return []string{
		// 1: encoded words, quoted-printable latin1
		"From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: team: a@b.example, \"Bee, B.\" <b@b.example>;\r\nCc: cc@example.org\r\n" +
			"Subject: =?iso-8859-1?q?Gr=FC=DFe_aus_M=FCnchen?=\r\nDate: Sat, 3 Jan 2026 23:30:00 -0500\r\nMessage-ID: <1@x>\r\nX-Note: folded\r\n here\r\n" +
			"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSch=F6ne Stra=\r\n=DFe\r\n",
		// 2: multipart with base64 UTF-8 text and a binary
		"From: x@example.org\r\nSubject: parts\r\nDate: Sun, 4 Jan 2026 10:00:00 +0000\r\nMessage-ID: <2@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
			"preamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Description: the needle in a part's header\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			b64([]byte("caf\u00e9 and \u65e5\u672c\u8a9e \u0391\u0393\u0391\u03a3")) + "\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			b64([]byte("hidden in binary")) + "\r\n--b--\r\n",
		// 3: an embedded message, and text across many blocks
		"Subject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n" +
			"Subject: embedded subject\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nembedded body e\u0301tude\r\n--c\r\n\r\n" +
			strings.Repeat("filler line of some length\r\n", 3000) + strings.Repeat("\u00e4", 40_000) + "needle across\r\n--c--\r\n",
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	for i, text := range searchable() {
		f, _ := mail.ParseFlags([][]string{{`\Seen`}, {`\Seen`, "Work"}, nil}[i])
		a, err := s.BeginAppend(t.Context(), "INBOX", int64(len(text)))
		must(t, err)
		out, err := a.Next(t.Context(), mailbox.AppendMessage{
			Flags: f, Size: int64(len(text)), Received: time.Date(2026, 1, 10+i, 23, 0, 0, 0, time.FixedZone("", -8*3600)),
		})
		must(t, err)
		_, err = out.Write([]byte(text))
		must(t, err)
		_, err = a.Commit(t.Context())
		must(t, err)
	}
	v := selectBox(t, s, "INBOX")
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	work, _ := mail.ParseFlags([]string{"WORK"})
	seen := mail.Flags{System: mail.FlagSeen}
	type q = mailbox.Query
	not := func(x *q) *q { return &q{Op: mailbox.QueryNot, Subs: []*q{x}} }
	for name, c := range map[string]struct {
		q    *q
		want string
	}{
		"all":                    {&q{}, "123"},
		"and of nothing":         {&q{Op: mailbox.QueryAnd}, "123"},
		"or of nothing":          {&q{Op: mailbox.QueryOr}, ""},
		"uid":                    {&q{Op: mailbox.QueryUID, UIDs: []mailbox.UIDRange{{First: 3, Last: 9}, {First: 1, Last: 1}}}, "13"},
		"flags":                  {&q{Op: mailbox.QueryFlags, Flags: seen}, "12"},
		"keyword":                {&q{Op: mailbox.QueryFlags, Flags: work}, "2"},
		"not flags":              {not(&q{Op: mailbox.QueryFlags, Flags: seen}), "3"},
		"from decoded":           {&q{Op: mailbox.QueryFrom, Text: "J\u00dcRGEN"}, "1"},
		"from address":           {&q{Op: mailbox.QueryFrom, Text: "@EXAMPLE.org"}, "12"},
		"from nothing":           {&q{Op: mailbox.QueryFrom, Text: "j\u00fcrgen@"}, ""},
		"to in a group":          {&q{Op: mailbox.QueryTo, Text: "bee, b."}, "1"},
		"cc":                     {&q{Op: mailbox.QueryCc, Text: "cc@"}, "1"},
		"bcc":                    {&q{Op: mailbox.QueryBcc, Text: ""}, ""},
		"subject":                {&q{Op: mailbox.QuerySubject, Text: "gr\u00dcsse"}, ""},
		"subject with sharp s":   {&q{Op: mailbox.QuerySubject, Text: "GR\u00dc\u1e9eE AUS"}, "1"},
		"header":                 {&q{Op: mailbox.QueryHeader, Field: "x-NOTE", Text: "folded here"}, "1"},
		"header is there":        {&q{Op: mailbox.QueryHeader, Field: "CC"}, "1"},
		"header of a part":       {&q{Op: mailbox.QueryHeader, Field: "Content-Description", Text: ""}, ""},
		"body quoted-printable":  {&q{Op: mailbox.QueryBody, Text: "sch\u00d6ne stra\u00dfe"}, "1"},
		"body base64":            {&q{Op: mailbox.QueryBody, Text: "CAF\u00c9"}, "2"},
		"body decomposed needle": {&q{Op: mailbox.QueryBody, Text: "cafe\u0301"}, "2"},
		"body decomposed text":   {&q{Op: mailbox.QueryBody, Text: "\u00e9tude"}, "3"},
		"body japanese":          {&q{Op: mailbox.QueryBody, Text: "\u672c\u8a9e"}, "2"},
		"body final sigma":       {&q{Op: mailbox.QueryBody, Text: "\u03b1\u03b3\u03b1\u03c2"}, "2"},
		"body not the header":    {&q{Op: mailbox.QueryBody, Text: "outer"}, ""},
		"body embedded header":   {&q{Op: mailbox.QueryBody, Text: "embedded subject"}, "3"},
		"body of a binary":       {&q{Op: mailbox.QueryBody, Text: "hidden"}, ""},
		"body across blocks":     {&q{Op: mailbox.QueryBody, Text: "\u00c4\u00c4needle ACROSS"}, "3"},
		"text header":            {&q{Op: mailbox.QueryText, Text: "m\u00fcnchen"}, "1"},
		"text part header":       {&q{Op: mailbox.QueryText, Text: "needle in a part"}, "2"},
		"text field name":        {&q{Op: mailbox.QueryText, Text: "x-note: folded"}, "1"},
		"text empty":             {&q{Op: mailbox.QueryText, Text: ""}, "123"},
		"two texts": {&q{Op: mailbox.QueryAnd, Subs: []*q{
			{Op: mailbox.QueryText, Text: "needle"}, not(&q{Op: mailbox.QueryBody, Text: "filler"}),
		}}, "2"},
		"or of costs": {&q{Op: mailbox.QueryOr, Subs: []*q{
			{Op: mailbox.QueryBody, Text: "stra\u00dfe"}, {Op: mailbox.QueryFlags, Flags: work},
		}}, "12"},
		"mixed levels": {&q{Op: mailbox.QueryAnd, Subs: []*q{
			{Op: mailbox.QueryText, Text: "e"}, {Op: mailbox.QuerySubject, Text: "parts"},
		}}, "2"},
		"before":       {&q{Op: mailbox.QueryBefore, Date: day(11)}, "1"},
		"on":           {&q{Op: mailbox.QueryOn, Date: day(11)}, "2"},
		"since":        {&q{Op: mailbox.QuerySince, Date: day(11)}, "23"},
		"sent on":      {&q{Op: mailbox.QuerySentOn, Date: day(3)}, "1"},
		"sent before":  {&q{Op: mailbox.QuerySentBefore, Date: day(9)}, "12"},
		"sent since":   {&q{Op: mailbox.QuerySentSince, Date: day(4)}, "2"},
		"saved since":  {&q{Op: mailbox.QuerySavedSince, Date: w.now().UTC()}, "123"},
		"saved before": {&q{Op: mailbox.QuerySavedBefore, Date: w.now().UTC()}, ""},
		"larger":       {&q{Op: mailbox.QueryLarger, N: 10_000}, "3"},
		"smaller":      {&q{Op: mailbox.QuerySmaller, N: 10_000}, "12"},
		"older":        {&q{Op: mailbox.QueryOlder, N: 1}, "123"},
		"younger":      {&q{Op: mailbox.QueryYounger, N: 1}, ""},
		"modseq":       {&q{Op: mailbox.QueryModSeq, N: uint64(v.Snapshot().Row(2).ModSeq)}, "23"},
		"email id":     {&q{Op: mailbox.QueryEmailID, Email: 2}, "2"},
		"thread id":    {&q{Op: mailbox.QueryThreadID, Thread: 3}, "3"},
	} {
		found, err := v.Search(t.Context(), c.q)
		var got []byte
		for _, uid := range found {
			got = append(got, byte('0'+uid))
		}
		if err != nil || string(got) != c.want {
			t.Errorf("%s: found %q, want %q; %v", name, got, c.want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Search(ctx, &q{Op: mailbox.QueryText, Text: "x"})
	wantKind(t, err, fault.Canceled)
	_, err = v.Search(t.Context(), &q{Op: mailbox.QueryNot})
	wantKind(t, err, fault.Invalid)
}

// TestSearchHistories compares searches of random programs with what their
// parts found alone.
func TestSearchPrograms(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	for i, text := range searchable() {
		deliver(t, s, "INBOX", text, []string{`\Seen`, `\Flagged`, "X"}[i])
	}
	v := selectBox(t, s, "INBOX")
	keys := []*mailbox.Query{
		{Op: mailbox.QueryFlags, Flags: mail.Flags{System: mail.FlagSeen}},
		{Op: mailbox.QuerySubject, Text: "parts"},
		{Op: mailbox.QueryBody, Text: "needle"},
		{Op: mailbox.QueryHeader, Field: "subject", Text: "outer"},
	}
	find := func(q *mailbox.Query) []mail.UID {
		found, err := v.Search(t.Context(), q)
		must(t, err)
		return found
	}
	all := uidsOf(v)
	for _, a := range keys {
		for _, b := range keys {
			x, y := find(a), find(b)
			check := func(what string, op mailbox.QueryOp, want func(in, also bool) bool, subs ...*mailbox.Query) {
				var expect []mail.UID
				for _, uid := range all {
					if want(slices.Contains(x, uid), slices.Contains(y, uid)) {
						expect = append(expect, uid)
					}
				}
				if got := find(&mailbox.Query{Op: op, Subs: subs}); !slices.Equal(got, expect) {
					t.Errorf("%s of %v and %v found %v, want %v", what, a.Op, b.Op, got, expect)
				}
			}
			check("and", mailbox.QueryAnd, func(p, q bool) bool { return p && q }, a, b)
			check("or", mailbox.QueryOr, func(p, q bool) bool { return p || q }, a, b)
			check("not", mailbox.QueryNot, func(p, _ bool) bool { return !p }, a)
		}
	}
}
