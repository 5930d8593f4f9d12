package imapwire

import "time"

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// AppendDateTime appends t in its own zone as a quoted date-time (RFC 9051
// §9). A year that has no four digits becomes the nearest that has.
func AppendDateTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	switch {
	case year < 0:
		year = 0
	case year > 9999:
		year = 9999
	}
	dst = append(dst, '"')
	if day < 10 {
		dst = append(dst, ' ', byte('0'+day))
	} else {
		dst = append2(dst, day)
	}
	dst = append(dst, '-')
	dst = append(dst, months[3*(month-1):3*month]...)
	dst = append(dst, '-')
	dst = append2(append2(dst, year/100), year%100)
	dst = append(dst, ' ')
	dst = append2(dst, hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), second)
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	offset = min(offset/60, 24*60-1)
	dst = append(dst, ' ', sign)
	dst = append2(append2(dst, offset/60), offset%60)
	return append(dst, '"')
}

func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

// dateTime takes a quoted date-time. A day of one digit without a space before
// it is let pass: PHP's imap_append hands on what the script wrote.
func (d *Decoder) dateTime() time.Time {
	const what = `a date such as "02-Jan-2006 15:04:05 +0000"`
	start := d.pos
	t, ok := parseDateTime(string(d.string(what)))
	if !ok {
		d.pos = min(start, len(d.line))
		d.expected(what)
	}
	return t
}

func parseDateTime(s string) (time.Time, bool) {
	date, s, ok := cutDate(s)
	if !ok || len(s) != len(" 15:04:05 +0000") || s[0] != ' ' || s[3] != ':' || s[6] != ':' || s[9] != ' ' {
		return date, false
	}
	hour, ok1 := digits(s[1:3])
	minute, ok2 := digits(s[4:6])
	second, ok3 := digits(s[7:9])
	zh, ok4 := digits(s[11:13])
	zm, ok5 := digits(s[13:15])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || hour > 23 || minute > 59 || second > 60 || zh > 23 || zm > 59 {
		return date, false
	}
	offset := zh*3600 + zm*60
	switch s[10] {
	case '+':
	case '-':
		offset = -offset
	default:
		return date, false
	}
	zone := time.UTC
	if offset != 0 {
		zone = time.FixedZone("", offset)
	}
	year, month, day := date.Date()
	date = time.Date(year, month, day, hour, minute, second, 0, zone)
	return date, date.Year() <= 9999 // a leap second may lead out of what four digits can say
}

// cutDate reads a date at the start of s, as midnight UTC.
func cutDate(s string) (t time.Time, rest string, ok bool) {
	if len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	n := 1
	if len(s) > 1 && s[1] != '-' {
		n = 2
	}
	if len(s) < n+len("-Jan-2006") || s[n] != '-' || s[n+4] != '-' {
		return t, s, false
	}
	day, ok1 := digits(s[:n])
	month := monthOf(s[n+1 : n+4])
	year, ok2 := digits(s[n+5 : n+9])
	if !ok1 || !ok2 || month == 0 {
		return t, s, false
	}
	t = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return t, s[n+9:], t.Day() == day && day > 0
}

func monthOf(s string) time.Month {
	for m := time.January; m <= time.December; m++ {
		name := months[3*(m-1) : 3*m]
		if s[0]|0x20 == name[0]|0x20 && s[1]|0x20 == name[1] && s[2]|0x20 == name[2] {
			return m
		}
	}
	return 0
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

// date takes a date, quoted or not, as midnight UTC.
func (d *Decoder) date() time.Time {
	const what = "a date such as 2-Jan-2006"
	start := d.pos
	t, rest, ok := cutDate(string(d.astring(what)))
	if !ok || rest != "" {
		d.pos = min(start, len(d.line))
		d.expected(what)
	}
	return t
}
