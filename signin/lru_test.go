package signin

import (
	"fmt"
	"testing"
)

func TestLRU(t *testing.T) {
	t.Parallel()
	l := newLRU[int, string](3)
	for i := range 3 {
		l.put(i, fmt.Sprint(i))
	}
	if v, ok := l.get(0); !ok || v != "0" {
		t.Errorf("0 is %q, %v", v, ok)
	}
	l.put(1, "one")
	l.put(3, "3") // 2 was used longest ago
	l.remove(7)
	if _, ok := l.get(2); ok || l.len() != 3 {
		t.Errorf("2 is there: %v; %d entries", ok, l.len())
	}
	l.remove(0)
	got := ""
	l.each(func(k int, v string) { got += fmt.Sprint(k, "=", v, " ") })
	if got != "3=3 1=one " || l.len() != 2 {
		t.Errorf("entries %s", got)
	}
}
