package listen

import (
	"container/list"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// counts knows every connection, for the limits and for the end.
type counts struct {
	limits Limits

	mu        sync.Mutex
	conns     map[*Conn]struct{}        // guarded by mu
	listeners map[string]int            // guarded by mu
	networks  map[netip.Prefix]*network // guarded by mu: of those that have been identified
	before    int                       // guarded by mu: not signed in yet
	sizes     []*list.List              // guarded by mu: of *network, by how many of it have not signed in
}

// network is one IPv4 address or IPv6 /64.
type network struct {
	prefix   netip.Prefix
	loopback bool
	total    int
	before   list.List     // of *Conn: not signed in yet, oldest first
	size     *list.Element // in counts.sizes; nil while all have signed in
}

// place is where a connection is counted.
type place struct {
	network *network
	before  *list.Element
}

func (n *counts) init(l Limits) {
	n.limits = l
	n.conns, n.listeners, n.networks = map[*Conn]struct{}{}, map[string]int{}, map[netip.Prefix]*network{}
}

// enter counts a new connection, unless there are too many.
func (n *counts) enter(c *Conn) (limit string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case len(n.conns) >= n.limits.Total:
		return "total", false
	case c.door.MaxConns > 0 && n.listeners[c.door.Name] >= c.door.MaxConns:
		return "listener", false
	}
	n.conns[c] = struct{}{}
	n.listeners[c.door.Name]++
	return "", true
}

// identify counts the connection for its network, whose address is known now.
// If too many have not signed in, the victim has to go: the oldest of the
// network that has most of them.
func (n *counts) identify(c *Conn) (victim *Conn, limit string, ok bool) {
	prefix, known := networkOf(c.remote)
	n.mu.Lock()
	defer n.mu.Unlock()
	nw := n.networks[prefix]
	if nw == nil {
		nw = &network{prefix: prefix, loopback: !known || prefix.Addr().IsLoopback()}
		n.networks[prefix] = nw
	}
	if !nw.loopback && nw.total >= n.limits.PerNetwork {
		return nil, "network", false
	}
	nw.total++
	c.place.network = nw
	if c.signedIn.Load() {
		return nil, "", true
	}
	switch {
	case !nw.loopback && nw.before.Len() >= n.limits.PerNetworkBeforeSignIn:
		victim, limit = n.oldest(nw), "network before sign-in"
	case n.before >= n.limits.BeforeSignIn:
		victim, limit = n.oldest(n.biggest()), "before sign-in"
	}
	c.place.before = nw.before.PushBack(c)
	n.before++
	n.sized(nw, nw.before.Len()-1)
	return victim, limit, true
}

// biggest is the network with the most connections that have not signed in;
// nil if there is none. A flood asks for it at each connection, so it is looked
// up and not looked for.
func (n *counts) biggest() *network {
	if len(n.sizes) == 0 {
		return nil
	}
	return n.sizes[len(n.sizes)-1].Front().Value.(*network)
}

// sized moves a network to the others of its size, which was another one. There
// are lists up to the size of the biggest only.
func (n *counts) sized(nw *network, was int) {
	if was > 0 {
		n.sizes[was].Remove(nw.size)
		nw.size = nil
	}
	if now := nw.before.Len(); now > 0 {
		for len(n.sizes) <= now {
			n.sizes = append(n.sizes, list.New())
		}
		nw.size = n.sizes[now].PushBack(nw)
	}
	for len(n.sizes) > 0 && n.sizes[len(n.sizes)-1].Len() == 0 {
		n.sizes = n.sizes[:len(n.sizes)-1]
	}
}

// oldest takes the oldest connection off the list.
func (n *counts) oldest(nw *network) *Conn {
	if nw == nil || nw.before.Len() == 0 {
		return nil
	}
	front := nw.before.Front()
	c := front.Value.(*Conn)
	n.settle(c)
	return c
}

// settle takes a connection off the list of those that have not signed in.
func (n *counts) settle(c *Conn) {
	if c.place.before != nil {
		c.place.network.before.Remove(c.place.before)
		c.place.before = nil
		n.before--
		n.sized(c.place.network, c.place.network.before.Len()+1)
	}
}

func (n *counts) signIn(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.settle(c)
}

func (n *counts) leave(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.settle(c)
	delete(n.conns, c)
	if n.listeners[c.door.Name]--; n.listeners[c.door.Name] == 0 {
		delete(n.listeners, c.door.Name)
	}
	nw := c.place.network
	if nw == nil {
		return
	}
	c.place.network = nil
	if nw.total--; nw.total == 0 {
		delete(n.networks, nw.prefix)
	}
}

func (n *counts) all() []*Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(n.conns))
}

func (n *counts) stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return Stats{Open: maps.Clone(n.listeners), BeforeSignIn: n.before}
}

// networkOf is the client's network; known is false for what is no IP address,
// such as a local socket.
func networkOf(a net.Addr) (prefix netip.Prefix, known bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return prefix, false
	}
	ip, ok := netip.AddrFromSlice(tcp.IP)
	if !ok {
		return prefix, false
	}
	bits := 64
	if ip = ip.Unmap(); ip.Is4() {
		bits = 32
	}
	prefix, err := ip.WithZone("").Prefix(bits)
	if ip.IsLoopback() { // not ::/64, which loopback shares with others
		return netip.PrefixFrom(ip.WithZone(""), ip.BitLen()), true
	}
	return prefix, err == nil
}
