package signin

import (
	"net/netip"
	"slices"
	"time"
)

// floods keep the sign-in log small while somebody tries what costs neither
// them nor us anything: attempts that were neither verified nor allowed, and
// refused handshakes. Of each kind a few are written one by one in a minute; the
// others are one entry at its end, with their count. A kind has one outcome and
// reason, so that entry is as exact as its attempts were alike.
type floods struct {
	began time.Time // of the minute
	alone int       // written one by one in it
	kinds map[floodKind]*flood
}

type floodKind struct {
	network  netip.Prefix // no valid one: those for which there was no room
	listener string
	protocol string
	outcome  Outcome
	reason   string
}

// flood is one kind in the minute.
type flood struct {
	alone int  // written one by one
	more  note // what the others have in common; its count is how many they are
}

const (
	floodMinute = time.Minute
	floodEach   = 60      // of a kind are written one by one in a minute
	floodAll    = 3000    // of all kinds
	floodKinds  = 1 << 12 // that are told apart
)

// takes tells whether the note is taken up, so that it must not be written.
func (f *floods) takes(n *note) bool {
	if f.kinds == nil {
		f.kinds = make(map[floodKind]*flood)
	}
	k := floodKind{networkOf(n.attempt.Client.Addr()), n.attempt.Listener, n.attempt.Protocol, n.outcome, n.status.FailureReason}
	one := f.kinds[k]
	if one == nil {
		if len(f.kinds) >= floodKinds {
			k.network = netip.Prefix{}
			one = f.kinds[k] // one for each listener, protocol and reason: those are few
		}
		if one == nil {
			one = &flood{}
			f.kinds[k] = one
		}
	}
	if one.alone < floodEach && f.alone < floodAll {
		one.alone++
		f.alone++
		return false
	}
	one.add(n, k.network)
	return true
}

// add counts a note and forgets what it has not in common with the others.
func (f *flood) add(n *note, network netip.Prefix) {
	m := &f.more
	if m.count == 0 {
		*m = *n
		m.count = 1
		return
	}
	m.count++
	if m.account != n.account || m.name != n.name {
		m.account, m.name = 0, ""
	}
	if m.attempt.Client.Addr() != n.attempt.Client.Addr() {
		m.attempt.Client, m.network = netip.AddrPort{}, network
	}
	if m.attempt.Mechanism != n.attempt.Mechanism {
		m.attempt.Mechanism = ""
	}
	if m.attempt.ClientName != n.attempt.ClientName {
		m.attempt.ClientName = ""
	}
	if m.attempt.ID != n.attempt.ID {
		m.attempt.ID = ""
	}
	if a, b := m.attempt.TLS, n.attempt.TLS; a != nil && (b == nil || a.Version != b.Version || a.Cipher != b.Cipher || !slices.Equal(a.OfferedVersions, b.OfferedVersions)) {
		m.attempt.TLS = nil
	}
	m.revision, m.latency = n.revision, max(m.latency, n.latency)
}

// over tells whether the minute is over, also by a clock that was set back.
func (f *floods) over(now time.Time) bool {
	return now.Before(f.began) || now.Sub(f.began) >= floodMinute
}

// begin begins a minute; what was counted in the last one is the result.
func (f *floods) begin(now time.Time) (sums []note) {
	for _, one := range f.kinds {
		if one.more.count > 0 {
			sums = append(sums, one.more)
		}
	}
	*f = floods{began: now}
	return sums
}
