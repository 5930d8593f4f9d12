package load

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Rare is a word that RareEvery-th messages of [Message] have in the subject
// and in the text, for searches that find something.
const (
	Rare      = "halcyon"
	RareEvery = 997
)

// words is what texts are made of.
const words = "the of to and in a is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many before must well back through years where much your way down should because long each just state people those too mr how little good very make world still see own men work day get here between both life being under three never know same last another while us off might great go come since against right came take used himself few house use during without again place american around however home small found"

// Fixed is a plain message of exactly size bytes (at least 300).
func Fixed(size int) []byte {
	var b bytes.Buffer
	header(&b, 0, "a message of fixed size")
	b.WriteString("Content-Type: text/plain; charset=us-ascii\r\n\r\n")
	line := strings.Repeat("0123456789", 7) + "\r\n"
	for b.Len()+len(line) <= size-2 {
		b.WriteString(line)
	}
	b.WriteString(strings.Repeat("x", size-2-b.Len()))
	b.WriteString("\r\n")
	return b.Bytes()
}

// Message is message i of a made-up mailbox; the same i gives the same bytes.
// Half are plain text, a third text and HTML, the rest carry an attachment;
// sizes are about 1 to 30 KiB, 7 KiB on average.
func Message(i int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	var b bytes.Buffer
	subject, first := sentence(r, 6), ""
	if i%RareEvery == RareEvery/2 {
		subject += " " + Rare
		first = Rare + " "
	}
	header(&b, i, subject)
	text := first + paragraphs(r, 4+r.IntN(24))
	switch {
	case i%6 < 3:
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n")
		b.WriteString(text)
	case i%6 < 5:
		b.WriteString("Content-Type: multipart/alternative; boundary=\"=_alt\"\r\n\r\n")
		alternative(&b, text)
	default:
		b.WriteString("Content-Type: multipart/mixed; boundary=\"=_mix\"\r\n\r\n")
		b.WriteString("--=_mix\r\nContent-Type: multipart/alternative; boundary=\"=_alt\"\r\n\r\n")
		alternative(&b, text)
		b.WriteString("\r\n--=_mix\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n" +
			"Content-Disposition: attachment; filename=\"report.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		attachment(&b, r)
		b.WriteString("\r\n--=_mix--\r\n")
	}
	return b.Bytes()
}

func header(b *bytes.Buffer, i int, subject string) {
	from, to := i%37, i%11
	fmt.Fprintf(b, "Return-Path: <sender%d@example.org>\r\n", from)
	fmt.Fprintf(b, "Received: from mx.example.org (mx.example.org [192.0.2.%d]) by mail.postern.test with ESMTPS id %08x; Mon, 5 Jan 2026 10:%02d:%02d +0000\r\n", from, i, i/60%60, i%60)
	fmt.Fprintf(b, "Date: Mon, 5 Jan 2026 10:%02d:%02d +0000\r\n", i/60%60, i%60)
	fmt.Fprintf(b, "From: Sender Number %d <sender%d@example.org>\r\n", from, from)
	fmt.Fprintf(b, "To: Reader %d <reader%d@postern.test>, \"Second, Reader\" <second@postern.test>\r\n", to, to)
	fmt.Fprintf(b, "Cc: list@example.net\r\nSubject: %s\r\n", subject)
	fmt.Fprintf(b, "Message-ID: <%08x.bench@example.org>\r\n", i)
	if i%4 != 0 {
		fmt.Fprintf(b, "In-Reply-To: <%08x.bench@example.org>\r\nReferences: <%08x.bench@example.org>\r\n", i-1, i-i%4)
	}
	b.WriteString("MIME-Version: 1.0\r\n")
}

func alternative(b *bytes.Buffer, text string) {
	b.WriteString("--=_alt\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
	b.WriteString(text)
	b.WriteString("\r\n--=_alt\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>")
	b.WriteString(strings.ReplaceAll(text, "\r\n\r\n", "</p>\r\n<p>"))
	b.WriteString("</p></body></html>\r\n\r\n--=_alt--\r\n")
}

func attachment(b *bytes.Buffer, r *rand.Rand) {
	raw := make([]byte, 57*(40+r.IntN(200)))
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	for len(raw) > 0 {
		b.WriteString(base64.StdEncoding.EncodeToString(raw[:57]))
		b.WriteString("\r\n")
		raw = raw[57:]
	}
}

func paragraphs(r *rand.Rand, lines int) string {
	var b strings.Builder
	for i := range lines {
		b.WriteString(sentence(r, 12))
		b.WriteString(".\r\n")
		if i%6 == 5 {
			b.WriteString("\r\n")
		}
	}
	return b.String()
}

func sentence(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word(r))
	}
	return b.String()
}

// word takes the word at a random place of the list.
func word(r *rand.Rand) string {
	at := r.IntN(len(words))
	start := strings.LastIndexByte(words[:at], ' ') + 1
	end := strings.IndexByte(words[start:], ' ')
	if end < 0 {
		return words[start:]
	}
	return words[start : start+end]
}
