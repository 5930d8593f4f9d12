package fileblob

import (
	"fmt"
	"path/filepath"

	"postern/blob/blobfs"
)

// spool is a segment for one big blob while it is being written. Its name says
// that the next start may remove it.
type spool struct {
	s    *Store
	file blobfs.File
	name string
	off  int64 // where the next bytes go
}

// newSpool makes a spool file. What is written to it first is the record with
// its header, which is written again when it is known.
func (s *Store) newSpool() (*spool, error) {
	if err := s.readOnly("fileblob.spool"); err != nil {
		return nil, err
	}
	name := filepath.Join(s.dir, fmt.Sprintf("%x%s", s.spoolID.Add(1), spoolSuffix))
	f, err := s.fs.Create(name)
	if err != nil {
		return nil, err
	}
	return &spool{s: s, file: f, name: name, off: segStart}, nil
}

func (sp *spool) write(p []byte) error {
	if err := writeAt(sp.file, p, sp.off); err != nil {
		return err
	}
	sp.off += int64(len(p))
	return nil
}

// remove closes the file and unlinks it, unless the store is closed: the folder
// may then be another's, who has removed it and perhaps made one of that name.
func (sp *spool) remove() {
	_ = sp.file.Close()
	if sp.s.enter("fileblob.Abort") != nil {
		return
	}
	defer sp.s.leave()
	if err := sp.s.fs.Remove(sp.name); err != nil {
		sp.s.log.Warn("spool file stays until the next start", "file", sp.name, "error", err)
	}
}

// renaming is a solo segment that waits for a sync of the folder.
type renaming struct{ err error }

func (s *Store) syncFolder(items []*renaming) {
	err := s.readOnly("fileblob.syncFolder")
	if err == nil {
		if err = s.fs.SyncDir(s.dir); err != nil {
			err = s.fail("fileblob.syncFolder", err)
		}
	}
	for _, r := range items {
		r.err = err
	}
}

// commitSolo ends a spool file and makes it a segment. rest is what is not in
// it yet. After an error the spool is the caller's to remove.
func (s *Store) commitSolo(sp *spool, r *record, rest, tail []byte) error {
	seg := s.newSegment(true)
	seg.sealed, seg.live = true, 1
	r.location = location{seg.id, segStart}
	if err := s.finishSpool(sp, r, rest, tail); err != nil {
		s.noteWrite(err)
		return err
	}
	if err := sp.file.Sync(); err != nil {
		return s.fail("fileblob.commitSolo", err)
	}
	if err := s.fs.Rename(sp.name, seg.name); err != nil {
		s.noteWrite(err)
		return err
	}
	sp.name = seg.name // so that an error removes the right file
	var sync renaming
	s.renames.do(&sync)
	if sync.err != nil {
		return sync.err
	}
	seg.end.Store(sp.off)
	s.handles.put(s.handles.add(seg.name, sp.file))
	s.register(seg)
	return nil
}

func (s *Store) finishSpool(sp *spool, r *record, rest, tail []byte) error {
	for _, p := range [][]byte{rest, tail} {
		if len(p) == 0 {
			continue
		}
		if err := sp.write(p); err != nil {
			return err
		}
	}
	head := make([]byte, segStart+recHeader)
	copy(head, segInfo{id: r.seg, created: r.created, sealed: sp.off}.encode())
	r.encode(head[segStart:])
	return writeAt(sp.file, head, 0)
}
