package pebblestore

import (
	"bytes"
	"testing"
	"time"

	"postern/mail"
	"postern/store"
)

// rowCodecs decode a row and encode it again.
var rowCodecs = []struct {
	name  string
	again func(b []byte) ([]byte, error)
}{
	{"counters", func(b []byte) ([]byte, error) { r, err := decodeCounters(b); return appendCounters(nil, r), err }},
	{"mailbox", func(b []byte) ([]byte, error) { r, err := decodeMailbox(b); return appendMailbox(nil, r), err }},
	{"message", func(b []byte) ([]byte, error) { r, err := decodeMessage(1, b); return appendMessage(nil, r), err }},
	{"state", func(b []byte) ([]byte, error) {
		var d stateDecoder
		r, err := d.decode(1, b)
		return appendState(nil, r), err
	}},
	{"email", func(b []byte) ([]byte, error) { r, err := decodeEmail(1, b); return appendEmail(nil, r), err }},
	{"removed", func(b []byte) ([]byte, error) { r, err := decodeRemoved(b); return appendRemoved(nil, r), err }},
	{"change", func(b []byte) ([]byte, error) {
		r, err := decodeChange(1, 2, b)
		if err != nil {
			return nil, err
		}
		return appendChange(nil, r.Items), nil
	}},
	{"number", func(b []byte) ([]byte, error) { r, err := decodeNumber(b); return appendNumber(nil, r), err }},
	{"instant", func(b []byte) ([]byte, error) { r, err := decodeInstant(b); return appendInstant(nil, r), err }},
	{"account", func(b []byte) ([]byte, error) { r, err := decodeAccount(1, b); return appendAccount(nil, r), err }},
	{"credential", func(b []byte) ([]byte, error) {
		r, err := decodeCredential(1, 2, b)
		return appendCredential(nil, r), err
	}},
	{"attempt", func(b []byte) ([]byte, error) {
		r, err := decodeAttempt(store.AttemptID{}, b)
		return appendAttempt(nil, r), err
	}},
	{"revision", func(b []byte) ([]byte, error) { r, err := decodeRevision(1, b); return appendRevision(nil, r), err }},
}

func exampleRows() [][]byte {
	at := time.Unix(1e9, 5).In(time.FixedZone("", -3600))
	flags, _ := mail.ParseFlags([]string{`\Seen`, "$Junk", "Work"})
	ranges := []store.UIDRange{{First: 1, Last: 1}, {First: 5, Last: 1<<32 - 1}}
	return [][]byte{
		appendCounters(nil, store.Counters{ModSeq: 1 << 62, UIDValidity: 1<<32 - 1, Messages: -1, QuotaCount: 8}),
		appendMailbox(nil, store.MailboxRow{ID: 1, Name: "INBOX", SpecialUse: []string{`\Sent`}, Bytes: 1 << 50}),
		appendMessage(nil, store.MessageRow{Email: 1 << 63, Thread: 2, Summary: []byte("summary")}),
		appendState(nil, store.StateRow{ModSeq: 9, Flags: flags, Size: 5, Received: at, Saved: at}),
		appendEmail(nil, store.EmailRow{Refs: 1<<32 - 1, Size: 9, SHA256: [32]byte{3}, Blob: "ref"}),
		appendRemoved(nil, ranges),
		appendChange(nil, []store.ChangeItem{{Mailbox: 3, Kind: store.MessagesRemoved, UIDs: ranges}, {Kind: store.SubscriptionsChanged}}),
		appendNumber(nil, 1<<64-1),
		appendInstant(nil, at),
		appendAccount(nil, store.AccountRow{Version: 1, Address: "a", Aliases: []string{"b", ""}, Disabled: true, Created: at, ScramSalt: []byte{1}}),
		appendCredential(nil, store.CredentialRow{Kind: 2, Hash: "h", Scram: []store.ScramVerifier{{Mechanism: "m"}}, Expires: at, Networks: []string{"n"}}),
		appendAttempt(nil, store.AttemptRow{Account: 7, JSON: []byte("{}")}),
		appendRevision(nil, store.RevisionRow{Hash: "h", Document: []byte("d"), Created: at, Reason: "r"}),
	}
}

// TestRowsRoundTrip also cuts every row everywhere: what is left must be
// refused, not misread.
func TestRowsRoundTrip(t *testing.T) {
	for i, row := range exampleRows() {
		c := rowCodecs[i]
		again, err := c.again(row)
		if err != nil || !bytes.Equal(row, again) {
			t.Errorf("%s: %x came back as %x, %v", c.name, row, again, err)
		}
		for n := range row {
			if _, err := c.again(row[:n]); err == nil {
				t.Errorf("%s: its first %d of %d bytes pass for a row", c.name, n, len(row))
			}
		}
		if _, err := c.again(append(bytes.Clone(row), 0)); err == nil {
			t.Errorf("%s: a byte more passes for a row", c.name)
		}
		row[0] = rowVersion + 1
		if _, err := c.again(row); err == nil {
			t.Errorf("%s: an unknown version passes for a row", c.name)
		}
	}
}

// FuzzRows feeds any bytes to every decoder. What one accepts must be what the
// encoder writes for it, up to the length of varints.
func FuzzRows(f *testing.F) {
	for _, row := range exampleRows() {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range rowCodecs {
			once, err := c.again(b)
			if err != nil {
				continue
			}
			twice, err := c.again(once)
			if err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%s: %x became %x, then %x (%v)", c.name, b, once, twice, err)
			}
		}
	})
}

// FuzzKeys feeds any key and value to what Verify does with them.
func FuzzKeys(f *testing.F) {
	f.Add(appendUIDKey(nil, 1, kindState, 2, 3), exampleRows()[3])
	f.Add([]byte{spaceSystem, kindRevision, 1}, []byte{1})
	f.Add([]byte{spaceAttemptsOf}, []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if len(key) == 0 {
			return
		}
		if keyName(key) == "" {
			t.Error("a key without a name")
		}
		_ = checkRow(key, value)
	})
}

func TestPrefixEnd(t *testing.T) {
	for _, c := range []struct{ in, want string }{{"a", "b"}, {"a\xff", "b"}, {"\xff\xff", ""}, {"", ""}, {"a\x00", "a\x01"}} {
		if got := string(prefixEnd([]byte(c.in))); got != c.want {
			t.Errorf("prefixEnd(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
