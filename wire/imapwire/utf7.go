package imapwire

import (
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"
)

// utf7 is the base64 of RFC 3501 §5.1.3: "," for "/" and no padding.
func utf7() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
		WithPadding(base64.NoPadding).Strict()
}

// EncodeUTF7 gives a UTF-8 mailbox name in modified UTF-7 (RFC 3501 §5.1.3).
// Bytes that are no UTF-8 become U+FFFD.
func EncodeUTF7(name string) string {
	if plainMailbox(name) {
		return name
	}
	enc := utf7()
	out := make([]byte, 0, len(name)+len(name)/2)
	var units []byte
	flush := func() {
		if len(units) > 0 {
			out = append(enc.AppendEncode(append(out, '&'), units), '-')
			units = units[:0]
		}
	}
	for _, r := range name {
		switch {
		case r == '&':
			flush()
			out = append(out, "&-"...)
		case ' ' <= r && r <= '~':
			flush()
			out = append(out, byte(r))
		case r >= 0x10000:
			hi, lo := utf16.EncodeRune(r)
			units = append(units, byte(hi>>8), byte(hi), byte(lo>>8), byte(lo))
		default:
			units = append(units, byte(r>>8), byte(r))
		}
	}
	flush()
	return string(out)
}

// DecodeUTF7 gives the UTF-8 of a name in modified UTF-7. ok is false for what
// EncodeUTF7 would not have written: bad base64, lone surrogates, printable
// ASCII or a second spelling of a name in base64, bytes over 126.
func DecodeUTF7(name string) (s string, ok bool) {
	enc := utf7()
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < ' ' || c > '~' {
			return "", false
		}
		if c != '&' {
			out = append(out, c)
			continue
		}
		start := i + 1
		for i++; i < len(name) && name[i] != '-'; i++ {
		}
		if i == len(name) {
			return "", false
		}
		if start == i {
			out = append(out, '&')
			continue
		}
		raw, err := enc.DecodeString(name[start:i])
		if err != nil || len(raw)%2 != 0 {
			return "", false
		}
		if out, ok = appendUTF16(out, raw); !ok {
			return "", false
		}
	}
	s = string(out)
	return s, EncodeUTF7(s) == name
}

// appendUTF16 appends big-endian UTF-16 as UTF-8.
func appendUTF16(dst, raw []byte) ([]byte, bool) {
	for i := 0; i < len(raw); i += 2 {
		r := rune(raw[i])<<8 | rune(raw[i+1])
		if utf16.IsSurrogate(r) {
			if i += 2; i >= len(raw) {
				return dst, false
			}
			if r = utf16.DecodeRune(r, rune(raw[i])<<8|rune(raw[i+1])); r == utf8.RuneError {
				return dst, false
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst, true
}
