package signin

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"postern/signin/credential"
	"postern/signin/policy"
)

// counts are what an authority counts since its start.
type counts struct {
	slow atomic.Uint64 // slow verifications

	mu         sync.Mutex // guards the fields below
	verdicts   map[VerdictKind]uint64
	unfinished *lru[UnfinishedKind, uint64]
}

// VerdictKind is what verdicts are counted by.
type VerdictKind struct {
	Protocol string
	Outcome  Outcome
	Reason   Reason
}

// UnfinishedKind is what connections without a verdict are counted by.
type UnfinishedKind struct {
	Protocol string
	Listener string
	Reason   string
	Network  netip.Prefix
}

// unfinishedKinds bounds the networks that are counted apart.
const unfinishedKinds = 1 << 13

func newCounts() *counts {
	return &counts{verdicts: make(map[VerdictKind]uint64), unfinished: newLRU[UnfinishedKind, uint64](unfinishedKinds)}
}

func (c *counts) verdict(protocol string, d policy.Decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verdicts[VerdictKind{protocol, d.Outcome, d.Reason}]++
}

// VerdictCount is a number of verdicts.
type VerdictCount struct {
	VerdictKind
	Count uint64
}

// UnfinishedCount is a number of connections without a verdict.
type UnfinishedCount struct {
	UnfinishedKind
	Count uint64
}

// Stats are an authority's figures, for metrics and the health page.
type Stats struct {
	Revision      uint64
	Sessions      int
	Cached        int // credentials known to be right
	Hashing       credential.QueueState
	Verifications uint64 // slow ones, so far
	LogDropped    uint64 // entries of the sign-in log that were lost
	Verdicts      []VerdictCount
	Unfinished    []UnfinishedCount // by listener and network; networks heard of long ago are dropped
}

// Stats are the figures now.
func (a *Authority) Stats() Stats {
	s := Stats{
		Revision: a.revision.Load().Number(), Sessions: a.sessions.count(), Cached: a.cache.len(), Hashing: a.hashing.State(),
		Verifications: a.counts.slow.Load(), LogDropped: a.log.lost(),
	}
	c := a.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range c.verdicts {
		s.Verdicts = append(s.Verdicts, VerdictCount{k, n})
	}
	c.unfinished.each(func(k UnfinishedKind, n uint64) {
		s.Unfinished = append(s.Unfinished, UnfinishedCount{k, n})
	})
	slices.SortFunc(s.Verdicts, func(x, y VerdictCount) int {
		return cmp.Or(cmp.Compare(x.Protocol, y.Protocol), cmp.Compare(x.Outcome, y.Outcome), cmp.Compare(x.Reason, y.Reason))
	})
	return s
}

// Unfinished is a connection that ended or hung before any verdict.
type Unfinished struct {
	Protocol string
	Listener string
	Client   netip.AddrPort
	Reason   string // "closed", "timeout", "protocol"
}

// NoVerdict counts a connection that ended or hung without a verdict.
func (a *Authority) NoVerdict(u Unfinished) {
	k := UnfinishedKind{u.Protocol, u.Listener, u.Reason, networkOf(u.Client.Addr())}
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	n, _ := a.counts.unfinished.get(k)
	a.counts.unfinished.put(k, n+1)
}

// Handshake is a TLS handshake that a listener refused.
type Handshake struct {
	Protocol        string
	Listener        string
	Client          netip.AddrPort
	ServerName      string
	OfferedVersions []string // "1.0" … "1.3"
	Reason          string   // "tls-version", "tls-no-cipher", "tls-alpn", "tls-failed"
	ID              string
	Started         time.Time
}

// HandshakeRefused writes a TLS handshake that was refused into the sign-in log;
// of many alike only the number.
func (a *Authority) HandshakeRefused(h Handshake) {
	now := a.now()
	if h.ID == "" {
		h.ID = newID()
	}
	n := note{
		attempt: Attempt{
			Protocol: h.Protocol, Listener: h.Listener, Client: h.Client, ID: h.ID,
			TLS: &TLSFacts{OfferedVersions: h.OfferedVersions, ServerName: h.ServerName},
		},
		outcome: Deny, status: Status{ErrorCode: tlsRefused, FailureReason: clean(h.Reason)}, revision: a.revision.Load().Number(), free: true,
	}
	if !h.Started.IsZero() && now.After(h.Started) {
		n.latency = now.Sub(h.Started)
	}
	a.log.note(now, n)
	a.counts.verdict(h.Protocol, policy.Decision{Outcome: Deny, Reason: policy.TLSVersion})
	a.logger.LogAttrs(context.Background(), slog.LevelDebug, "TLS handshake refused", slog.String("listener", h.Listener), slog.String("id", h.ID))
}
