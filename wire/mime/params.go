package mime

import (
	"strconv"
	"strings"
)

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimSpace(s string) string { return strings.Trim(s, " \t\r\n") }

func trimRightSpace(s string) string { return strings.TrimRight(s, " \t\r\n") }

// isToken tells whether s is a token as far as a media type goes: RFC 2045
// §5.1, with 8-bit bytes and most specials allowed.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c == 0x7f || c == '"' || c == '/' || c == ';' || c == ',' {
			return false
		}
	}
	return s != ""
}

// parseParams reads "word; name=value; name="value"", the form of Content-Type
// and Content-Disposition, at most limit parameters; more tells whether there
// are others. The word is in lower case and without comments.
func parseParams(v string, limit int) (word string, params Params, more bool) {
	word, rest, _ := strings.Cut(v, ";")
	if i := strings.IndexByte(word, '='); i > 0 { // the first semicolon is missing: "application/pdf name=x"
		i = 1 + strings.LastIndexAny(trimRightSpace(word[:i]), " \t")
		word, rest = v[:i], v[i:]
	}
	word = lowerASCII(trimSpace(cutComments(word)))
	for {
		rest = strings.TrimLeft(rest, " \t\r\n;")
		if rest == "" {
			return word, params, false
		}
		var p Param
		p, rest = parseParam(rest)
		if p.Name == "" {
			continue
		}
		if len(params) >= limit {
			return word, params, true
		}
		if params == nil {
			params = make(Params, 0, min(1+strings.Count(rest, ";"), 4))
		}
		params = append(params, p)
	}
}

// parseParam reads one parameter; its name is empty if there is no '=' before
// the next semicolon.
func parseParam(s string) (p Param, rest string) {
	i := 0
	for i < len(s) && s[i] != '=' && s[i] != ';' {
		i++
	}
	if i == len(s) || s[i] == ';' {
		return p, s[i:]
	}
	name := trimSpace(s[:i])
	if j := strings.LastIndexAny(name, " \t)"); j >= 0 { // after a comment or other junk
		name = name[j+1:]
	}
	p.Name = name
	s = strings.TrimLeft(s[i+1:], " \t\r\n")
	if s != "" && s[0] == '"' {
		p.Value, rest = unquote(s)
		return p, rest
	}
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	value := trimRightSpace(s[:end])
	if strings.HasSuffix(value, ")") { // a trailing comment, not the "(1)" within a file name
		if j := strings.LastIndexByte(value, '('); j > 0 && isSpace(value[j-1]) {
			value = trimRightSpace(value[:j])
		}
	}
	p.Value = value
	return p, s[end:]
}

// unquote reads the quoted string that s begins with; without a closing quote
// it goes to the end. Only \" and \\ are taken for escapes: the other
// backslashes seen in mail belong to Windows paths.
func unquote(s string) (value, rest string) {
	i, escapes := 1, false
	for i < len(s) && s[i] != '"' {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			escapes = true
			i++
		}
		i++
	}
	value = s[1:min(i, len(s))]
	rest = s[min(i+1, len(s)):]
	if !escapes {
		return value, rest
	}
	b := make([]byte, 0, len(value))
	for j := 0; j < len(value); j++ {
		if value[j] == '\\' && j+1 < len(value) && (value[j+1] == '"' || value[j+1] == '\\') {
			j++
		}
		b = append(b, value[j])
	}
	return string(b), rest
}

// cutComments removes RFC 5322 comments, nested ones too.
func cutComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && depth > 0:
			i++
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b = append(b, c)
		}
	}
	return string(b)
}

func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lower(b[j])
			}
			return string(b)
		}
	}
	return s
}

// equalFold compares without regard to ASCII case.
func equalFold[S, T string | []byte](a S, b T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// Get gives the parameter as text: RFC 2231 continuations, charsets and
// percent encoding are decoded, and encoded words too, which RFC 2047 forbids
// here and many mailers write. The decoded form wins over a plain one beside
// it. Names are matched without regard to case.
func (p Params) Get(name string) (string, bool) {
	plain, hasPlain, tried := "", false, false
	for _, q := range p {
		switch {
		case len(q.Name) < len(name) || !equalFold(q.Name[:len(name)], name):
		case len(q.Name) == len(name):
			if !hasPlain {
				plain, hasPlain = q.Value, true
			}
		case q.Name[len(name)] == '*' && !tried:
			tried = true
			if v, ok := p.extended(name); ok {
				return v, true
			}
		}
	}
	if !hasPlain {
		return "", false
	}
	return DecodeHeader(plain), true
}

// boundary is the boundary parameter, in which "=?" means nothing, or "".
func (p Params) boundary() string {
	for _, q := range p {
		if equalFold(q.Name, "boundary") {
			return trimRightSpace(q.Value)
		}
	}
	v, _ := p.Get("boundary")
	return trimRightSpace(v)
}

// extended gathers the segments of an RFC 2231 parameter.
func (p Params) extended(name string) (string, bool) {
	type segment struct {
		value   string
		percent bool
	}
	segments := map[int]segment{}
	for _, q := range p {
		if len(q.Name) <= len(name) || q.Name[len(name)] != '*' || !equalFold(q.Name[:len(name)], name) {
			continue
		}
		number, percent := strings.CutSuffix(q.Name[len(name)+1:], "*")
		n := 0
		if number == "" { // "name*"
			percent = true
		} else if v, err := strconv.ParseUint(number, 10, 16); err == nil {
			n = int(v)
		} else {
			continue
		}
		if _, ok := segments[n]; !ok {
			segments[n] = segment{q.Value, percent}
		}
	}
	charset := ""
	var b []byte
	for n := 0; ; n++ {
		seg, ok := segments[n]
		if !ok {
			if n == 0 {
				return "", false
			}
			break
		}
		if n == 0 && seg.percent {
			charset, seg.value = cutCharset(seg.value)
		}
		if seg.percent {
			b = appendPercent(b, seg.value)
		} else {
			b = append(b, seg.value...)
		}
	}
	if charset == "" {
		return decodeGuessed(string(b)), true
	}
	return oneLine(decodeString(charset, b)), true
}

// cutCharset takes charset'language' off the first segment (RFC 2231 §4).
func cutCharset(v string) (charset, rest string) {
	charset, tail, ok := strings.Cut(v, "'")
	if !ok {
		return "", v
	}
	if _, text, ok := strings.Cut(tail, "'"); ok {
		return charset, text
	}
	return "", v
}

func appendPercent(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi < 16 && lo < 16 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// Filename is the name the sender gave to the part: filename of
// Content-Disposition, or else name of Content-Type; "" for none.
func (p *Part) Filename() string {
	if v, ok := p.DispositionParams.Get("filename"); ok {
		return v
	}
	v, _ := p.Params.Get("name")
	return v
}

// Charset is the charset parameter in lower case, "us-ascii" where there is none.
func (p *Part) Charset() string {
	v, _ := p.Params.Get("charset")
	if v = lowerASCII(trimSpace(v)); v == "" {
		return "us-ascii"
	}
	return v
}

// encodingWord is the mechanism a Content-Transfer-Encoding names, in lower
// case, without comments and the semicolons some mailers add.
func encodingWord(v string) string {
	v = strings.TrimLeft(cutComments(v), " \t\"")
	if i := strings.IndexAny(v, " \t;\","); i >= 0 {
		v = v[:i]
	}
	return lowerASCII(v)
}
