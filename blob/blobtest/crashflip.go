package blobtest

import (
	"bytes"
	"path"
	"testing"

	"postern/blob"
	"postern/fault"
)

// whereIs finds the file and offset of bytes.
func whereIs(t *testing.T, fs *MemFS, data []byte) (name string, off int64) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range names {
		name = path.Join(dir, base)
		if at := bytes.Index(fs.Bytes(name), data); at >= 0 {
			return name, int64(at)
		}
	}
	t.Fatal("the bytes are in no file")
	return "", 0
}

// testFlipAfterCrash flips a bit of a blob that was acknowledged long before the
// power went. Recovery must not take that for a write that the crash tore: Verify
// still names it.
func (e Engine) testFlipAfterCrash(t *testing.T) {
	fs := NewMemFS()
	s := e.open(t, fs)
	data := content(1, 700)
	ref := mustPut(t, s, data)
	name, at := whereIs(t, fs, data)
	other := mustPut(t, s, content(2, 700))
	fs = fs.Crash(1, newRand(1))
	shut(t, s)
	fs.Flip(name, (at+300)*8)
	s = e.open(t, fs)
	_, err := get(t.Context(), s, ref)
	wantKind(t, "the blob with a flipped bit", err, fault.Damaged)
	mustHave(t, s, other, content(2, 700))
	named := 0
	err = s.Verify(t.Context(), func(i blob.Info, _ error) {
		if i.Ref == ref {
			named++
		}
	})
	if err != nil || named != 1 {
		t.Errorf("verify names the blob %d times (%v)", named, err)
	}
	shut(t, s)
}
