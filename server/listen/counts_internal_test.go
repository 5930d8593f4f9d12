package listen

import (
	"math/rand/v2"
	"net"
	"testing"
)

// crowd is n connections that have not signed in, one of each network.
func crowd(c *counts, n int) (all []*Conn) {
	d := &door{Listener: &Listener{Name: "imap"}}
	for i := range n {
		conn := &Conn{door: d, remote: &net.TCPAddr{IP: net.IPv4(10, byte(i>>16), byte(i>>8), byte(i))}}
		c.enter(conn)
		c.identify(conn)
		all = append(all, conn)
	}
	return all
}

// TestBiggest compares with the plain way through random comings and goings.
func TestBiggest(t *testing.T) {
	var n counts
	n.init(Limits{Total: 1000, BeforeSignIn: 40, PerNetwork: 1000, PerNetworkBeforeSignIn: 12})
	d := &door{Listener: &Listener{Name: "imap"}}
	r := rand.New(rand.NewPCG(1, 2))
	var open []*Conn
	for range 20_000 {
		switch k := r.IntN(10); {
		case k < 5 || len(open) == 0:
			c := &Conn{door: d, remote: &net.TCPAddr{IP: net.IPv4(10, 0, 0, byte(r.ExpFloat64()*3))}}
			if _, ok := n.enter(c); !ok {
				continue
			}
			if _, _, ok := n.identify(c); !ok {
				t.Fatal("refused")
			}
			open = append(open, c)
		default:
			i := r.IntN(len(open))
			if c := open[i]; k < 7 {
				n.signIn(c)
			} else {
				n.leave(c)
				open[i] = open[len(open)-1]
				open = open[:len(open)-1]
			}
		}
		most := 0
		for _, nw := range n.networks {
			most = max(most, nw.before.Len())
		}
		got := 0
		if nw := n.biggest(); nw != nil {
			got = nw.before.Len()
		}
		if got != most {
			t.Fatalf("the biggest network has %d, want %d", got, most)
		}
	}
	for _, c := range open {
		n.leave(c)
	}
	if n.biggest() != nil || n.before != 0 || len(n.networks) != 0 {
		t.Errorf("left over: %v, %d, %d", n.biggest(), n.before, len(n.networks))
	}
}

// BenchmarkEviction is a connection more while 6,000 networks have one each.
func BenchmarkEviction(b *testing.B) {
	var n counts
	n.init(Config{}.withDefaults().Limits)
	crowd(&n, 6000)
	d := &door{Listener: &Listener{Name: "imap"}}
	for b.Loop() {
		c := &Conn{door: d, remote: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}
		n.enter(c)
		n.identify(c)
		n.leave(c)
	}
}
