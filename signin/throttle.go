package signin

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"postern/mail"
	"postern/signin/policy"
)

// throttle counts distinct wrong guesses of the last hour: per account (or name
// that is no account), per device, per network. A guess is held as a keyed hash
// whose key is forgotten after two hours. A guess takes its place before it is
// verified, so guessing in parallel gains nothing, and gives it back if it was
// right. What its verification said is remembered with it: the same guess from
// the same device is answered without another one, or whoever repeats a single
// guess could keep the hashing queue full. Everything is bounded.
type throttle struct {
	tickets  atomic.Uint64 // given out so far
	marks    marker
	networks networkCounts
	shards   [throttleShards]throttleShard
}

const (
	throttleShards  = 32
	throttleWindow  = time.Hour
	throttleKnown   = 1 << 20 // accounts with guesses at a time
	throttleUnknown = 1 << 16 // names that are no account, apart: they push no account out
	bucketSize      = 1 << 12 // guesses at one account
)

type throttleShard struct {
	mu      sync.Mutex // guards the fields below
	known   *lru[target, *bucket]
	unknown *lru[target, *bucket]
}

// target is what is guessed at: an account, or a name that is none.
type target struct {
	account mail.AccountID
	name    [16]byte // keyed hash of the name, if account is 0
}

type bucket struct{ guesses []guess }

// guess is one distinct guess. It counts while it is being verified and, if it
// was wrong, for an hour after it was last tried.
type guess struct {
	id      uint64
	mark    [16]byte
	device  uint64 // that tried it last
	last    int64  // Unix nanoseconds
	flying  int32
	wrong   bool
	known   bool // it has been verified
	matched bool // what the verification said
}

// place is where a guess comes from.
type place struct {
	device  uint64
	network netip.Prefix
	exempt  bool
}

func newThrottle() *throttle {
	t := &throttle{networks: networkCounts{rings: newLRU[netip.Prefix, *ring](1 << 16)}}
	for i := range t.shards {
		t.shards[i].known = newLRU[target, *bucket](throttleKnown / throttleShards)
		t.shards[i].unknown = newLRU[target, *bucket](throttleUnknown / throttleShards)
	}
	return t
}

func (t *throttle) shard(w target) *throttleShard {
	return &t.shards[(uint64(w.account)^binary.BigEndian.Uint64(w.name[:8]))%throttleShards]
}

func (s *throttleShard) table(w target) *lru[target, *bucket] {
	if w.account == 0 {
		return s.unknown
	}
	return s.known
}

// ticket is a reserved guess. settle must be called once.
type ticket struct {
	throttle *throttle
	target   target
	place    place
	guess    uint64
	moved    bool // another device tried the guess before
	known    bool // this device did, and matched is what its verification said
	matched  bool
}

// peek tells the counters without taking a place.
func (t *throttle) peek(now time.Time, w target, p place) policy.Throttle {
	c := t.networks.count(now, p)
	s := t.shard(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.table(w).get(w); ok {
		b.count(now, p, &c)
	}
	return c
}

// reserve takes a place for a guess at one version of a credential unless held
// says of the counters that there is none left; then there is no ticket. held is
// called with a lock held.
func (t *throttle) reserve(now time.Time, w target, credential [32]byte, p place, secret []byte, held func(policy.Throttle) bool) *ticket {
	current, previous := t.marks.of(now, w, credential, secret)
	c := t.networks.count(now, p)
	s := t.shard(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	table := s.table(w)
	b, ok := table.get(w)
	if !ok {
		b = &bucket{}
	}
	b.count(now, p, &c)
	g := b.find(current, previous)
	moved := g != nil && g.device != p.device
	c.Repeat = g != nil && !moved
	if held(c) {
		return nil
	}
	if g == nil {
		g = b.add(guess{id: t.tickets.Add(1)})
	}
	g.mark, g.device = current, p.device
	g.last = now.UnixNano()
	g.flying++
	if !ok {
		table.put(w, b)
	}
	return &ticket{throttle: t, target: w, place: p, guess: g.id, moved: moved, known: g.known && !moved, matched: g.matched}
}

// settle says how the guess ended. One that was not answered with a denial
// teaches nobody anything and does not count.
func (k *ticket) settle(now time.Time, denied bool) {
	s := k.throttle.shard(k.target)
	s.mu.Lock()
	defer s.mu.Unlock()
	table := s.table(k.target)
	b, ok := table.get(k.target)
	if !ok {
		return
	}
	g := b.byID(k.guess)
	if g == nil {
		return
	}
	g.flying--
	if k.known {
		g.known, g.matched = true, k.matched
	}
	if denied {
		if !g.wrong || k.moved {
			k.throttle.networks.add(now, k.place)
		}
		g.wrong = true
		g.last = now.UnixNano()
	}
	b.sweep(now)
	if len(b.guesses) == 0 {
		table.remove(k.target)
	}
}

func (b *bucket) find(a, z [16]byte) *guess {
	for i := range b.guesses {
		if m := b.guesses[i].mark; m == a || m == z {
			return &b.guesses[i]
		}
	}
	return nil
}

func (b *bucket) byID(id uint64) *guess {
	for i := range b.guesses {
		if b.guesses[i].id == id {
			return &b.guesses[i]
		}
	}
	return nil
}

func (b *bucket) add(g guess) *guess {
	if len(b.guesses) >= bucketSize {
		b.guesses = append(b.guesses[:0], b.guesses[1:]...)
	}
	b.guesses = append(b.guesses, g)
	return &b.guesses[len(b.guesses)-1]
}

// sweep forgets the guesses that are over.
func (b *bucket) sweep(now time.Time) {
	old := now.Add(-throttleWindow).UnixNano()
	keep := b.guesses[:0]
	for _, g := range b.guesses {
		if g.flying > 0 || g.wrong && g.last > old {
			keep = append(keep, g)
		}
	}
	b.guesses = keep
}

func (b *bucket) count(now time.Time, p place, c *policy.Throttle) {
	b.sweep(now)
	for i := range b.guesses {
		g := &b.guesses[i]
		c.Account++
		if g.device == p.device {
			c.Device++
		}
		if free := time.Unix(0, g.last).Add(throttleWindow); c.FreeAt.IsZero() || free.Before(c.FreeAt) {
			c.FreeAt = free
		}
	}
}

// marker makes the keyed hashes of guesses; its key changes every hour and the
// one before is kept for an hour more.
type marker struct {
	mu    sync.Mutex // guards the fields below
	epoch int64
	keys  [2][32]byte // current, previous
}

func (m *marker) of(now time.Time, w target, credential [32]byte, secret []byte) (current, previous [16]byte) {
	m.mu.Lock()
	if epoch := now.Unix() / int64(throttleWindow/time.Second); epoch > m.epoch {
		m.keys[1] = m.keys[0]
		if epoch != m.epoch+1 {
			_, _ = rand.Read(m.keys[1][:]) // never fails (crypto/rand)
		}
		_, _ = rand.Read(m.keys[0][:]) // never fails (crypto/rand)
		m.epoch = epoch
	}
	keys := m.keys
	m.mu.Unlock()
	var id [24]byte
	binary.BigEndian.PutUint64(id[:8], uint64(w.account))
	copy(id[8:], w.name[:])
	a, b := mac(keys[0][:], id[:], credential[:], secret), mac(keys[1][:], id[:], credential[:], secret)
	return [16]byte(a[:16]), [16]byte(b[:16])
}
