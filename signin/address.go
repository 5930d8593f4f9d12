package signin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postern/fault"
)

// Limits of RFC 5321 §4.5.3.1, for the address in its UTF-8 or A-label form.
const (
	maxLocalPart = 64
	maxDomain    = 253
	maxLabel     = 63

	longestAddress = maxLocalPart + 1 + maxDomain
)

// NormalAddress brings an address into the one form in which it is stored and
// compared: NFC, small letters in the local part too, the domain in A-labels
// (RFC 5890). A subaddress is part of the local part: name+tag is another
// address than name.
func NormalAddress(address string) (string, error) {
	const op = "signin.NormalAddress"
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", fault.New(fault.Invalid, op, "address %q has no domain, want name@domain", address)
	}
	local, err := normalLocalPart(address[:at])
	if err != nil {
		return "", fault.New(fault.Invalid, op, "address %q: %w", address, err)
	}
	domain, err := normalDomain(address[at+1:])
	if err != nil {
		return "", fault.New(fault.Invalid, op, "address %q: %w", address, err)
	}
	return local + "@" + domain, nil
}

func normalLocalPart(s string) (string, error) {
	if !plainLower(s) {
		if !utf8.ValidString(s) {
			return "", fault.New(fault.Invalid, "", "the part before the @ is not UTF-8")
		}
		s = norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
	}
	if s == "" || len(s) > maxLocalPart {
		return "", fault.New(fault.Invalid, "", "%d bytes before the @, want 1 to %d", len(s), maxLocalPart)
	}
	for _, c := range s {
		if c <= ' ' || c == 0x7f || strings.ContainsRune(`"(),:;<>@[\]`, c) || !unicode.IsGraphic(c) || unicode.IsSpace(c) {
			return "", fault.New(fault.Invalid, "", "character %q before the @ is not taken", c)
		}
	}
	if s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return "", fault.New(fault.Invalid, "", "dots stand between other characters only")
	}
	return s, nil
}

func normalDomain(s string) (string, error) {
	s = strings.TrimSuffix(s, ".")
	if !plainLower(s) {
		if !utf8.ValidString(s) {
			return "", fault.New(fault.Invalid, "", "the domain is not UTF-8")
		}
		s = norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
		s = strings.ReplaceAll(s, "\u3002", ".") // the ideographic full stop (RFC 3490 §3.1)
	}
	labels := strings.Split(s, ".")
	for i, l := range labels {
		a, err := aLabel(l)
		if err != nil {
			return "", err
		}
		labels[i] = a
	}
	s = strings.Join(labels, ".")
	if len(s) > maxDomain {
		return "", fault.New(fault.Invalid, "", "a domain of %d bytes, want at most %d", len(s), maxDomain)
	}
	return s, nil
}

// aLabel is the label as it is in the DNS.
func aLabel(l string) (string, error) {
	for _, c := range l {
		ldh := c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '_'
		if !ldh && (c < 0x80 || !unicode.In(c, unicode.L, unicode.M, unicode.Nd)) {
			return "", fault.New(fault.Invalid, "", "character %q in the domain is not taken", c)
		}
	}
	a := punycode(l)
	if a == "" || len(a) > maxLabel || a[0] == '-' || a[len(a)-1] == '-' {
		return "", fault.New(fault.Invalid, "", "part %q of the domain is not a host name of 1 to %d characters", l, maxLabel)
	}
	return a, nil
}

// plainLower tells whether s is ASCII without capitals, so that nothing of it
// would change.
func plainLower(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// signInName is the address that a name as sent means: the full address, or
// the local part alone if one domain is served. A name that can be nobody's is
// false; the string is then only good for telling names apart.
func signInName(name, defaultDomain string) (string, bool) {
	const longest = maxLocalPart + 1 + 4*maxDomain
	if len(name) > longest {
		return name[:longest], false
	}
	full := name
	if defaultDomain != "" && strings.IndexByte(name, '@') < 0 {
		full = name + "@" + defaultDomain
	}
	n, err := NormalAddress(full)
	if err != nil {
		return strings.ToLower(name), false
	}
	return n, true
}
