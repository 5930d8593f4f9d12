package signin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// Filter picks entries of the sign-in log; zero fields match all.
type Filter struct {
	Account  mail.AccountID
	Name     string // account as the log has it; addresses are compared in their normal form
	Protocol string
	Outcome  string
	Since    time.Time
	Limit    int // at most; 0 is 100, below 0 is none (Follow only)
}

// errStop ends an iteration early.
var errStop = errors.New("stop")

func isStop(err error) bool { return errors.Is(err, errStop) }

func (f *Filter) normal() {
	if n, err := NormalAddress(f.Name); err == nil {
		f.Name = n
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
}

func (f *Filter) matches(account mail.AccountID, e *Entry) bool {
	return (f.Account == 0 || f.Account == account) &&
		(f.Name == "" || f.Name == e.Account) &&
		(f.Protocol == "" || f.Protocol == e.Protocol) &&
		(f.Outcome == "" || f.Outcome == e.Outcome) &&
		(f.Since.IsZero() || !e.Time.Before(f.Since))
}

// Attempts reads the sign-in log, newest first. What was decided before the
// call is in it, except what will be summed up at the end of its minute. An error of fn ends it and is returned.
func (a *Authority) Attempts(ctx context.Context, f Filter, fn func(Entry) error) error {
	f.normal()
	if err := a.log.flush(ctx); err != nil {
		return err
	}
	return a.log.read(ctx, f, func(e followed) error { return fn(e.entry) })
}

// readPage is how many rows are read in one snapshot of the store.
const readPage = 1000

// read leaves out what cannot be read and says so in the server's log.
func (l *signinLog) read(ctx context.Context, f Filter, fn func(followed) error) error {
	var damaged []time.Time
	defer func() {
		if len(damaged) > 0 {
			l.logger.ErrorContext(ctx, "entries of the sign-in log cannot be read and were left out", slog.Int("entries", len(damaged)),
				slog.Time("newest", damaged[0]), slog.Time("oldest", damaged[len(damaged)-1]))
		}
	}()
	left, before := f.Limit, store.AttemptID{}
	for left > 0 {
		page, err := l.page(ctx, f.Account, before)
		if err != nil {
			return fault.In("signin.Attempts", err)
		}
		for _, row := range page {
			if !f.Since.IsZero() && row.ID.Time < f.Since.UnixNano() {
				return nil
			}
			var e Entry
			if json.Unmarshal(row.JSON, &e) != nil {
				damaged = append(damaged, time.Unix(0, row.ID.Time).UTC())
				continue
			}
			if !f.matches(row.Account, &e) {
				continue
			}
			if err := fn(followed{row.ID, row.Account, e}); err != nil {
				return err
			}
			if left--; left == 0 {
				return nil
			}
		}
		if len(page) < readPage {
			return nil
		}
		before = page[len(page)-1].ID
	}
	return nil
}

// page reads up to readPage rows, newest first, in one snapshot.
func (l *signinLog) page(ctx context.Context, account mail.AccountID, before store.AttemptID) (page []store.AttemptRow, err error) {
	err = l.store.View(ctx, func(r store.Reader) error {
		page = page[:0]
		return r.Attempts().Attempts(account, before, func(row store.AttemptRow) error {
			page = append(page, row)
			if len(page) == readPage {
				return errStop
			}
			return nil
		})
	}, store.Attempts)
	if isStop(err) {
		err = nil
	}
	return page, err
}

// Follow gives the last f.Limit entries, oldest first, then each new one as it
// is decided, until ctx ends (which is no error) or fn returns one.
func (a *Authority) Follow(ctx context.Context, f Filter, fn func(Entry) error) error {
	f.normal()
	w := a.log.follow()
	defer a.log.unfollow(w)
	if err := a.log.flush(ctx); err != nil {
		return err
	}
	var past []followed
	if err := a.log.read(ctx, f, func(e followed) error {
		past = append(past, e)
		return nil
	}); err != nil {
		return err
	}
	last := store.AttemptID{}
	for _, e := range slices.Backward(past) {
		if err := fn(e.entry); err != nil {
			return err
		}
		last = e.id
	}
	for {
		select {
		case e := <-w.entries:
			if !older(last, e.id) || !f.matches(e.account, &e.entry) {
				continue
			}
			if err := fn(e.entry); err != nil {
				return err
			}
		case <-a.log.done:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func older(a, b store.AttemptID) bool {
	return a.Time < b.Time || a.Time == b.Time && a.Seq < b.Seq
}
