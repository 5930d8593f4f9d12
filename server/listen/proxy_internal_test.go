package listen

import (
	"bytes"
	"testing"
)

// FuzzProxy: the parser takes a bounded header and not an octet of what follows.
func FuzzProxy(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.7 127.0.0.1 4711 143\r\n"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add([]byte(proxyV2Magic + "\x21\x11\x00\x0c\xc0\x00\x02\x08\x7f\x00\x00\x01\x00\x50\x00\x8f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(append(bytes.Clone(b), "after"...))
		addr, err := parseProxy(r)
		read := len(b) + len("after") - r.Len()
		if read > len(proxyV2Magic)+4+proxyV2Max {
			t.Fatalf("read %d octets", read)
		}
		if err != nil && addr.IsValid() {
			t.Fatalf("both %v and %v", addr, err)
		}
		if err == nil && read <= len(b) {
			again, err := parseProxy(bytes.NewReader(b[:read]))
			if err != nil || again != addr {
				t.Fatalf("its own octets give %v, %v; want %v", again, err, addr)
			}
			if _, err := parseProxy(bytes.NewReader(b[:read-1])); err == nil {
				t.Fatal("one octet too many was read")
			}
		}
	})
}
