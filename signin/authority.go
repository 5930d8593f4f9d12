package signin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postern/fault"
	"postern/signin/credential"
	"postern/signin/policy"
	"postern/store"
)

// Options are what an authority needs. Only Store is required.
type Options struct {
	Store  store.Store
	Logger *slog.Logger     // nil is none
	Clock  func() time.Time // nil is time.Now
	Node   string           // this node's name in the sign-in log; "local" if empty
	// HelpURL is given with the words for a wrong password; empty is none.
	HelpURL string
	// DefaultDomain lets people sign in with the bare local part of their
	// address. Set it only if exactly one domain is served; empty is off.
	DefaultDomain string
	// Policy is the document of revision 1, used only if the store has no
	// revision; nil is policy.Default().
	Policy []byte
	// Hash are the parameters for new password hashes; zero is the default.
	Hash credential.Params
	// HashMemory bounds the argon2 memory in flight, in bytes; 0 is 256 MiB.
	HashMemory int64
	// HashWaiting bounds the attempts that wait for their hash; 0 is 512.
	HashWaiting int
	// HashWait is how long one waits before it is unavailable; 0 is 5 s.
	HashWait time.Duration
	// StorePatience is how long an attempt waits and retries while the store
	// is down or slow; 0 is 2 s.
	StorePatience time.Duration
	// LogRetention is how long the sign-in log is kept; 0 is 90 days.
	LogRetention time.Duration
}

func (o *Options) defaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Node == "" {
		o.Node = "local"
	}
	if o.Policy == nil {
		o.Policy = policy.Default()
	}
	if o.Hash == (credential.Params{}) {
		o.Hash = credential.DefaultParams()
	}
	if o.StorePatience <= 0 {
		o.StorePatience = 2 * time.Second
	}
	if o.LogRetention <= 0 {
		o.LogRetention = 90 * 24 * time.Hour
	}
}

// Authority is the one sign-in authority of a node. Its methods may be called
// at the same time.
type Authority struct {
	opts     Options
	store    store.Store
	logger   *slog.Logger
	now      func() time.Time
	keys     keys
	revision atomic.Pointer[policy.Revision]
	people   *people
	cache    *cache
	throttle *throttle
	hashing  *credential.Queue
	decoys   *decoys
	sessions *sessions
	touched  *touches
	log      *signinLog
	counts   *counts
	outdated chan rehashing

	closing atomic.Bool
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// New opens the authority over a store: it makes the server's keys and the
// first revision if the store has none.
func New(o Options) (*Authority, error) {
	const op = "signin.New"
	o.defaults()
	if o.Store == nil {
		return nil, fault.New(fault.Invalid, op, "no store")
	}
	if err := o.Hash.Valid(); err != nil {
		return nil, fault.In(op, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &Authority{
		opts: o, store: o.Store, logger: o.Logger, now: o.Clock, stop: cancel,
		people: newPeople(o.Store, o.StorePatience), cache: newCache(cacheSize), throttle: newThrottle(),
		hashing: credential.NewQueue(credential.QueueOptions{Memory: o.HashMemory, Waiting: o.HashWaiting, Patience: o.HashWait}),
		decoys:  newDecoys(o.Hash), sessions: newSessions(), touched: newTouches(),
		log: newLog(o.Store, o.Clock, o.Node, o.Logger), counts: newCounts(),
		outdated: make(chan rehashing, 64),
	}
	a.people.pending = a.touched.devices
	if err := a.open(ctx); err != nil {
		cancel()
		return nil, err
	}
	a.work.Go(func() { a.log.run(ctx) })
	a.work.Go(func() { a.keepTouches(ctx) })
	a.work.Go(func() { a.keepHouse(ctx) })
	a.work.Go(func() { a.rehashAll(ctx) })
	return a, nil
}

func (a *Authority) open(ctx context.Context) (err error) {
	if a.keys, err = openKeys(ctx, a.store); err != nil {
		return err
	}
	if err := a.openRevision(ctx); err != nil {
		return err
	}
	return a.log.open(ctx)
}

// Close stops the authority: further attempts are unavailable, open grants end,
// the sign-in log is written out. The store stays open.
func (a *Authority) Close() error {
	if a.closing.Swap(true) {
		return nil
	}
	a.sessions.endAll()
	a.stop()
	a.work.Wait()
	return nil
}

// keepHouse prunes the sign-in log and learns the spread of hashes.
func (a *Authority) keepHouse(ctx context.Context) {
	const scanEvery, pruneEvery = time.Minute, 60
	scanned := ^uint64(0)
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		if now := a.people.changes.Load(); now != scanned {
			if err := a.decoys.scan(ctx, a.store); err != nil && ctx.Err() == nil {
				a.logger.WarnContext(ctx, "the directory's hashes cannot be looked through now", slog.Any("error", err))
			} else {
				scanned = now
			}
		}
		if n%pruneEvery == 0 {
			if err := a.log.prune(ctx, a.now().Add(-a.opts.LogRetention)); err != nil && ctx.Err() == nil {
				a.logger.WarnContext(ctx, "the sign-in log cannot be pruned now", slog.Any("error", err))
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// newID is a name that nobody can guess.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
