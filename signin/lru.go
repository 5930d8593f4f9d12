package signin

import "container/list"

// lru is a map that holds at most size entries and forgets the one that was
// used longest ago. It is not safe for concurrent use.
type lru[K comparable, V any] struct {
	size    int
	entries map[K]*list.Element // of *lruEntry[K, V]
	order   list.List           // most recently used first
}

type lruEntry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	return &lru[K, V]{size: size, entries: make(map[K]*list.Element)}
}

func (l *lru[K, V]) get(k K) (v V, ok bool) {
	e := l.entries[k]
	if e == nil {
		return v, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruEntry[K, V]).value, true //nolint:errcheck,forcetypeassert // the list holds nothing else
}

func (l *lru[K, V]) put(k K, v V) {
	if e := l.entries[k]; e != nil {
		e.Value.(*lruEntry[K, V]).value = v //nolint:errcheck,forcetypeassert // the list holds nothing else
		l.order.MoveToFront(e)
		return
	}
	l.entries[k] = l.order.PushFront(&lruEntry[K, V]{k, v})
	for len(l.entries) > l.size {
		l.remove(l.order.Back().Value.(*lruEntry[K, V]).key) //nolint:errcheck,forcetypeassert // the list holds nothing else
	}
}

func (l *lru[K, V]) remove(k K) {
	if e := l.entries[k]; e != nil {
		l.order.Remove(e)
		delete(l.entries, k)
	}
}

func (l *lru[K, V]) len() int { return len(l.entries) }
