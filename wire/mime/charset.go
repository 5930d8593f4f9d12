package mime

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// NewCharsetReader decodes r from charset to UTF-8. What cannot be decoded
// becomes U+FFFD; with an unknown charset every byte above 127 does, and known
// is false. Names are those of IANA and of the WHATWG and what mailers write
// instead. Where there is no charset or US-ASCII (and so nothing above 127
// should be) such bytes are taken as UTF-8 or else windows-1252.
func NewCharsetReader(charset string, r io.Reader) (_ io.Reader, known bool) {
	t, known := decoderOf(charset)
	return transform.NewReader(r, t), known
}

// KnownCharset tells whether NewCharsetReader knows a charset.
func KnownCharset(charset string) bool {
	_, known := decoderOf(charset)
	return known
}

// decodeString is NewCharsetReader for bytes in memory.
func decodeString(charset string, b []byte) string {
	if isASCII(b) && isASCIISuperset(charset) {
		return string(b)
	}
	t, _ := decoderOf(charset)
	out, _, err := transform.Bytes(t, b)
	if err != nil { // a decoder of x/text that reports instead of replacing
		out = append(out, "\uFFFD"...)
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// decodeGuessed decodes raw 8-bit text without a charset: UTF-8 if it is that
// throughout, else windows-1252.
func decodeGuessed(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return out
}

func isASCII(b []byte) bool {
	return !has8Bit(b) && bytes.IndexByte(b, 0x1b) < 0
}

// isASCIISuperset tells of the commonest charsets that bytes up to 127 are
// ASCII in them.
func isASCIISuperset(charset string) bool {
	switch charset {
	case "us-ascii", "utf-8", "UTF-8", "US-ASCII", "iso-8859-1", "ISO-8859-1", "windows-1252", "":
		return true
	}
	return false
}

// decoderOf finds the decoder of a charset.
func decoderOf(charset string) (t transform.Transformer, known bool) {
	name := lowerASCII(strings.Trim(charset, " \t\r\n\"'"))
	if len(name) > 64 {
		return unknownDecoder{}, false
	}
	switch name {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "646", "iso646-us", "unknown-8bit", "8bit", "7bit", "default", "x-user-defined":
		return guessDecoder{}, true
	case "utf-7", "unicode-1-1-utf-7", "csutf7":
		return &utf7Decoder{}, true
	}
	if e := encodingOf(name); e != nil {
		return e.NewDecoder(), true
	}
	return unknownDecoder{}, false
}

func encodingOf(name string) encoding.Encoding {
	switch name { // what the indexes lack, or have as 'replacement'
	case "utf-8", "utf8":
		return unicode.UTF8BOM
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "iso-2022-kr":
		return nil
	case "cp949", "ms949", "uhc":
		return korean.EUCKR
	case "cp936", "ms936", "x-gbk":
		return simplifiedchinese.GBK
	}
	for _, alias := range aliases(name) {
		if e, err := htmlindex.Get(alias); err == nil && e != encoding.Replacement {
			return e
		}
		if e, err := ianaindex.MIME.Encoding(alias); err == nil && e != nil {
			return e
		}
	}
	return nil
}

// aliases are a name and its known misspellings: "cp932", "iso8859_15",
// "win-1251", "latin-1", "x-mac-roman".
func aliases(name string) []string {
	out := []string{name}
	bare := strings.NewReplacer("_", "-", " ", "-").Replace(name)
	switch {
	case bare == "cp932" || bare == "ms932" || bare == "windows-31j":
		out = append(out, "shift_jis")
	case bare == "cp950":
		out = append(out, "big5")
	case strings.HasPrefix(bare, "cp-"), strings.HasPrefix(bare, "cp"):
		digits := strings.TrimPrefix(strings.TrimPrefix(bare, "cp"), "-")
		out = append(out, "windows-"+digits, "ibm"+digits)
	case strings.HasPrefix(bare, "win-"), strings.HasPrefix(bare, "win1"):
		out = append(out, "windows-"+strings.TrimPrefix(strings.TrimPrefix(bare, "win"), "-"))
	case strings.HasPrefix(bare, "iso8859"):
		out = append(out, "iso-8859-"+strings.TrimPrefix(strings.TrimPrefix(bare, "iso8859"), "-"))
	case strings.HasPrefix(bare, "latin-"):
		out = append(out, "latin"+strings.TrimPrefix(bare, "latin-"))
	case strings.HasPrefix(bare, "iso-2022-jp"):
		out = append(out, "iso-2022-jp")
	case strings.HasPrefix(bare, "x-"):
		out = append(out, bare[2:])
	}
	return append(out, bare)
}

// unknownDecoder lets ASCII through and replaces each other byte.
type unknownDecoder struct{ transform.NopResetter }

func (unknownDecoder) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	for _, c := range src {
		if nDst+3 > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		if c < 0x80 {
			dst[nDst] = c
			nDst++
		} else {
			nDst += copy(dst[nDst:], "\uFFFD")
		}
		nSrc++
	}
	return nDst, nSrc, nil
}

// guessDecoder keeps what is UTF-8 and takes each other byte as windows-1252.
type guessDecoder struct{ transform.NopResetter }

func (guessDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		if src[nSrc] < 0x80 {
			dst[nDst] = src[nSrc]
			nDst++
			nSrc++
			continue
		}
		r, n := utf8.DecodeRune(src[nSrc:])
		if r == utf8.RuneError && n <= 1 {
			if !atEOF && !utf8.FullRune(src[nSrc:]) {
				return nDst, nSrc, transform.ErrShortSrc
			}
			r, n = charmap.Windows1252.DecodeByte(src[nSrc]), 1
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += n
	}
	return nDst, nSrc, nil
}
