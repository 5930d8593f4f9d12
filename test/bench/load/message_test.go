package load

import (
	"bytes"
	"testing"
)

func TestFixedHasItsSize(t *testing.T) {
	for _, size := range []int{900, 1024, 4096, 4097, 65536} {
		if got := len(Fixed(size)); got != size {
			t.Errorf("Fixed(%d) has %d bytes", size, got)
		}
	}
}

func TestMessagesAreReproducibleAndWellFormed(t *testing.T) {
	rare, total := 0, 0
	for i := range 2 * RareEvery {
		m := Message(i)
		if !bytes.Equal(m, Message(i)) {
			t.Fatalf("message %d differs when made again", i)
		}
		if bytes.Count(m, []byte("\n")) != bytes.Count(m, []byte("\r\n")) {
			t.Fatalf("message %d has a bare LF", i)
		}
		if bytes.Contains(m, []byte(Rare)) {
			rare++
		}
		total += len(m)
	}
	if rare != 2 {
		t.Errorf("%d messages of %d have the rare word, want 2", rare, 2*RareEvery)
	}
	if mean := total / (2 * RareEvery); mean < 2<<10 || mean > 12<<10 {
		t.Errorf("the mean size is %d", mean)
	}
}
