package mailbox

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"postern/wire/imapwire"
	"postern/wire/mime"
)

func summarySeeds() []string {
	return []string{
		"",
		"Subject: a \"quoted\\ one\r\n\r\nbody",
		"From: A <a@b>\r\nSubject: =?utf-8?q?=C3=A9?=\r\nMessage-ID: <1@x>\r\nReferences: <2@x> <3@x>\r\nContent-Type: text/html; charset=\"u\\\"tf\"\r\n" +
			"Content-Disposition: inline; filename=x\r\nContent-Language: de, en\r\nContent-MD5: abc\r\n\r\n<b>x</b>",
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b\r\n" +
			"Content-Type: message/rfc822\r\n\r\nSubject: in\x80ner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
		"Subject: " + strings.Repeat("\xff(\")\\", 300) + "\r\n\tfolded\r\n\r\n",
		"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==\r\n",
	}
}

// FuzzSummary holds for any message that its summary reads back, that BODY made
// of BODYSTRUCTURE is what imapwire writes, and that an ENVELOPE comes apart
// into what was put in.
func FuzzSummary(f *testing.F) {
	for _, s := range summarySeeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := mime.Parse(raw, mime.Limits{})
		var s summary
		if err := parseSummary(appendSummary(nil, m, "ref"), &s); err != nil {
			t.Fatal(err)
		}
		if s.size != m.Size || s.traits != m.Traits || string(s.preview) != m.Preview || !slices.Equal(s.refs(), m.References) {
			t.Errorf("the summary says %d, %v, %q, %q; the message %d, %v, %q, %q", s.size, s.traits, s.preview, s.refs(),
				m.Size, m.Traits, m.Preview, m.References)
		}
		if string(s.blob) != "ref" || string(s.messageID) != messageID(m) {
			t.Errorf("blob %q, message id %q", s.blob, s.messageID)
		}
		if want, got := imapwire.AppendBodyStructure(nil, m.Root, false), appendBody(nil, s.structure); !bytes.Equal(got, want) {
			t.Errorf("BODY\n%q, want\n%q", got, want)
		}
		e := parseEnvelope(s.envelope)
		if got, there := text(e.fields[envSubject]); there != (m.Envelope.Has&mime.FieldSubject != 0) || got != m.Envelope.Subject {
			t.Errorf("subject %q, want %q", got, m.Envelope.Subject)
		}
		if list, ok := within(e.fields[envFrom]); ok != (len(m.Envelope.From) > 0) {
			t.Errorf("FROM %q of %d addresses", list, len(m.Envelope.From))
		}
	})
}

// FuzzDamagedSummary holds that nothing that a disk may give back breaks a
// reader.
func FuzzDamagedSummary(f *testing.F) {
	for _, s := range summarySeeds() {
		f.Add(appendSummary(nil, mime.Parse([]byte(s), mime.Limits{}), "ref"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s summary
		if parseSummary(raw, &s) != nil {
			return
		}
		if len(appendBody(nil, s.structure)) > 2*len(s.structure)+2 {
			t.Error("BODY is longer than BODYSTRUCTURE")
		}
		e := parseEnvelope(s.envelope)
		_ = e.addressText(nil, envFrom)
		_ = s.refs()
	})
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"ASCII":                 "ascii",
		"\u00c4\u00d6":          "\u00e4\u00f6",
		"A\u0308":               "\u00e4",
		"\u03a3\u03c2\u03c3":    "\u03c3\u03c3\u03c3",
		"\u212a\u017f\u1e9e":    "ks\u00df",
		"\u65e5\u672c \u0416":   "\u65e5\u672c \u0436",
		"a\u0301\u0323 e\u0301": "\u1ea1\u0301 \u00e9",
	} {
		if got := foldString(in); got != want {
			t.Errorf("fold(%+q) = %+q, want %+q", in, got, want)
		}
	}
}

// oneByte reads a byte at a time, the worst that a decoder may do.
type oneByte struct{ s string }

func (r *oneByte) Read(p []byte) (int, error) {
	if r.s == "" {
		return 0, io.EOF
	}
	p[0] = r.s[0]
	r.s = r.s[1:]
	return 1, nil
}

func TestFinderAcrossBlocks(t *testing.T) {
	for _, pad := range []int{0, 1, findBlock/2 - 3, findBlock/2 - 1, findBlock / 2, findBlock, 3*findBlock - 2} {
		for _, filler := range []string{"x", "\u00e4", "e\u0301"} {
			hay := strings.Repeat(filler, pad/len(filler)) + "N\u00e9edle" + strings.Repeat(filler, 10)
			f := newFinder([][]byte{[]byte(foldString("ne\u0301edle")), []byte("absent")})
			if err := f.read(&oneByte{hay}); err != nil {
				t.Fatal(err)
			}
			if !f.found[0] || f.found[1] {
				t.Errorf("pad %d of %q: found %v", pad, filler, f.found)
			}
		}
	}
}
