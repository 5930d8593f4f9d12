package fileblob

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"postern/blob/blobfs"
	"postern/fault"
)

// Copy writes the blobs that exist now into a new folder. Refs stay as they are:
// every record keeps its place, and deleted ones become holes.
func (s *Store) Copy(ctx context.Context, dir string) error {
	const op = "fileblob.Copy"
	if err := s.begin(ctx, op); err != nil {
		return err
	}
	defer s.leave()
	defer s.Hold()()
	if err := s.fs.Mkdir(dir); err != nil {
		if errors.Is(err, os.ErrExist) {
			return fault.Wrap(fault.Exists, op, err)
		}
		return ioFault(op, err)
	}
	c := &copying{s: s, dir: dir}
	segs := s.snapshot()
	for _, seg := range segs {
		c.ends = append(c.ends, seg.end.Load())
	}
	for i, seg := range segs {
		if err := c.segment(ctx, seg, c.ends[i]); err != nil {
			c.giveUp()
			return ioFault(op, err)
		}
	}
	if err := errors.Join(s.fs.SyncDir(dir), s.fs.SyncDir(filepath.Dir(dir))); err != nil {
		c.giveUp()
		return ioFault(op, err)
	}
	return nil
}

type copying struct {
	s     *Store
	dir   string
	ends  []int64
	files []string
}

// giveUp removes what was copied, so that nobody takes it for a backup. The
// empty folder stays.
func (c *copying) giveUp() {
	for _, name := range c.files {
		_ = c.s.fs.Remove(name)
	}
}

func (c *copying) segment(ctx context.Context, seg *segment, end int64) error {
	h, err := c.s.handles.get(seg.name)
	if err != nil {
		if c.s.segment(seg.id) == nil {
			return nil
		}
		return err
	}
	defer c.s.handles.put(h)
	if end == 0 {
		if end, err = h.Size(); err != nil {
			return err
		}
	}
	name := filepath.Join(c.dir, segName(seg.id, seg.solo))
	out, err := c.s.fs.Create(name)
	if err != nil {
		return err
	}
	c.files = append(c.files, name)
	err = c.records(ctx, seg, h, out, end)
	return errors.Join(err, out.Close())
}

func (c *copying) records(ctx context.Context, seg *segment, in, out blobfs.File, end int64) error {
	const op = "fileblob.Copy"
	if err := writeAt(out, segInfo{id: seg.id, created: c.s.opt.Now().UnixNano(), sealed: end}.encode(), 0); err != nil {
		return err
	}
	if err := out.Truncate(end); err != nil {
		return err
	}
	err := scan(in, seg, end, func(r record) error {
		if err := c.s.goOn(ctx, op); err != nil {
			return err
		}
		return c.record(in, out, r)
	}, func(g gap) error { return c.octets(in, out, g.from, g.to) })
	if err != nil {
		return err
	}
	return out.Sync()
}

// record copies a blob as it is, damage too: the copy's checksums name it.
func (c *copying) record(in, out blobfs.File, r record) error {
	keep := c.s.listed(&r)
	if keep {
		if err := c.octets(in, out, r.dataAt(), r.end()); err != nil {
			return err
		}
	}
	var b [recHeader]byte
	switch {
	case r.state == stateTorn, !r.knownState():
	case keep:
		r.state = stateLive
	default:
		r.state = stateGone
	}
	r.encode(b[:])
	return writeAt(out, b[:], r.off)
}

// octets copies a range; what cannot be read becomes zeros, which no checksum
// takes for the real thing.
func (c *copying) octets(in, out blobfs.File, from, to int64) error {
	b := c.s.buffers.chunk()
	defer c.s.buffers.release(b)
	for from < to {
		p := b[:min(chunkSize, to-from)]
		if _, err := in.ReadAt(p, from); err != nil {
			clear(p)
		}
		if err := writeAt(out, p, from); err != nil {
			return err
		}
		from += int64(len(p))
	}
	return nil
}
