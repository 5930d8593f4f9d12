package fileblob_test

import (
	"bytes"
	"hash/crc32"
	"path"
	"testing"

	"postern/blob"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
)

// FuzzRecover opens a folder whose segment is arbitrary bytes, or a sound
// segment with a stretch of it replaced. Nothing panics, and what is served has
// been written by a store or carries its right checksum.
func FuzzRecover(f *testing.F) {
	sound, refs := segment(f, false)
	f.Add([]byte{}, false, uint16(0))
	f.Add([]byte("PSTNBLB1 is not enough"), true, uint16(0))
	f.Add(sound[:1500], false, uint16(0))
	f.Add(sound[1024:1100], true, uint16(2000))
	f.Add(bytes.Repeat([]byte{0}, 300), true, uint16(1024))
	f.Add(bytes.Repeat([]byte("PSRB"), 64), true, uint16(5000))
	f.Fuzz(func(t *testing.T, b []byte, patch bool, at uint16) {
		file := b
		if patch {
			file = bytes.Clone(sound)
			copy(file[int(at)%len(file):], b)
		}
		fs := blobtest.NewMemFS()
		if err := fs.Mkdir("/blobs"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"0000000000000001.seg", "0000000000000002.one"} {
			w, err := fs.Create(path.Join("/blobs", name))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteAt(file, 0); err != nil {
				t.Fatal(err)
			}
			_ = w.Close()
		}
		s, err := fileblob.Open("/blobs", fileblob.Options{FS: fs, MinFree: -1})
		if err != nil {
			return // a version from the future
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		for ref, want := range refs {
			serve(t, s, ref, want)
		}
		var found []blob.Ref
		err = s.Walk(t.Context(), func(i blob.Info) error {
			found = append(found, i.Ref)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range found {
			serve(t, s, ref, refs[ref])
		}
		if err := s.Verify(t.Context(), func(blob.Info, error) {}); err != nil {
			t.Fatal(err)
		}
		if err := s.Copy(t.Context(), "/copy"); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), found...); err != nil {
			t.Fatal(err)
		}
	})
}

// serve reads what there is of a blob and checks it against what was written.
func serve(t *testing.T, s *fileblob.Store, ref blob.Ref, want []byte) {
	t.Helper()
	r, err := s.Open(t.Context(), ref)
	if err != nil {
		return
	}
	defer func() { _ = r.Close() }()
	if r.Size() > 1<<20 {
		return // beyond the file: every read is damaged
	}
	b := make([]byte, r.Size())
	n, _ := r.ReadAt(b, 0)
	if want != nil && !bytes.HasPrefix(want, b[:n]) {
		t.Fatalf("%q serves bytes that nobody wrote (sum %x)", ref, crc32.ChecksumIEEE(b))
	}
}

// segment is a segment file with a few blobs.
func segment(tb testing.TB, sealed bool) ([]byte, map[blob.Ref][]byte) {
	tb.Helper()
	fs := blobtest.NewMemFS()
	s, err := fileblob.Open("/blobs", fileblob.Options{FS: fs, MinFree: -1})
	if err != nil {
		tb.Fatal(err)
	}
	refs := map[blob.Ref][]byte{}
	for _, size := range []int{10, 700, 0, 2000, 40_000, 300} {
		data := bytes.Repeat([]byte{byte(size)}, size)
		ref, err := write(tb.Context(), s, data)
		if err != nil {
			tb.Fatal(err)
		}
		refs[ref] = data
	}
	name := "/blobs/0000000000000001.seg"
	b := fs.Bytes(name)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	if sealed {
		b = fs.Bytes(name)
	}
	return b, refs
}
