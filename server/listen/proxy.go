package listen

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The PROXY protocol, versions 1 and 2, as HAProxy describes it
// (haproxy.org/download/2.8/doc/proxy-protocol.txt).

const (
	proxyV2Magic = "\r\n\r\n\x00\r\nQUIT\n"
	proxyV1Max   = 107  // §2.1, with CRLF
	proxyV2Max   = 1024 // of addresses and TLVs; proxies send less than 300
)

var errNoProxy = errors.New("a trusted proxy did not begin with a PROXY header")

// readProxy reads the header that a trusted proxy must send, and takes the
// client's address from it. Others' connections it does not touch.
func (c *Conn) readProxy() error {
	if len(c.door.ProxyFrom) == 0 || !trusted(c.door.ProxyFrom, c.raw.RemoteAddr()) {
		return nil
	}
	addr, err := parseProxy(c.raw)
	if err != nil {
		return err
	}
	if addr.IsValid() {
		c.remote = net.TCPAddrFromAddrPort(addr)
	}
	return nil
}

func trusted(from []netip.Prefix, a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return false
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(from, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseProxy reads exactly the header from r. The address is not valid if the
// proxy speaks for itself or does not know its client.
func parseProxy(r io.Reader) (netip.AddrPort, error) {
	var b [len(proxyV2Magic)]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: %w", errNoProxy, err)
	}
	switch {
	case string(b[:]) == proxyV2Magic:
		return parseProxyV2(r)
	case bytes.HasPrefix(b[:], []byte("PROXY ")):
		return parseProxyV1(r, b[:])
	}
	return netip.AddrPort{}, errNoProxy
}

// parseProxyV1 reads the rest of the line byte by byte, so as to take nothing
// of what follows.
func parseProxyV1(r io.Reader, line []byte) (addr netip.AddrPort, err error) {
	line = slices.Grow(slices.Clone(line), proxyV1Max)
	for !bytes.HasSuffix(line, []byte("\r\n")) {
		if len(line) >= proxyV1Max {
			return addr, fmt.Errorf("PROXY line longer than %d octets", proxyV1Max)
		}
		n := len(line)
		line = line[:n+1]
		if _, err := io.ReadFull(r, line[n:]); err != nil {
			return addr, fmt.Errorf("PROXY line: %w", err)
		}
	}
	f := strings.Split(string(line[:len(line)-2]), " ")
	if len(f) >= 2 && f[1] == "UNKNOWN" {
		return addr, nil
	}
	if len(f) != 6 || f[1] != "TCP4" && f[1] != "TCP6" {
		return addr, fmt.Errorf("PROXY line %q: want TCP4 or TCP6, two addresses and two ports", line)
	}
	ip, err := netip.ParseAddr(f[2])
	if err != nil || ip.Is4() != (f[1] == "TCP4") || ip.Zone() != "" {
		return addr, fmt.Errorf("PROXY line %q: bad source address", line)
	}
	port, err := strconv.ParseUint(f[4], 10, 16)
	if err != nil {
		return addr, fmt.Errorf("PROXY line %q: bad source port", line)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
}

func parseProxyV2(r io.Reader) (addr netip.AddrPort, err error) {
	var h [4]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return addr, fmt.Errorf("PROXY header: %w", err)
	}
	n := binary.BigEndian.Uint16(h[2:])
	if h[0]>>4 != 2 || h[0]&0xf > 1 || n > proxyV2Max {
		return addr, fmt.Errorf("PROXY header: version and command %#x with %d octets", h[0], n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return addr, fmt.Errorf("PROXY header: %w", err)
	}
	if h[0]&0xf == 0 { // LOCAL: the proxy's own, such as a health check
		return addr, nil
	}
	switch h[1] >> 4 {
	case 1: // IPv4: two addresses, two ports
		if n < 12 {
			return addr, errors.New("PROXY header: too short for IPv4")
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), binary.BigEndian.Uint16(b[8:])), nil
	case 2:
		if n < 36 {
			return addr, errors.New("PROXY header: too short for IPv6")
		}
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[:16])).Unmap(), binary.BigEndian.Uint16(b[32:])), nil
	}
	return addr, nil // unknown or a local socket
}
