package mailbox

import (
	"context"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"postern/blob"
	"postern/fault"
	"postern/mail"
	"postern/store"
)

// pendingBlobs are blobs that no row names yet, and accounts whose blobs were
// let go.
type pendingBlobs struct {
	sweeping   sync.Mutex   // held while orphans are swept
	committing sync.RWMutex // read-held from before a blob is durable until it is in refs

	mu       sync.Mutex // guards what follows
	refs     map[blob.Ref]struct{}
	spared   map[blob.Ref]struct{} // while orphans are swept: all that were in refs meanwhile
	littered map[mail.AccountID]struct{}
}

// commit makes a blob durable and notes that it waits for its row.
func (p *pendingBlobs) commit(ctx context.Context, w blob.Writer) (blob.Ref, error) {
	p.committing.RLock()
	defer p.committing.RUnlock()
	ref, err := w.Commit(ctx)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refs[ref] = struct{}{}
	if p.spared != nil {
		p.spared[ref] = struct{}{}
	}
	return ref, nil
}

// settle waits until every blob that is durable is in refs, or was.
func (p *pendingBlobs) settle() {
	p.committing.Lock()
	defer p.committing.Unlock()
}

// spare has every blob that is pending, now or until end, kept from the sweep.
func (p *pendingBlobs) spare() (end func()) {
	p.sweeping.Lock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spared = maps.Clone(p.refs)
	return func() {
		p.mu.Lock()
		p.spared = nil
		p.mu.Unlock()
		p.sweeping.Unlock()
	}
}

func (p *pendingBlobs) isSpared(ref blob.Ref) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.spared[ref]
	return ok
}

func (p *pendingBlobs) remove(ref blob.Ref) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.refs, ref)
}

func (p *pendingBlobs) litter(a mail.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.littered == nil {
		p.littered = map[mail.AccountID]struct{}{}
	}
	p.littered[a] = struct{}{}
}

func (p *pendingBlobs) litterers() []mail.AccountID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.littered))
}

func (p *pendingBlobs) swept(a mail.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.littered, a)
}

// sweeper sweeps at the start and daily, and often what was let go meanwhile.
func (e *Engine) sweeper(ctx context.Context) {
	tick := time.NewTicker(max(e.opts.Grace/4, time.Second))
	defer tick.Stop()
	var last time.Time
	for {
		var err error
		if time.Since(last) > 24*time.Hour {
			last = time.Now()
			_, err = e.Sweep(ctx)
		} else {
			for _, a := range e.pending.litterers() {
				if _, err = e.sweepAccount(ctx, a); err != nil {
					break
				}
			}
		}
		if err != nil && ctx.Err() == nil {
			e.opts.Logger.Warn("unused blobs could not be swept; trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep deletes the blobs that no message has used for longer than the grace,
// and those that no row names at all, which a crash leaves behind. It tells how
// many. It runs by itself at the start and daily.
func (e *Engine) Sweep(ctx context.Context) (int, error) {
	accounts, err := e.allAccounts(ctx)
	if err != nil {
		return 0, fault.In("mailbox.Sweep", err)
	}
	total := 0
	for _, a := range accounts {
		n, err := e.sweepAccount(ctx, a)
		total += n
		if err != nil {
			return total, fault.In("mailbox.Sweep", err)
		}
	}
	n, err := e.sweepOrphans(ctx)
	return total + n, fault.In("mailbox.Sweep", err)
}

// allAccounts lists the accounts of the directory and those that were opened.
func (e *Engine) allAccounts(ctx context.Context) ([]mail.AccountID, error) {
	seen := map[mail.AccountID]struct{}{}
	e.mu.Lock()
	for id := range e.accounts {
		seen[id] = struct{}{}
	}
	e.mu.Unlock()
	err := e.opts.Store.View(ctx, func(r store.Reader) error {
		return r.Directory().Accounts(func(row store.AccountRow) error {
			seen[row.ID] = struct{}{}
			return nil
		})
	}, store.Directory)
	out := make([]mail.AccountID, 0, len(seen))
	for id := range seen {
		out = append(out, id)
	}
	return out, err
}

// sweepAccount deletes an account's garbage that is past the grace: first the
// blobs, then the rows that remember them.
func (e *Engine) sweepAccount(ctx context.Context, id mail.AccountID) (int, error) {
	a := &account{e: e, id: id}
	var due []blob.Ref
	left := false
	err := a.view(ctx, func(r store.MailReader) error {
		due, left = nil, false
		return r.Garbage(func(ref string, since time.Time) error {
			if e.now().Sub(since) >= e.opts.Grace {
				due = append(due, blob.Ref(ref))
			} else {
				left = true
			}
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	if len(due) > 0 {
		if err := e.opts.Blobs.Delete(ctx, due...); err != nil {
			return 0, err
		}
		err = e.opts.Store.Delete(ctx, func(tx store.Tx) error {
			for _, ref := range due {
				if err := tx.Mail(id).DeleteGarbage(string(ref)); err != nil {
					return err
				}
			}
			return nil
		}, a.part())
		if err != nil {
			return 0, err
		}
	}
	if left {
		e.pending.litter(id)
	} else {
		e.pending.swept(id)
	}
	return len(due), nil
}

// maxSuspects bounds how many blobs are looked for in the rows at once.
const maxSuspects = 500_000

// sweepOrphans deletes blobs that are older than the grace and named by no row.
// It takes the blobs first and reads the rows then, so a blob that gets its row
// meanwhile was pending meanwhile, whatever the clock says. After a failed sync
// of the store nothing is deleted: a row that nobody may see yet can be there
// after the next start.
func (e *Engine) sweepOrphans(ctx context.Context) (int, error) {
	defer e.pending.spare()()
	if err := e.opts.Store.Health(); fault.Is(err, fault.ReadOnly) {
		return 0, err
	}
	before := e.now().Add(-e.opts.Grace)
	count := 0
	err := e.opts.Blobs.Walk(ctx, func(blob.Info) error {
		count++
		return nil
	})
	if err != nil || count == 0 {
		return 0, err
	}
	accounts, err := e.allAccounts(ctx)
	if err != nil {
		return 0, err
	}
	if len(accounts) == 0 {
		return 0, fault.New(fault.Damaged, "mailbox.Sweep", "there are %d blobs but no account in the directory; nothing is deleted", count)
	}
	deleted := 0
	parts := uint32(count/maxSuspects) + 1
	for part := range parts {
		suspects := map[blob.Ref]struct{}{}
		err := e.opts.Blobs.Walk(ctx, func(i blob.Info) error {
			if i.Created.Before(before) && share(i.Ref)%parts == part {
				suspects[i.Ref] = struct{}{}
			}
			return nil
		})
		if err != nil {
			return deleted, err
		}
		n, err := e.convict(ctx, suspects, accounts)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	if deleted > 0 {
		e.opts.Logger.Info("blobs that no message named were deleted", "count", deleted)
	}
	return deleted, nil
}

// convict deletes those of suspects that no account names.
func (e *Engine) convict(ctx context.Context, suspects map[blob.Ref]struct{}, accounts []mail.AccountID) (int, error) {
	e.pending.settle()
	for _, id := range accounts {
		if len(suspects) == 0 {
			return 0, nil
		}
		if err := e.acquit(ctx, id, suspects); err != nil {
			return 0, err
		}
	}
	refs := make([]blob.Ref, 0, len(suspects))
	for ref := range suspects {
		if !e.pending.isSpared(ref) {
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 {
		return 0, nil
	}
	return len(refs), e.opts.Blobs.Delete(ctx, refs...)
}

// acquit takes the blobs that an account's rows name out of suspects.
func (e *Engine) acquit(ctx context.Context, id mail.AccountID, suspects map[blob.Ref]struct{}) error {
	a := &account{e: e, id: id}
	return a.view(ctx, func(r store.MailReader) error {
		err := r.Emails(func(row store.EmailRow) error {
			delete(suspects, blob.Ref(row.Blob))
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		return r.Garbage(func(ref string, _ time.Time) error {
			delete(suspects, blob.Ref(ref))
			return nil
		})
	})
}

func share(ref blob.Ref) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(ref)) // never fails
	return h.Sum32()
}
