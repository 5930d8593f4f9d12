package signin

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"sync"
	"time"

	"postern/signin/policy"
)

// networkOf is the network that an address counts for: /24 or /64.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all of those count together
	}
	return p
}

// deviceKey names a device of an account in the store: network and protocol.
func deviceKey(network netip.Prefix, protocol string) string {
	return network.String() + " " + protocol
}

// deviceHash tells devices apart within one process.
func deviceHash(network netip.Prefix, protocol string) uint64 {
	h := fnv.New64a()
	a := network.Addr().As16()
	_, _ = h.Write(a[:]) // never fails (hash.Hash)
	_, _ = h.Write(binary.BigEndian.AppendUint16(nil, uint16(network.Bits())))
	_, _ = h.Write([]byte(protocol))
	return h.Sum64()
}

// networkCounts counts the distinct wrong guesses of each network in the last
// hour, to ten minutes.
type networkCounts struct {
	mu    sync.Mutex // guards the field below
	rings *lru[netip.Prefix, *ring]
}

const (
	ringSlots = 6
	ringSlot  = throttleWindow / ringSlots
)

type ring struct {
	slot   int64 // number of the newest slot since 1970
	counts [ringSlots + 1]uint32
}

// turn brings the ring to now: slots that are over an hour old are emptied.
func (r *ring) turn(now time.Time) {
	slot := now.UnixNano() / int64(ringSlot)
	for range min(slot-r.slot, int64(len(r.counts))) {
		copy(r.counts[1:], r.counts[:])
		r.counts[0] = 0
	}
	r.slot = max(slot, r.slot)
}

func (n *networkCounts) count(now time.Time, p place) (c policy.Throttle) {
	c.Exempt = p.exempt
	n.mu.Lock()
	defer n.mu.Unlock()
	r, ok := n.rings.get(p.network)
	if !ok {
		return c
	}
	r.turn(now)
	for i, k := range r.counts {
		c.Network += k
		if k > 0 {
			c.NetworkFreeAt = time.Unix(0, (r.slot-int64(i)+1)*int64(ringSlot)).Add(throttleWindow)
		}
	}
	if c.Network == 0 {
		n.rings.remove(p.network)
	}
	return c
}

func (n *networkCounts) add(now time.Time, p place) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r, ok := n.rings.get(p.network)
	if !ok {
		r = &ring{}
		n.rings.put(p.network, r)
	}
	r.turn(now)
	r.counts[0]++
}
