package fileblob_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"postern/blob"
	"postern/blob/fileblob"
)

func open(tb testing.TB) *fileblob.Store {
	tb.Helper()
	return openIn(tb, filepath.Join(tb.TempDir(), "blobs"))
}

func openIn(tb testing.TB, dir string) *fileblob.Store {
	tb.Helper()
	s, err := fileblob.Open(dir, fileblob.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func write(ctx context.Context, s blob.Store, data []byte) (blob.Ref, error) {
	w, err := s.Create(ctx, int64(len(data)))
	if err != nil {
		return "", err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	return w.Commit(ctx)
}

func random(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.Read(b) // never fails
	return b
}

// BenchmarkCommit measures durable commits on the disk of the temporary folder.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
		for _, writers := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("%dKiB/%d", size>>10, writers), func(b *testing.B) {
				s, data := open(b), random(size)
				b.SetBytes(int64(size))
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				for range writers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if _, err := write(b.Context(), s, data); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			})
		}
	}
}

// BenchmarkRead measures verified reads of whole blobs, from the page cache.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, data := open(b), random(size)
			ref, err := write(b.Context(), s, data)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.Open(b.Context(), ref)
				if err != nil {
					b.Fatal(err)
				}
				if n, _ := r.ReadAt(data, 0); n != size {
					b.Fatal(n)
				}
				_ = r.Close()
			}
		})
	}
}
