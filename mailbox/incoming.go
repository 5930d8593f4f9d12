package mailbox

import (
	"context"
	"crypto/sha256"
	"hash"

	"postern/blob"
	"postern/fault"
	"postern/store"
	"postern/wire/mime"
)

// incoming is one message of a delivery: in memory if it is small, else hashed
// and scanned on its way to the blob store.
type incoming struct {
	e   *Engine
	m   AppendMessage
	got int64

	buf []byte // nil if it goes to the blob store

	out  blob.Writer
	hash hash.Hash
	scan *mime.Scanner

	done    bool // what follows is known
	ref     blob.Ref
	sha256  [32]byte
	summary []byte
	threads []store.ThreadKey
}

// stream sends the message to the blob store.
func (in *incoming) stream(ctx context.Context) error {
	if err := in.e.opts.Blobs.Health(); err != nil {
		return err
	}
	var err error
	if in.out, err = in.e.opts.Blobs.Create(ctx, in.m.Size); err != nil {
		return err
	}
	in.hash, in.scan = sha256.New(), mime.NewScanner(mime.Limits{})
	return nil
}

// Write takes the next bytes of the message.
func (in *incoming) Write(p []byte) (int, error) {
	if in.done {
		return 0, fault.New(fault.Closed, "mailbox.Append", "the message has ended")
	}
	if in.got+int64(len(p)) > in.m.Size {
		return 0, fault.New(fault.Invalid, "mailbox.Append", "the message has more than the %d octets announced", in.m.Size)
	}
	in.got += int64(len(p))
	if in.out == nil {
		in.buf = append(in.buf, p...)
		return len(p), nil
	}
	_, _ = in.hash.Write(p) // never fails
	if _, err := in.scan.Write(p); err != nil {
		return 0, err
	}
	return in.out.Write(p)
}

// finish makes the summary; a blob is durable after it.
func (in *incoming) finish(ctx context.Context) error {
	if in.done {
		return nil
	}
	if in.got != in.m.Size {
		return fault.New(fault.Invalid, "mailbox.Append", "the message has %d octets, not the %d announced", in.got, in.m.Size)
	}
	var m *mime.Message
	if in.out == nil {
		in.sha256 = sha256.Sum256(in.buf)
		m = mime.Parse(in.buf, mime.Limits{})
	} else {
		in.hash.Sum(in.sha256[:0])
		var err error
		if m, err = in.scan.Close(); err != nil {
			return err
		}
		if in.ref, err = in.e.pending.commit(ctx, in.out); err != nil {
			return err
		}
	}
	in.done = true
	in.summary = appendSummary(make([]byte, 0, 1<<10), m, in.ref)
	in.threads = threadKeys(m)
	return nil
}

// release gives back what the message holds, except a committed blob.
func (in *incoming) release() {
	in.done = true
	if in.out != nil {
		in.out.Abort()
	}
	if in.ref != "" {
		in.e.pending.remove(in.ref)
	}
	if in.buf != nil {
		in.e.recycle(in.buf)
		in.buf = nil
	}
}

// buffer gives an empty slice with room for size octets.
func (e *Engine) buffer(size int64) []byte {
	if b, ok := e.buffers.Get().(*[]byte); ok && int64(cap(*b)) >= size {
		return (*b)[:0]
	}
	return make([]byte, 0, max(size, 8<<10))
}

func (e *Engine) recycle(b []byte) {
	if cap(b) <= 64<<10 {
		e.buffers.Put(&b)
	}
}
