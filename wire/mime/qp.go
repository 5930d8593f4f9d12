package mime

// qpReader decodes quoted-printable (RFC 2045 §6.7). An '=' that begins
// neither two hexadecimal digits nor a line end stays; white space before a
// line end goes.
type qpReader struct {
	src source
	out []byte // not read yet
	buf []byte

	// held is what has been read and cannot be decided yet: white space that
	// may be at a line's end, or an escape, which begins with '='.
	held []byte
}

// maxHeld bounds a run of white space that is kept in doubt.
const maxHeld = 4096

func (q *qpReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(q.out) == 0 {
		q.buf = q.buf[:0]
		if !q.src.fill() {
			if q.endHeld(); len(q.buf) == 0 {
				return 0, q.src.err
			}
		} else {
			for _, c := range q.src.in {
				q.add(c)
			}
			q.src.in = nil
		}
		q.out = q.buf
	}
	n := copy(p, q.out)
	q.out = q.out[n:]
	return n, nil
}

func (q *qpReader) add(c byte) {
	if len(q.held) > 0 {
		if q.held[0] == '=' {
			q.addEscape(c)
			return
		}
		switch {
		case c == ' ' || c == '\t':
			if len(q.held) >= maxHeld {
				q.release()
			}
			q.held = append(q.held, c)
			return
		case c == '\r' && q.held[len(q.held)-1] != '\r':
			q.held = append(q.held, c)
			return
		case c == '\n':
			if q.held[len(q.held)-1] == '\r' {
				q.buf = append(q.buf, '\r')
			}
			q.buf = append(q.buf, '\n')
			q.held = q.held[:0]
			return
		}
		q.release()
	}
	switch c {
	case '=', ' ', '\t':
		q.held = append(q.held, c)
	default:
		q.buf = append(q.buf, c)
	}
}

// addEscape takes the next byte after an '='.
func (q *qpReader) addEscape(c byte) {
	n := len(q.held)
	switch {
	case c == '\n': // a soft line break
		q.held = q.held[:0]
	case n == 1 && unhex(c) < 16:
		q.held = append(q.held, c)
	case n == 2 && unhex(q.held[1]) < 16 && unhex(c) < 16:
		q.buf = append(q.buf, unhex(q.held[1])<<4|unhex(c))
		q.held = q.held[:0]
	case isSpace(c) && (n == 1 || isSpace(q.held[1])) && n < maxHeld: // transport padding after the '='
		q.held = append(q.held, c)
	default: // no escape: the '=' is itself, the rest is looked at again
		rest := append([]byte(nil), q.held[1:]...)
		q.held = q.held[:0]
		q.buf = append(q.buf, '=')
		for _, r := range rest {
			q.add(r)
		}
		q.add(c)
	}
}

func (q *qpReader) release() {
	q.buf = append(q.buf, q.held...)
	q.held = q.held[:0]
}

// endHeld decides at the end of the text: a lone '=' is a soft line break,
// white space goes.
func (q *qpReader) endHeld() {
	if len(q.held) > 1 && q.held[0] == '=' && !isSpace(q.held[1]) {
		q.release()
	}
	q.held = q.held[:0]
}
