package listen

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
)

// TestReader reads a stream in every way at random and compares.
func TestReader(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	want := make([]byte, 300_000)
	for i := range want {
		want[i] = byte(rng.Uint32())
	}
	server, client := net.Pipe()
	defer func() { _ = server.Close() }()
	go func() {
		sizes := rand.New(rand.NewPCG(3, 4))
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+sizes.IntN(9000))
			if _, err := client.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
		_ = client.Close()
	}()
	c := &Conn{raw: &rawConn{Conn: server}}
	c.reader.c = c
	r := c.Reader()
	var got []byte
	for {
		var err error
		switch rng.IntN(3) {
		case 0:
			var b byte
			if b, err = r.ReadByte(); err == nil {
				got = append(got, b)
			}
		case 1:
			var p []byte
			n := rng.IntN(readerSize + 100)
			if p, err = r.Peek(n); err == nil && !bytes.Equal(p, want[len(got):len(got)+len(p)]) {
				t.Fatalf("peek of %d at %d differs", n, len(got))
			}
			if errors.Is(err, io.EOF) { // what is left is shorter
				err = nil
			}
		default:
			p := make([]byte, 1+rng.IntN(6000))
			var n int
			n, err = r.Read(p)
			got = append(got, p[:n]...)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%d octets read, %d sent, or others", len(got), len(want))
	}
	if r.Buffered() == 0 && r.buf != nil {
		if _, err := r.ReadByte(); !errors.Is(err, io.EOF) || r.buf != nil {
			t.Errorf("an idle Reader keeps its buffer (%v)", err)
		}
	}
}
