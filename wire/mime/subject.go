package mime

import "strings"

// BaseSubject is the base subject of RFC 5256 §2.1 of a decoded subject, and
// whether it is that of a reply or forward. Callers compare bases without
// regard to case.
func BaseSubject(subject string) (base string, isReply bool) {
	s := strings.Join(strings.Fields(subject), " ") // step 1
	for {
		s, isReply = cutTrailers(s, isReply)
		s, isReply = cutLeaders(s, isReply)
		// Step 6: "[fwd: … ]" around all of it.
		const fwd = "[fwd:"
		if len(s) < len(fwd)+1 || !equalFold(s[:len(fwd)], fwd) || s[len(s)-1] != ']' {
			return s, isReply
		}
		s = strings.Trim(s[len(fwd):len(s)-1], " ")
		isReply = true
	}
}

// cutTrailers is step 2: "(fwd)" and white space at the end.
func cutTrailers(s string, was bool) (string, bool) {
	const fwd = "(fwd)"
	for {
		s = strings.TrimRight(s, " ")
		n := len(s) - len(fwd)
		if n < 0 || !equalFold(s[n:], fwd) {
			return s, was
		}
		s, was = s[:n], true
	}
}

// cutLeaders is steps 3 to 5: "Re:", "Fwd:", "[blob]" at the beginning. A run
// of blobs is looked at once, so that the time stays linear: with a refwd
// after it all of it goes, without one its blobs go one by one as long as
// something is left.
func cutLeaders(s string, was bool) (string, bool) {
	for {
		s = strings.TrimLeft(s, " ")
		rest := s
		last := s // before the last blob
		for {
			n := blobLen(rest)
			if n == 0 {
				break
			}
			last, rest = rest, rest[n:]
		}
		if n := refwdLen(rest); n > 0 {
			s, was = rest[n:], true
			continue
		}
		if rest == "" {
			return strings.TrimRight(last, " "), was
		}
		return rest, was
	}
}

// blobLen is the length of "[…]" and the spaces after it that s begins with.
func blobLen(s string) int {
	if s == "" || s[0] != '[' {
		return 0
	}
	end := strings.IndexAny(s[1:], "[]")
	if end < 0 || s[1+end] == '[' {
		return 0
	}
	n := end + 2
	for n < len(s) && s[n] == ' ' {
		n++
	}
	return n
}

// refwdLen is the length of ("re" / "fw" ["d"]) *WSP [blob] ":" at the start.
func refwdLen(s string) int {
	n := 0
	switch {
	case len(s) >= 3 && equalFold(s[:3], "fwd"):
		n = 3
	case len(s) >= 2 && (equalFold(s[:2], "fw") || equalFold(s[:2], "re")):
		n = 2
	default:
		return 0
	}
	for n < len(s) && s[n] == ' ' {
		n++
	}
	n += blobLen(s[n:])
	if n < len(s) && s[n] == ':' {
		return n + 1
	}
	return 0
}
