package fileblob

import "sync"

// maxBuffered is what a Writer keeps in memory before it spools.
const maxBuffered = 256 << 10

// bufferSizes are the capacities that are kept for reuse. The biggest holds the
// record of a blob of maxBuffered octets.
var bufferSizes = [...]int{4 << 10, 16 << 10, 66 << 10, maxBuffered + 4<<10} //nolint:gochecknoglobals // a constant table

// buffers recycles the memory of Writers and Readers. Buffers come with
// whatever was in them.
type buffers struct {
	pools  [len(bufferSizes)]sync.Pool // of *[]byte
	chunks sync.Pool                   // of *[chunkSize]byte
}

// get gives an empty buffer with a capacity of at least n, or of the biggest
// size.
func (b *buffers) get(n int) []byte {
	for i, size := range bufferSizes {
		if n <= size || i == len(bufferSizes)-1 {
			if p, ok := b.pools[i].Get().(*[]byte); ok {
				return (*p)[:0]
			}
			return make([]byte, 0, size)
		}
	}
	return nil
}

func (b *buffers) put(buf []byte) {
	for i, size := range bufferSizes {
		if cap(buf) == size {
			b.pools[i].Put(&buf)
			return
		}
	}
}

func (b *buffers) chunk() *[chunkSize]byte {
	if p, ok := b.chunks.Get().(*[chunkSize]byte); ok {
		return p
	}
	return new([chunkSize]byte)
}

func (b *buffers) release(p *[chunkSize]byte) { b.chunks.Put(p) }
