package fileblob_test

import (
	"testing"

	"go.uber.org/goleak"

	"postern/blob"
	"postern/blob/blobfs"
	"postern/blob/blobtest"
	"postern/blob/fileblob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func engine(opt fileblob.Options) blobtest.Engine {
	return blobtest.Engine{Open: func(fs blobfs.FS, dir string) (blob.Store, error) {
		o := opt
		o.FS, o.MinFree = fs, -1
		s, err := fileblob.Open(dir, o)
		if err != nil {
			return nil, err // not a nil *Store in an interface
		}
		return s, nil
	}}
}

func TestContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, engine(fileblob.Options{SegmentSize: 600 << 10, MaxOpenFiles: 3}))
}

// Small limits send nearly everything across the borders of segments, and into
// segments of their own.
func TestContractTinySegments(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, engine(fileblob.Options{SegmentSize: 8 << 10, SoloSize: 4 << 10, MaxOpenFiles: 1}))
}
