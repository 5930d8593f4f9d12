package signin

// lru is a map that holds at most size entries and forgets the one that was
// used longest ago. It is not safe for concurrent use.
type lru[K comparable, V any] struct {
	size    int
	entries map[K]*lruEntry[K, V]
	ring    lruEntry[K, V] // its next is the entry used last, its prev the one used longest ago
}

type lruEntry[K comparable, V any] struct {
	key        K
	value      V
	prev, next *lruEntry[K, V]
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	l := &lru[K, V]{size: size, entries: make(map[K]*lruEntry[K, V])}
	l.ring.prev, l.ring.next = &l.ring, &l.ring
	return l
}

func (l *lru[K, V]) get(k K) (v V, ok bool) {
	e := l.entries[k]
	if e == nil {
		return v, false
	}
	e.unlink()
	l.front(e)
	return e.value, true
}

func (l *lru[K, V]) put(k K, v V) {
	e := l.entries[k]
	if e == nil {
		e = &lruEntry[K, V]{key: k}
		l.entries[k] = e
	} else {
		e.unlink()
	}
	e.value = v
	l.front(e)
	for len(l.entries) > l.size {
		l.remove(l.ring.prev.key)
	}
}

func (l *lru[K, V]) remove(k K) {
	if e := l.entries[k]; e != nil {
		e.unlink()
		delete(l.entries, k)
	}
}

func (l *lru[K, V]) len() int { return len(l.entries) }

// each calls fn for every entry, the one used last first.
func (l *lru[K, V]) each(fn func(K, V)) {
	for e := l.ring.next; e != &l.ring; e = e.next {
		fn(e.key, e.value)
	}
}

func (l *lru[K, V]) front(e *lruEntry[K, V]) {
	e.prev, e.next = &l.ring, l.ring.next
	e.prev.next, e.next.prev = e, e
}

func (e *lruEntry[K, V]) unlink() {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
