// Package samplemail makes the mail that the demo starts with: a small, made-up
// office whose messages show what real mailboxes hold (HTML, attachments,
// charsets, threads, forwarded mail) and an archive of a few thousand. It is
// called by `postern demo`, is the same at every call for the same time, and
// sends nothing anywhere.
package samplemail

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"postern/mail"
)

// Message is one message to put into a mailbox.
type Message struct {
	Mailbox  string
	Flags    mail.Flags
	Received time.Time
	Raw      []byte // RFC 5322, CRLF lines
}

// For makes alice's mail as of now: INBOX, Sent, Drafts, Projects/… and
// archived messages in Archive, oldest first within each mailbox.
func For(domain string, now time.Time, archived int) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		o := office{domain: domain, now: now.Truncate(time.Second)}
		for _, m := range o.letters() {
			if !yield(m) {
				return
			}
		}
		for i := range archived {
			if !yield(o.archived(i, archived)) {
				return
			}
		}
	}
}

// Welcome is the first message of every other demo account.
func Welcome(domain, to string, now time.Time) Message {
	o := office{domain: domain, now: now.Truncate(time.Second)}
	return o.letter("INBOX", "", time.Minute, "Postern <admin@"+domain+">", to, "Welcome to your mailbox",
		text("Hello,\r\n\r\nthis mailbox is yours. Connect any IMAP program, or write to alice@"+domain+".\r\n\r\nThe Postern demo\r\n"))
}

type office struct {
	domain string
	now    time.Time
}

// letter puts headers before a part made by text, html and so on.
func (o office) letter(box, flags string, ago time.Duration, from, to, subject, part string, extra ...string) Message {
	at := o.now.Add(-ago)
	id := messageID(subject, at, o.domain)
	for _, h := range extra {
		if v, ok := strings.CutPrefix(h, "Message-ID: "); ok {
			id = v
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Date: %s\r\nFrom: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: %s\r\n", at.Format(time.RFC1123Z), from, to, subject, id)
	for _, h := range extra {
		if !strings.HasPrefix(h, "Message-ID: ") {
			b.WriteString(h + "\r\n")
		}
	}
	b.WriteString("MIME-Version: 1.0\r\n" + part)
	f, _ := mail.ParseFlags(strings.Fields(flags))
	return Message{Mailbox: box, Flags: f, Received: at, Raw: []byte(b.String())}
}

func messageID(subject string, at time.Time, domain string) string {
	var h uint32 = 2166136261
	for _, c := range []byte(subject) {
		h = (h ^ uint32(c)) * 16777619
	}
	return fmt.Sprintf("<%x.%08x@%s>", at.Unix(), h, domain)
}

var topics = []string{ //nolint:gochecknoglobals // a constant table
	"Minutes of the weekly meeting", "Invoice %d", "Build %d is green", "Re: Question about order %d", "Lunch on Thursday?",
	"Server room: temperature report", "Your parcel %d is on its way", "Re: Draft of the annual report", "Holiday plan", "Printer on floor %d",
}

var people = []string{"Bob Baker <bob@%s>", "Carol Chen <carol@%s>", "Dave Dupont <dave@%s>", "Build Robot <robot@%s>", "Erin Eriksen <erin@%s>"} //nolint:gochecknoglobals // a constant table

var sentences = []string{ //nolint:gochecknoglobals // a constant table
	"Thank you for the quick answer.", "The figures are in the shared folder.", "We meet at ten in the small room.", "Please check the second page.",
	"I moved the date by a week.", "Nothing to worry about.", "The old scanner still speaks TLS 1.0, so it goes through the legacy listener.",
	"Could you confirm until Friday?", "See the attached list.", "All tests passed.", "The customer likes it.", "I will call you tomorrow.",
}

// archived is message i of n, spread over the last three years.
func (o office) archived(i, n int) Message {
	r := rand.New(rand.NewPCG(7, uint64(i)))
	ago := time.Duration(n-i) * 3 * 365 * 24 * time.Hour / time.Duration(n+1)
	subject := topics[r.IntN(len(topics))]
	if strings.Contains(subject, "%d") {
		subject = fmt.Sprintf(subject, 100+r.IntN(900))
	}
	var b strings.Builder
	for p := range 2 + r.IntN(4) {
		if p > 0 {
			b.WriteString("\r\n")
		}
		for range 2 + r.IntN(5) {
			b.WriteString(sentences[r.IntN(len(sentences))] + "\r\n")
		}
	}
	flags := `\Seen`
	switch r.IntN(20) {
	case 0:
		flags = `\Seen \Flagged`
	case 1:
		flags = `\Seen \Answered`
	case 2:
		flags = ""
	}
	from := fmt.Sprintf(people[r.IntN(len(people))], o.domain)
	return o.letter("Archive", flags, ago, from, "Alice Archer <alice@"+o.domain+">", subject, text(b.String()),
		fmt.Sprintf("Message-ID: <archive.%d@%s>", i, o.domain))
}
