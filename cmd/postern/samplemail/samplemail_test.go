package samplemail

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/htmlindex"
)

func TestSampleMailIsWellFormedAndTheSameAgain(t *testing.T) {
	addresses := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: readAs}}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ids := map[string]bool{}
	boxes := map[string]int{}
	var first []byte
	for m := range For("postern.test", now, 50) {
		msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("%q: %v", m.Raw[:80], err)
		}
		if _, err := addresses.ParseList(msg.Header.Get("From")); err != nil {
			t.Errorf("From %q: %v", msg.Header.Get("From"), err)
		}
		if id := msg.Header.Get("Message-Id"); ids[id] {
			t.Errorf("message id %s comes twice", id)
		} else {
			ids[id] = true
		}
		if bytes.Contains(bytes.ReplaceAll(m.Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s has a bare line feed", msg.Header.Get("Subject"))
		}
		readParts(t, msg.Header.Get("Content-Type"), msg.Body)
		boxes[m.Mailbox]++
		first = append(first, m.Raw...)
	}
	if boxes["Archive"] != 50 || boxes["INBOX"] < 10 || boxes["Sent"] == 0 || boxes["Drafts"] == 0 {
		t.Errorf("mailboxes: %v", boxes)
	}
	var again []byte
	for m := range For("postern.test", now, 50) {
		again = append(again, m.Raw...)
	}
	if !bytes.Equal(first, again) {
		t.Error("the same call gives other mail")
	}
}

func readAs(label string, r io.Reader) (io.Reader, error) {
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(r), nil
}

func readParts(t *testing.T, contentType string, body io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Errorf("Content-Type %q: %v", contentType, err)
		return
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return
	}
	r := multipart.NewReader(body, params["boundary"])
	n := 0
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		readParts(t, p.Header.Get("Content-Type"), p)
		n++
	}
	if n < 2 {
		t.Errorf("a %s with %d parts", kind, n)
	}
}
