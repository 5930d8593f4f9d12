package imapwire

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Encoder appends responses to a byte slice. Its methods and the Append
// functions of this package only ever write whole, well-formed pieces: bytes
// that a quoted string, an atom or a text cannot carry are sent as a literal or
// replaced, never passed on. The zero Encoder is for a plain IMAP4rev1 session.
type Encoder struct {
	// UTF8 is set after ENABLE IMAP4rev2 or UTF8=ACCEPT: mailbox names and
	// quoted strings then go out as UTF-8 (RFC 9051 §5.1, RFC 6855 §3).
	UTF8 bool
}

// Condition is the word of a status response.
type Condition uint8

// The conditions (RFC 9051 §7.1).
const (
	OK Condition = iota
	NO
	BAD
	BYE
	PREAUTH
)

// String is the word.
func (c Condition) String() string {
	switch c {
	case OK:
		return "OK"
	case NO:
		return "NO"
	case BAD:
		return "BAD"
	case BYE:
		return "BYE"
	case PREAUTH:
		return "PREAUTH"
	}
	return "BAD"
}

// AppendStatus appends "tag OK [code] text". An empty tag, or one that is no
// tag, is "*"; code may be nil; an empty text becomes the condition's word.
func (e Encoder) AppendStatus(dst []byte, tag string, c Condition, code Code, text string) []byte {
	if !ValidTag(tag) {
		tag = "*"
	}
	dst = append(dst, tag...)
	dst = append(dst, ' ')
	dst = append(dst, c.String()...)
	dst = append(dst, ' ')
	if code != nil {
		dst = append(dst, '[')
		dst = code.appendCode(dst, e)
		dst = append(dst, ']', ' ')
	}
	if text == "" {
		text = c.String()
	}
	return e.appendText(dst, text, code == nil)
}

// AppendContinue appends "+ text", the request to go on.
func (e Encoder) AppendContinue(dst []byte, text string) []byte {
	if text == "" {
		text = "OK"
	}
	return e.appendText(append(dst, "+ "...), text, true)
}

// AppendChallenge appends a SASL challenge as "+ base64"; an empty one is
// "+ " (RFC 9051 §6.2.2).
func AppendChallenge(dst, challenge []byte) []byte {
	dst = append(dst, "+ "...)
	dst = base64.StdEncoding.AppendEncode(dst, challenge)
	return append(dst, "\r\n"...)
}

// appendText appends human text and CRLF. What is no printable ASCII becomes
// '?', except valid UTF-8 in a UTF-8 session. Text that would read as a
// response code because it begins the line with "[" gets a space before it.
func (e Encoder) appendText(dst []byte, s string, start bool) []byte {
	if start && strings.HasPrefix(s, "[") {
		dst = append(dst, '-', ' ')
	}
	dst = e.appendClean(dst, s)
	return append(dst, "\r\n"...)
}

func (e Encoder) appendClean(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case ' ' <= r && r < 0x7f:
			dst = append(dst, byte(r))
		case e.UTF8 && r >= 0xa0 && r != '\ufffd':
			dst = append(dst, string(r)...)
		default:
			dst = append(dst, '?')
		}
	}
	return dst
}

// AppendCapability appends "* CAPABILITY …".
func AppendCapability(dst []byte, caps []string) []byte {
	return appendAtoms(append(dst, "* CAPABILITY"...), caps)
}

// AppendEnabled appends "* ENABLED …"; no capability is right too.
func AppendEnabled(dst []byte, caps []string) []byte {
	return appendAtoms(append(dst, "* ENABLED"...), caps)
}

func appendAtoms(dst []byte, atoms []string) []byte {
	for _, a := range atoms {
		if validAtom(a) {
			dst = append(dst, ' ')
			dst = append(dst, a...)
		}
	}
	return append(dst, "\r\n"...)
}

// AppendExists appends "* n EXISTS".
func AppendExists(dst []byte, n uint32) []byte { return appendNumbered(dst, n, " EXISTS\r\n") }

// AppendRecent appends "* n RECENT" (RFC 3501 sessions want it in SELECT).
func AppendRecent(dst []byte, n uint32) []byte { return appendNumbered(dst, n, " RECENT\r\n") }

// AppendExpunge appends "* n EXPUNGE".
func AppendExpunge(dst []byte, seq uint32) []byte { return appendNumbered(dst, seq, " EXPUNGE\r\n") }

func appendNumbered(dst []byte, n uint32, what string) []byte {
	dst = append(dst, '*', ' ')
	dst = strconv.AppendUint(dst, uint64(n), 10)
	return append(dst, what...)
}

// AppendVanished appends "* VANISHED uids", with EARLIER as the answer to a
// QRESYNC select or a VANISHED fetch (RFC 7162 §3.2.10). An empty set appends
// nothing.
func AppendVanished(dst []byte, uids UIDSet, earlier bool) []byte {
	if len(uids.ranges) == 0 {
		return dst
	}
	dst = append(dst, "* VANISHED "...)
	if earlier {
		dst = append(dst, "(EARLIER) "...)
	}
	return append(uids.AppendTo(dst), "\r\n"...)
}

// AppendFlags appends "* FLAGS (…)": the system flags and the keywords that
// are in the mailbox.
func AppendFlags(dst []byte, keywords []string) []byte {
	dst = append(dst, "* FLAGS "...)
	dst = appendAllFlags(dst, keywords, false)
	return append(dst, "\r\n"...)
}

// appendAllFlags appends a list of all system flags and the keywords.
func appendAllFlags(dst []byte, keywords []string, wildcard bool) []byte {
	dst = append(dst, `(\Answered \Flagged \Deleted \Seen \Draft`...)
	for _, k := range keywords {
		dst = appendFlagAtom(dst, k, true)
	}
	if wildcard {
		dst = append(dst, ` \*`...)
	}
	return append(dst, ')')
}

func appendFlagAtom(dst []byte, k string, space bool) []byte {
	if !validAtom(k) {
		return dst
	}
	if space {
		dst = append(dst, ' ')
	}
	return append(dst, k...)
}

// AppendID appends "* ID (…)", or NIL for no fields (RFC 2971 §3.2).
func (e Encoder) AppendID(dst []byte, params []IDParam) []byte {
	dst = append(dst, "* ID "...)
	if len(params) == 0 {
		return append(dst, "NIL\r\n"...)
	}
	sep := byte('(')
	for _, p := range params {
		dst = append(dst, sep)
		dst = e.AppendString(dst, p.Key)
		dst = append(dst, ' ')
		if p.Nil {
			dst = append(dst, "NIL"...)
		} else {
			dst = e.AppendString(dst, p.Value)
		}
		sep = ' '
	}
	return append(dst, ")\r\n"...)
}
