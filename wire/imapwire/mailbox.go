package imapwire

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// CanonicalMailbox gives the one spelling of a UTF-8 mailbox name: Unicode NFC
// (RFC 9051 §5.1 by way of RFC 5198) with any spelling of INBOX as "INBOX".
func CanonicalMailbox(name string) string {
	if !norm.NFC.IsNormalString(name) {
		name = norm.NFC.String(name)
	}
	if strings.EqualFold(name, "INBOX") && len(name) == len("INBOX") {
		return "INBOX"
	}
	return name
}

// badMailbox tells what is wrong with a UTF-8 mailbox name: it is empty, no
// UTF-8, or has control characters or the line and paragraph separators that
// RFC 9051 §5.1 forbids. It is "" for a good one.
func badMailbox(name string) string {
	if name == "" {
		return "a mailbox name may not be empty"
	}
	return badName(name)
}

func badName(name string) string {
	if !utf8.ValidString(name) {
		return "a mailbox name must be UTF-8"
	}
	for _, r := range name {
		if r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return "a mailbox name may not have control characters"
		}
	}
	return ""
}

// mailbox takes a mailbox name.
func (d *Decoder) mailbox() string {
	raw := d.astring("a mailbox name")
	if !d.ok() {
		return ""
	}
	name, ok := d.decodeName(string(raw))
	if !ok {
		d.fail(BadMailbox, "the mailbox name is not in modified UTF-7")
		return ""
	}
	if text := badMailbox(name); text != "" {
		d.fail(BadMailbox, text)
		return ""
	}
	return CanonicalMailbox(name)
}

// decodeName gives the UTF-8 of a name as this session's client writes it.
// UTF-8 beyond ASCII is never modified UTF-7, and is taken as it is from
// go-imap v2's client, which sends it as soon as IMAP4rev2 is announced and not
// only after ENABLE.
func (d *Decoder) decodeName(raw string) (string, bool) {
	if d.utf8 || plainMailbox(raw) || beyondASCII(raw) && utf8.ValidString(raw) {
		return raw, true
	}
	return DecodeUTF7(raw)
}

func beyondASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
}

// pattern takes a LIST reference or, with wild, a pattern; either may be
// empty. Where it is not modified UTF-7 it stays as it is: then it is just not
// the name of anything.
func (d *Decoder) pattern(what string, wild bool) string {
	raw := d.astring(what)
	if !d.ok() {
		return ""
	}
	name, ok := d.decodeName(string(raw))
	if !ok {
		name = strings.ToValidUTF8(string(raw), "?")
	}
	if text := badName(name); text != "" {
		d.fail(BadMailbox, text)
		return ""
	}
	if wild && !norm.NFC.IsNormalString(name) {
		name = norm.NFC.String(name)
	}
	return name
}

// oneMailbox takes a space and a mailbox name.
func (d *Decoder) oneMailbox() string {
	d.space(d.verb)
	return d.mailbox()
}
