package imapwire

import (
	"bytes"
	"io"
)

const (
	firstBuffer = 1 << 10 // what an idle session holds
	keepBuffer  = 4 << 10 // a larger empty buffer is given back
	tailKept    = 32      // enough for "~{9223372036854775807+}"
)

// source reads lines and runs of bytes through a buffer that grows to the
// longest line and shrinks again.
type source struct {
	r        io.Reader
	buf      []byte
	pos, end int // buf[pos:end] has arrived and was not read
	scanned  int // buf[pos:scanned] has no LF
	tail     [tailKept]byte
}

func (s *source) buffered() int { return s.end - s.pos }

// shrink gives back memory between two commands.
func (s *source) shrink() {
	if s.pos != s.end {
		return
	}
	s.pos, s.end, s.scanned = 0, 0, 0
	if len(s.buf) > keepBuffer {
		s.buf = nil
	}
}

// fill reads once more; the buffer may grow to limit bytes.
func (s *source) fill(limit int) error {
	if s.pos == s.end {
		s.pos, s.end, s.scanned = 0, 0, 0
	}
	if s.end == len(s.buf) {
		s.makeRoom(limit)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom moves what is unread to the front, or grows the buffer.
func (s *source) makeRoom(limit int) {
	old := s.buf
	if s.pos == 0 {
		size := max(firstBuffer, min(2*len(old), limit))
		s.buf = make([]byte, max(size, s.end+1))
	}
	copy(s.buf, old[s.pos:s.end])
	s.scanned = max(s.scanned-s.pos, 0)
	s.pos, s.end = 0, s.end-s.pos
	if len(s.buf) != len(old) {
		clear(old) // it may have held a password
	}
}

// wait returns once a byte has arrived.
func (s *source) wait() error {
	if s.pos < s.end {
		return nil
	}
	return s.fill(firstBuffer)
}

// line reads up to and with the next LF and gives the line without its line
// end, in the buffer: it is good until the next call. A line longer than limit
// gives ok false and what is known of its start; then skipLine must follow. It
// can be called again after an error.
//
// A line may end in a bare LF: people type into openssl s_client and nc.
func (s *source) line(limit int) (line []byte, ok bool, err error) {
	for {
		from := max(s.scanned, s.pos)
		if i := bytes.IndexByte(s.buf[from:s.end], '\n'); i >= 0 {
			line = s.buf[s.pos : from+i]
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			if len(line) > limit {
				return line[:limit], false, nil
			}
			s.pos = from + i + 1
			s.scanned = s.pos
			return line, true, nil
		}
		s.scanned = s.end
		if s.buffered() > limit+1 { // room for a CR
			return s.buf[s.pos : s.pos+limit], false, nil
		}
		if err := s.fill(limit + 2); err != nil {
			return nil, false, err
		}
	}
}

// skipLine throws the rest of a line away and takes it from *budget, which
// below 0 means that it gave up. It gives the last bytes of the line, good
// until the next call.
func (s *source) skipLine(budget *int64) (tail []byte, err error) {
	kept := s.tail[:0]
	for {
		chunk := s.buf[s.pos:s.end]
		i := bytes.IndexByte(chunk, '\n')
		if i >= 0 {
			chunk = chunk[:i]
		}
		*budget -= int64(len(chunk))
		chunk = chunk[max(0, len(chunk)-tailKept):]
		if over := len(kept) + len(chunk) - tailKept; over > 0 {
			kept = append(kept[:0], kept[over:]...)
		}
		kept = append(kept, chunk...)
		if i >= 0 {
			s.pos += i + 1
			return bytes.TrimSuffix(kept, []byte{'\r'}), nil
		}
		s.pos = s.end
		if *budget < 0 {
			return nil, nil
		}
		if err := s.fill(firstBuffer); err != nil {
			return nil, err
		}
	}
}

// skip throws n bytes away.
func (s *source) skip(n int64) error {
	for n > 0 {
		if s.pos == s.end {
			if err := s.fill(firstBuffer); err != nil {
				return err
			}
		}
		k := min(n, int64(s.buffered()))
		s.pos += int(k)
		n -= k
	}
	return nil
}

// read reads some bytes: from the buffer first, else straight into p.
func (s *source) read(p []byte) (int, error) {
	if s.pos < s.end {
		n := copy(p, s.buf[s.pos:s.end])
		s.pos += n
		return n, nil
	}
	if len(p) < firstBuffer {
		if err := s.fill(firstBuffer); err != nil {
			return 0, err
		}
		return s.read(p)
	}
	return s.r.Read(p)
}
