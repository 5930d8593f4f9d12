//go:build crash

package tls

import (
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"postern/test/posterntest"
)

// TestSlowClients: clients that send one byte in 10 s, in the TLS handshake and
// outside, hold no good one up: its p99 at most doubles.
func TestSlowClients(t *testing.T) {
	slow := posterntest.Share(500, 5000)
	s := start(t)
	p99 := func() time.Duration {
		var all []time.Duration
		for range posterntest.Share(300, 1000) {
			began := time.Now()
			c, err := posterntest.Dial(t.Context(), s.IMAPS, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Must("NOOP"); err != nil {
				t.Fatal(err)
			}
			all = append(all, time.Since(began))
			c.Close()
		}
		slices.Sort(all)
		return all[len(all)*99/100]
	}
	alone := p99()
	stop := make(chan struct{})
	var conns []net.Conn
	for i := range slow {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", []string{s.IMAPS, s.IMAP}[i%2])
		if err != nil {
			t.Fatalf("slow client %d: %v (allow more files: ulimit -n %d)", i, err, 3*slow)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(10 * time.Second / time.Duration(slow))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				_, _ = conns[i%slow].Write([]byte{[]byte{0x16, 'a'}[i%2]}) // some were cut off, as they should
			}
		}
	})
	crowded := p99()
	close(stop)
	wg.Wait()
	t.Logf("p99 of a TLS connection with one command: %v alone, %v beside %d slow clients", alone, crowded, slow)
	if crowded > 2*alone+20*time.Millisecond { // what a shared machine adds
		t.Errorf("p99 %v beside slow clients, %v alone", crowded, alone)
	}
}
