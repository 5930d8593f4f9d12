package signin

import "sync"

// cacheKey is a keyed hash over account, credential, its version and a secret.
type cacheKey [32]byte

// cache remembers that a secret is a credential, so that argon2id is not run
// again. It says nothing else: policy is judged afresh every time. The key
// covers account, credential and its version, so an entry is good for nobody
// else and for no later password. It is bounded.
type cache struct{ shards [cacheShards]cacheShard }

const (
	cacheShards = 16
	cacheSize   = 1 << 17 // entries in all
)

type cacheShard struct {
	mu      sync.Mutex // guards the field below
	entries *lru[cacheKey, struct{}]
}

func newCache(size int) *cache {
	c := &cache{}
	for i := range c.shards {
		c.shards[i].entries = newLRU[cacheKey, struct{}](max(1, size/cacheShards))
	}
	return c
}

func (c *cache) shard(k cacheKey) *cacheShard { return &c.shards[k[0]%cacheShards] }

func (c *cache) has(k cacheKey) bool {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.entries.get(k)
	return ok
}

func (c *cache) add(k cacheKey) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries.put(k, struct{}{})
}

func (c *cache) len() int {
	n := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += s.entries.len()
		s.mu.Unlock()
	}
	return n
}
