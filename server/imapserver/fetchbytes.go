package imapserver

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"postern/fault"
	"postern/mailbox"
	"postern/wire/imapwire"
	"postern/wire/mime"
)

// holdMax is the largest section that is held in memory whole before its first
// byte leaves, so that trouble with it can still be answered in words.
const holdMax = largeBuffer

// send adds a section of size bytes that r gives. Up to holdMax it goes into
// the buffer; a larger one streams through a second one, and only its first
// piece is sure to be good before the literal is announced.
func (f *fetching) send(sec *imapwire.FetchSection, r io.Reader, size int64) error {
	o := &f.s.out
	if size <= holdMax {
		o.SectionLiteral(sec, size)
		o.B = slices.Grow(o.B, int(size))
		n := len(o.B)
		if _, err := io.ReadFull(r, o.B[n:n+int(size)]); err != nil {
			return short(err)
		}
		o.B = o.B[:n+int(size)]
		return nil
	}
	buf := f.s.srv.pool.large.Get().(*[largeBuffer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer f.s.srv.pool.large.Put(buf)
	for sent := int64(0); sent < size; {
		piece := buf[:min(int64(len(buf)), size-sent)]
		if _, err := io.ReadFull(r, piece); err != nil {
			return short(err)
		}
		if sent == 0 {
			o.SectionLiteral(sec, size)
			f.torn = true
			if err := o.drain(); err != nil {
				return err
			}
			f.rowStart = 0
		}
		if o.write(piece); o.err != nil {
			return o.err
		}
		sent += int64(len(piece))
	}
	return nil
}

// short names an early end for what it is.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Damaged, "imapserver.Fetch", "a section ends too early")
	}
	return err
}

// decodeMax is the largest encoded part that is decoded into memory; a larger
// one is decoded twice, first to count.
const decodeMax = 1 << 20

// binary adds BINARY[…] or BINARY.SIZE[…] (RFC 3516 §4): the part without its
// content transfer encoding. The message as a whole, multiparts and embedded
// messages have none that could be taken off.
func (f *fetching) binary(sec *imapwire.FetchSection, root *mime.Part, r mailbox.Reader, from, to int64) error {
	encoding := "binary"
	if len(sec.Part) > 0 {
		part, found := root.Section(sec.Part)
		if !found {
			f.absent(sec)
			return nil
		}
		if !part.IsMultipart() && !part.IsMessage() {
			encoding = part.Encoding
		}
	}
	open := func() (io.Reader, error) {
		return mime.NewTransferDecoder(encoding, io.NewSectionReader(r, from, to-from))
	}
	src, err := open()
	if err != nil {
		return err
	}
	if sec.Kind == imapwire.SectionBinary && to-from <= decodeMax {
		b, err := io.ReadAll(src)
		if err != nil {
			return err
		}
		first, size := partial(sec, 0, int64(len(b)))
		return f.send(sec, bytes.NewReader(b[first:first+size]), size)
	}
	whole, err := io.Copy(io.Discard, src)
	if err != nil {
		return err
	}
	if sec.Kind == imapwire.SectionBinarySize {
		f.s.out.BinarySize(sec, whole)
		return nil
	}
	if src, err = open(); err != nil {
		return err
	}
	first, size := partial(sec, 0, whole)
	if _, err := io.CopyN(io.Discard, src, first); err != nil {
		return short(err)
	}
	return f.send(sec, src, size)
}
