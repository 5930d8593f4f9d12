package signin

import (
	"context"
	"log/slog"

	"postern/fault"
	"postern/signin/policy"
	"postern/store"
)

// openRevision takes the newest revision in the store that is whole and can be
// compiled. An empty store gets the first one. A store that has one is only
// read: a full disk keeps nobody from starting.
func (a *Authority) openRevision(ctx context.Context) error {
	const op = "signin.New"
	good, bad, err := lastGood(ctx, a.store)
	if fault.Is(err, fault.NotFound) {
		good, err = a.firstRevision(ctx)
	}
	if err != nil {
		return fault.In(op, err)
	}
	for _, err := range bad {
		a.logger.ErrorContext(ctx, "a stored policy revision cannot be used; an older one is", slog.Any("error", err))
	}
	if good == nil {
		a.logger.ErrorContext(ctx, "no stored policy revision can be used; the built-in policy is")
		if good, err = policy.Compile(0, policy.Default()); err != nil {
			return fault.In(op, err)
		}
	}
	a.revision.Store(good)
	return nil
}

// lastGood is the newest revision that can be used, nil if none can, and what
// is wrong with the newer ones. NotFound if there is no revision at all.
func lastGood(ctx context.Context, st store.Store) (good *policy.Revision, bad []error, err error) {
	err = st.View(ctx, func(r store.Reader) error {
		good, bad = nil, nil
		row, err := r.System().LastRevision()
		if err != nil {
			return err
		}
		for n := row.Number; ; {
			if err == nil {
				if good, err = compileRow(row); err == nil {
					return nil
				}
				bad = append(bad, err)
			}
			if n--; n == 0 {
				return nil
			}
			if row, err = r.System().Revision(n); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
	}, store.System)
	return good, bad, err
}

func (a *Authority) firstRevision(ctx context.Context) (*policy.Revision, error) {
	first, err := policy.Compile(1, a.opts.Policy)
	if err != nil {
		return nil, fault.New(fault.Invalid, "signin.New", "the policy for a new store: %w", err)
	}
	return first, a.store.Update(ctx, func(tx store.Tx) error {
		return tx.System().PutRevision(store.RevisionRow{
			Number: 1, Hash: first.Hash(), Document: first.Source(), Created: a.now(), Author: "postern", Reason: "first start",
		})
	}, store.System)
}

func compileRow(row store.RevisionRow) (*policy.Revision, error) {
	if policy.HashOf(row.Document) != row.Hash {
		return nil, fault.New(fault.Damaged, "signin.New", "policy revision %d does not have its hash %s", row.Number, row.Hash)
	}
	r, err := policy.Compile(row.Number, row.Document)
	if err != nil {
		return nil, fault.New(fault.Invalid, "signin.New", "policy revision %d: %w", row.Number, err)
	}
	return r, nil
}

// Policy is the revision in force.
func (a *Authority) Policy() *policy.Revision { return a.revision.Load() }

// ApplyPolicy makes a document the policy in force, whole and at once, as a new
// revision, and returns it. The document that is in force already makes none.
// An error is Invalid and wraps policy.Problems, or is the store's; then the
// revision in force stays.
func (a *Authority) ApplyPolicy(ctx context.Context, document []byte, author, reason string) (*policy.Revision, error) {
	const op = "signin.ApplyPolicy"
	if now := a.revision.Load(); now.Number() > 0 && policy.HashOf(document) == now.Hash() {
		return now, nil
	}
	if _, err := policy.Compile(1, document); err != nil {
		return nil, fault.Wrap(fault.Invalid, op, err)
	}
	var next *policy.Revision
	err := a.store.Update(ctx, func(tx store.Tx) error {
		last, err := tx.System().LastRevision()
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if next, err = policy.Compile(last.Number+1, document); err != nil {
			return err
		}
		return tx.System().PutRevision(store.RevisionRow{
			Number: next.Number(), Hash: next.Hash(), Document: next.Source(), Created: a.now(), Author: author, Reason: reason,
		})
	}, store.System)
	if err != nil {
		return nil, fault.In(op, err)
	}
	for {
		now := a.revision.Load()
		if now.Number() >= next.Number() || a.revision.CompareAndSwap(now, next) {
			break
		}
	}
	a.logger.InfoContext(ctx, "policy applied", slog.Uint64("revision", next.Number()), slog.String("hash", next.Hash()),
		slog.String("author", author), slog.String("reason", reason))
	return next, nil
}

// Mechanisms lists what to advertise now. In IMAP "LOGIN" stands for the LOGIN
// command and is no SASL mechanism: without it say LOGINDISABLED. In POP3
// "USER" stands for USER and PASS. The caller must not change the slice.
func (a *Authority) Mechanisms(protocol, listener string, tls bool) []string {
	if a.closing.Load() {
		return nil
	}
	return a.revision.Load().Mechanisms(protocol, listener, tls)
}
