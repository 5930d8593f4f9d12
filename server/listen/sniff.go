package listen

import "bytes"

// SniffHTTP tells whether a mail client's first bytes, at least its first line
// or 16 octets of it, are an HTTP request: a browser that was made to speak to a
// mail port (the ALPACA and cross-protocol attacks). A door then drops the
// connection without a word, so that nothing of the request is reflected.
func SniffHTTP(first []byte) bool {
	line, _, _ := bytes.Cut(first, []byte("\n"))
	verb, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return false
	}
	switch string(verb) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI", "PROPFIND":
	default:
		return false
	}
	// A tag may be called GET (RFC 9051 §2.2.1), but no command begins like this.
	for _, p := range []string{"/", "*", "http:", "https:"} {
		if bytes.HasPrefix(rest, []byte(p)) {
			return true
		}
	}
	return bytes.Contains(rest, []byte(" HTTP/")) || string(verb) == "CONNECT" && bytes.ContainsRune(rest, ':')
}
