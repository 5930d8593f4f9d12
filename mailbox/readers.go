package mailbox

import (
	"context"
	"io"

	"postern/fault"
)

// copyAll writes all of r to w until ctx ends.
func copyAll(ctx context.Context, w io.Writer, r Reader) error {
	buf := make([]byte, min(r.Size(), 64<<10))
	for at := int64(0); at < r.Size(); {
		if ctx.Err() != nil {
			return canceled(ctx, "mailbox.read")
		}
		n, err := r.ReadAt(buf[:min(int64(len(buf)), r.Size()-at)], at)
		if n == 0 && err != nil {
			return readError(err)
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// readError makes an early end of a message what it is.
func readError(err error) error {
	if fault.KindOf(err) == fault.Internal {
		return fault.Wrap(fault.Damaged, "mailbox.read", err)
	}
	return err
}

// section reads the octets [start, end) of a message.
func section(r Reader, start, end int64) *io.SectionReader {
	end = min(end, r.Size())
	start = min(start, end)
	return io.NewSectionReader(r, start, end-start)
}
