package mime

import (
	"strconv"
	"strings"
	"time"
)

// ParseDate reads a date of RFC 5322 §3.3 and §4.3 or what mailers write
// instead: obsolete and missing zones, years of two digits, missing seconds,
// missing or wrong weekdays, comments, the order of asctime, ISO 8601. The
// result has the zone as written, UTC if there is none or an unknown one. It
// is in the years 1900 to 9999.
func ParseDate(s string) (time.Time, bool) {
	const longest = 200
	s = trimSpace(s)
	if len(s) > longest {
		s = s[:longest]
	}
	d := dateParts{month: 0, day: -1, year: -1, hour: -1}
	for _, word := range strings.FieldsFunc(cutComments(s), func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\r' || r == '\n' }) {
		d.take(word)
	}
	return d.time()
}

type dateParts struct {
	day, year         int
	month             time.Month
	hour, minute, sec int
	pm, am            bool
	offset            int // seconds east
	hasZone           bool
}

// take finds out what a word is by its form and by what is known already.
func (d *dateParts) take(word string) {
	switch {
	case len(word) > 11 && lower(word[10]) == 't' && d.takeISO(word[:10]):
		d.takeTime(word[11:])
	case strings.IndexByte(word, ':') > 0 && word[0] != '+' && word[0] != '-':
		d.takeTime(word)
	case d.takeISO(word):
	case strings.IndexByte(word[1:], '-') >= 0 && d.day < 0: // 2-Jan-2006
		for part := range strings.SplitSeq(word, "-") {
			if part != "" {
				d.take(part)
			}
		}
	case word[0] == '+' || word[0] == '-':
		d.takeOffset(word)
	case isDigits(word):
		d.takeNumber(word)
	default:
		d.takeName(word)
	}
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 9
}

func (d *dateParts) takeNumber(word string) {
	n, err := strconv.Atoi(word)
	switch {
	case err != nil:
	case d.day < 0 && len(word) <= 2:
		d.day = n
	case d.year < 0 && d.month != 0:
		switch { // RFC 5322 §4.3
		case len(word) == 2 && n < 50:
			n += 2000
		case len(word) <= 3:
			n += 1900
		}
		d.year = n
	}
}

// takeTime reads 15:04, 15:04:05 and 15:04:05.999, also with a zone glued on.
func (d *dateParts) takeTime(word string) {
	if i := strings.IndexAny(word, "+-"); i > 0 {
		d.takeOffset(word[i:])
		word = word[:i]
	}
	end := len(word)
	for end > 0 && (word[end-1] < '0' || word[end-1] > '9') {
		end--
	}
	if end < len(word) {
		d.takeName(word[end:])
	}
	word, _, _ = strings.Cut(word[:end], ".")
	var parts [3]int
	n := 0
	for part := range strings.SplitSeq(word, ":") {
		v, err := strconv.Atoi(part)
		if n == len(parts) || err != nil || v < 0 || len(part) > 2 {
			return
		}
		parts[n] = v
		n++
	}
	if d.hour < 0 && n >= 2 {
		d.hour, d.minute, d.sec = parts[0], parts[1], min(parts[2], 60)
		if parts[2] == 60 { // a leap second
			d.sec = 59
		}
	}
}

// takeISO reads 2006-01-02 and 2006-01-02T15:04:05Z.
func (d *dateParts) takeISO(word string) bool {
	if len(word) < 10 || word[4] != '-' || word[7] != '-' || d.day >= 0 {
		return false
	}
	t, err := time.Parse(time.DateOnly, word[:10])
	if err != nil {
		return false
	}
	d.year, d.month, d.day = t.Year(), t.Month(), t.Day()
	return true
}

// takeOffset reads +hhmm, +hh:mm and +hh.
func (d *dateParts) takeOffset(word string) {
	digits := strings.ReplaceAll(word[1:], ":", "")
	if !isDigits(digits) || len(digits) > 4 || d.hasZone {
		return
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return
	}
	if len(digits) <= 2 {
		n *= 100
	}
	offset := n/100*3600 + n%100*60
	if n%100 > 59 || offset > 24*3600 {
		return
	}
	if word[0] == '-' {
		offset = -offset
	}
	d.offset, d.hasZone = offset, true
}

func (d *dateParts) takeName(word string) {
	low := lowerASCII(strings.TrimRight(word, "."))
	switch low {
	case "am":
		d.am = true
		return
	case "pm":
		d.pm = true
		return
	}
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	if len(low) >= 3 && d.month == 0 {
		if i := strings.Index(months, low[:3]); i >= 0 && i%3 == 0 {
			d.month = time.Month(i/3 + 1)
			return
		}
	}
	if d.hasZone || d.hour < 0 {
		return
	}
	if len(low) > 3 && (strings.HasPrefix(low, "gmt") || strings.HasPrefix(low, "utc")) { // GMT+0100
		if low[3] == '+' || low[3] == '-' {
			d.takeOffset(low[3:])
		}
		return
	}
	if hours, ok := zoneHours(low); ok {
		d.offset, d.hasZone = hours*3600, true
	}
}

// zoneHours are the zones of RFC 5322 §4.3 and a few that are common and
// name one offset only. The military letters were defined wrongly once and
// count as UTC.
func zoneHours(zone string) (int, bool) {
	switch zone {
	case "ut", "utc", "gmt", "z", "wet":
		return 0, true
	case "edt":
		return -4, true
	case "est", "cdt":
		return -5, true
	case "cst", "mdt":
		return -6, true
	case "mst", "pdt":
		return -7, true
	case "pst":
		return -8, true
	case "cet", "met", "mez":
		return 1, true
	case "cest", "mest", "mesz", "eet":
		return 2, true
	case "eest", "msk":
		return 3, true
	case "jst", "kst":
		return 9, true
	}
	return 0, len(zone) == 1
}

func (d *dateParts) time() (time.Time, bool) {
	if d.month == 0 || d.day < 1 || d.year < 1900 || d.year > 9999 {
		return time.Time{}, false
	}
	hour := max(d.hour, 0)
	switch {
	case d.pm && hour < 12:
		hour += 12
	case d.am && hour == 12:
		hour = 0
	}
	if hour == 24 && d.minute == 0 && d.sec == 0 {
		hour = 0
		d.day++
	} else if hour > 23 || d.minute > 59 {
		return time.Time{}, false
	}
	zone := time.UTC
	if d.offset != 0 {
		zone = time.FixedZone("", d.offset)
	}
	if days := time.Date(d.year, d.month+1, 0, 0, 0, 0, 0, time.UTC).Day(); d.day > days+1 || d.day > days && d.hour != 24 {
		return time.Time{}, false
	}
	return time.Date(d.year, d.month, d.day, hour, d.minute, d.sec, 0, zone), true
}
