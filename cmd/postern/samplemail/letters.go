package samplemail

import (
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func (o office) letters() []Message {
	day := 24 * time.Hour
	alice := "Alice Archer <alice@" + o.domain + ">"
	bob := "Bob Baker <bob@" + o.domain + ">"
	carol := "Carol Chen <carol@" + o.domain + ">"
	thread := func(n int) string { return fmt.Sprintf("<roof.%d@%s>", n, o.domain) }
	return []Message{
		o.letter("INBOX", `\Seen`, 9*day, bob, alice, "The roof garden", text("Hi Alice,\r\n\r\nthe house next door has a roof garden. Shall we ask for one?\r\n\r\nBob\r\n"), "Message-ID: "+thread(1)),
		o.letter("INBOX", `\Seen \Answered`, 8*day, carol, alice+", "+bob, "Re: The roof garden", text("> Shall we ask for one?\r\n\r\nYes! I know a gardener.\r\n\r\nCarol\r\n"),
			"Message-ID: "+thread(2), "In-Reply-To: "+thread(1), "References: "+thread(1)),
		o.letter("Sent", `\Seen`, 7*day, alice, carol+", "+bob, "Re: The roof garden", text("I have asked the landlord.\r\n\r\nAlice\r\n"),
			"Message-ID: "+thread(3), "In-Reply-To: "+thread(2), "References: "+thread(1)+"\r\n "+thread(2)),
		o.letter("INBOX", "", 6*day, bob, alice, "Re: The roof garden", text("And what does he say?\r\n"),
			"Message-ID: "+thread(4), "In-Reply-To: "+thread(3), "References: "+thread(1)+"\r\n "+thread(2)+"\r\n "+thread(3)),
		o.letter("INBOX", `\Seen \Flagged`, 5*day, carol, alice, "Quarterly figures", multi("mixed", text("The figures are attached, and a picture of the chart.\r\n"),
			attachment("figures.csv", "text/csv", []byte("quarter,orders\r\nQ1,120\r\nQ2,180\r\nQ3,240\r\n")), attachment("chart.png", "image/png", chart()))),
		o.letter("INBOX", "", 4*day, "News from the harbour <news@harbour.example>", alice, word("utf-8", "Ahoi! Das Hafenfest beginnt \u2013 mit Feuerwerk"),
			multi("alternative", text("Das Hafenfest beginnt am Samstag.\r\n"), html("<html><body><h1>Hafenfest</h1><p>Am <b>Samstag</b> um 22 Uhr: Feuerwerk &amp; Musik. Gr\u00fc\u00dfe aus dem Hafen!</p></body></html>\r\n")),
			"List-Id: Harbour news <news.harbour.example>", "List-Unsubscribe: <mailto:leave@harbour.example>"),
		o.letter("INBOX", "", 80*time.Hour, encoded("iso-2022-jp", japanese.ISO2022JP, "\u7530\u4e2d\u592a\u90ce")+" <tanaka@example.jp>", alice,
			encoded("iso-2022-jp", japanese.ISO2022JP, "\u4f1a\u8b70\u306e\u304a\u77e5\u3089\u305b"), charset("iso-2022-jp", "7bit", japanese.ISO2022JP, "\u3053\u3093\u306b\u3061\u306f\u3002\u6708\u66dc\u65e5\u306e\u4f1a\u8b70\u306f\u5341\u6642\u304b\u3089\u3067\u3059\u3002\r\n")),
		o.letter("INBOX", `\Seen`, 75*time.Hour, encoded("koi8-r", charmap.KOI8R, "\u0418\u0432\u0430\u043d")+" <ivan@example.org>", alice,
			encoded("koi8-r", charmap.KOI8R, "\u041f\u0440\u0438\u0432\u0435\u0442 \u0438\u0437 \u0441\u0442\u0430\u0440\u043e\u0439 \u043f\u043e\u0447\u0442\u044b"), charset("koi8-r", "8bit", charmap.KOI8R, "\u042d\u0442\u043e \u043f\u0438\u0441\u044c\u043c\u043e \u043d\u0430\u043f\u0438\u0441\u0430\u043d\u043e \u0432 KOI8-R.\r\n")),
		o.letter("INBOX", "", 70*time.Hour, "Wang Wei <wang@example.cn>", alice,
			encoded("gb18030", simplifiedchinese.GB18030, "\u60a8\u597d\uff0c\u9879\u76ee\u8fdb\u5c55"), charset("gb18030", "base64", simplifiedchinese.GB18030, "\u9879\u76ee\u6309\u8ba1\u5212\u8fdb\u884c\u3002\r\n")),
		o.letter("INBOX", "", 60*time.Hour, encoded("iso-8859-1", charmap.ISO8859_1, "Zo\u00eb Fran\u00e7ois")+" <zoe@example.fr>", alice,
			encoded("iso-8859-1", charmap.ISO8859_1, "D\u00e9jeuner d\u00e9cal\u00e9 \u00e0 jeudi"), charset("iso-8859-1", "quoted-printable", charmap.ISO8859_1, "Le d\u00e9jeuner est d\u00e9cal\u00e9 \u00e0 jeudi, \u00e7a te va ?\r\n")),
		o.letter("INBOX", "", 50*time.Hour, bob, alice, "Fwd: your ticket", multi("mixed", text("Look what I found.\r\n"), forwarded(o.letter("", "", 90*time.Hour, "Tickets <tickets@theatre.example>", bob, "Your ticket 4711",
			multi("alternative", text("Row 7, seat 12.\r\n"), html("<p>Row <b>7</b>, seat <b>12</b>.</p>\r\n"))).Raw))),
		o.letter("INBOX", "", 30*time.Hour, "Build Robot <robot@"+o.domain+">", alice, "Nightly build: log attached", multi("mixed", text("The log is attached.\r\n"),
			attachment("build.log", "application/octet-stream", []byte(strings.Repeat("ok  \tpostern/mailbox\t0.42s\n", 12000))))),
		o.letter("INBOX", "", 3*time.Hour, "Postern <admin@"+o.domain+">", alice, "Welcome to Postern", welcome(o.domain)),
		o.letter("Drafts", `\Draft \Seen`, 2*time.Hour, alice, bob, "Plants for the roof", text("Bob,\r\n\r\nlavender, thyme and\r\n")),
		o.letter("Projects/Roof garden", `\Seen`, 8*day, carol, alice, "Gardener's offer", text("Offer: 12 boxes, soil and plants.\r\n")),
		o.letter("Projects/\u7530\u4e2d", `\Seen`, 40*time.Hour, "tanaka@example.jp", alice, "Project plan", text("Here is the plan.\r\n")),
	}
}

func welcome(domain string) string {
	return multi("alternative", text("Hello Alice,\r\n\r\nthis is the demo of Postern at "+domain+". The Archive mailbox holds a few thousand messages to search.\r\n\r\nNothing here leaves this machine.\r\n"),
		html("<html><body><p>Hello Alice,</p><p>this is the demo of <b>Postern</b>. The <i>Archive</i> mailbox holds a few thousand messages to search.</p><p>Nothing here leaves this machine.</p></body></html>\r\n"))
}

func text(body string) string {
	return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + body
}

func html(body string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
	return "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + b.String()
}

func charset(name, transfer string, enc encoding.Encoding, body string) string {
	raw := encode(enc, body)
	switch transfer {
	case "base64":
		raw = wrap64([]byte(raw))
	case "quoted-printable":
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(raw))
		_ = w.Close()
		raw = b.String()
	}
	return fmt.Sprintf("Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s", name, transfer, raw)
}

func multi(kind string, parts ...string) string {
	boundary := fmt.Sprintf("=_postern_%s_%d", kind, len(strings.Join(parts, "")))
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\nThis is a message in several parts.\r\n", kind, boundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\n%s\r\n", boundary, p)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.String()
}

func attachment(name, kind string, data []byte) string {
	return fmt.Sprintf("Content-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s", kind, name, name, wrap64(data))
}

func forwarded(raw []byte) string {
	return "Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n" + string(raw)
}

func word(charset, s string) string { return mime.QEncoding.Encode(charset, s) }

func encoded(name string, enc encoding.Encoding, s string) string {
	if s == "" {
		return ""
	}
	return "=?" + name + "?B?" + base64.StdEncoding.EncodeToString([]byte(encode(enc, s))) + "?="
}

func encode(enc encoding.Encoding, s string) string {
	out, err := enc.NewEncoder().String(s)
	if err != nil {
		panic("samplemail: " + err.Error()) // our own constant text must fit its charset
	}
	return out
}

func wrap64(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
	return b.String()
}
