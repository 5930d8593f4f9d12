package imapwire

import "io"

type source struct {
	r     io.Reader
	buf   []byte
	r0, w int
}

func (s *source) buffered() int { return s.w - s.r0 }
