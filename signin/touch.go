package signin

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/store"
)

// touches are the traces that sign-ins leave in the directory: known devices
// and when a credential was last used. They are written once a second, off the
// path; if they cannot be written they wait, bounded.
type touches struct {
	mu      sync.Mutex // guards the fields below
	waiting map[touchKey]touch
	wake    chan struct{} // capacity 1
}

type touchKey struct {
	account    mail.AccountID
	credential uint64
	device     string
}

type touch struct {
	at time.Time
	by string // protocol and network
}

const (
	touchesMost   = 1 << 14
	touchPause    = time.Second
	usedEvery     = time.Hour      // a credential's last use is at most so much behind
	seenEvery     = 24 * time.Hour // a device's last success is at most so much behind
	devicesMost   = 200            // of one account
	deviceKept    = 400 * 24 * time.Hour
	touchesAtOnce = 500
)

func newTouches() *touches {
	return &touches{waiting: make(map[touchKey]touch), wake: make(chan struct{}, 1)}
}

// devices are those of an account that are not written yet.
func (w *touches) devices(account mail.AccountID) map[string]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out map[string]time.Time
	for k, t := range w.waiting {
		if k.account == account {
			if out == nil {
				out = make(map[string]time.Time)
			}
			out[k.device] = t.at
		}
	}
	return out
}

// touch notes a success. Most of the time there is nothing new to note.
func (a *Authority) touch(t *trial, credential uint64, used *atomic.Int64) {
	now := t.facts.Time
	last := used.Load()
	stale := now.Unix()-last >= int64(usedEvery/time.Second) && used.CompareAndSwap(last, now.Unix())
	if !stale && now.Sub(t.facts.Client.Success) < seenEvery {
		return
	}
	t.person.mu.Lock()
	t.person.devices[t.device] = now
	t.person.mu.Unlock()
	w := a.touched
	w.mu.Lock()
	if len(w.waiting) < touchesMost {
		w.waiting[touchKey{t.person.row.ID, credential, t.device}] = touch{now, t.attempt.Protocol + " from " + t.place.network.String()}
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// keepTouches writes the touches down until ctx ends, and then once more.
func (a *Authority) keepTouches(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-a.touched.wake:
			timer.Reset(touchPause)
		case <-timer.C:
			if err := a.writeTouches(ctx); err != nil {
				a.logger.WarnContext(ctx, "known devices cannot be written now", slog.Any("error", err))
				timer.Reset(10 * touchPause)
			}
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), logPatient)
			defer cancel()
			if err := a.writeTouches(end); err != nil {
				a.logger.WarnContext(end, "known devices were not written", slog.Any("error", err))
			}
			return
		}
	}
}

func (a *Authority) writeTouches(ctx context.Context) error {
	w := a.touched
	for {
		w.mu.Lock()
		batch := make(map[touchKey]touch)
		for k, t := range w.waiting {
			if batch[k] = t; len(batch) == touchesAtOnce {
				break
			}
		}
		w.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		err := a.store.Update(ctx, func(tx store.Tx) error {
			for k, t := range batch {
				if err := writeTouch(tx.Directory(), k, t); err != nil {
					return err
				}
			}
			return nil
		}, store.Directory)
		if err != nil {
			return err
		}
		w.mu.Lock()
		for k, t := range batch {
			if w.waiting[k] == t {
				delete(w.waiting, k)
			}
		}
		w.mu.Unlock()
	}
}

func writeTouch(dir store.DirectoryTx, k touchKey, t touch) error {
	if _, err := dir.Account(k.account); fault.Is(err, fault.NotFound) {
		return nil // deleted meanwhile
	} else if err != nil {
		return err
	}
	creds, err := dir.Credentials(k.account)
	if err != nil {
		return err
	}
	for _, c := range creds {
		if c.ID == k.credential && c.LastUsed.Before(t.at) {
			c.LastUsed, c.LastUsedBy = t.at, t.by
			if err := dir.PutCredential(c); err != nil {
				return err
			}
		}
	}
	devices, err := dir.Devices(k.account)
	if err != nil {
		return err
	}
	oldest, count := store.DeviceRow{Seen: t.at}, 0
	for _, d := range devices {
		if d.Key == k.device {
			continue
		}
		if t.at.Sub(d.Seen) > deviceKept {
			if err := dir.DeleteDevice(k.account, d.Key); err != nil {
				return err
			}
			continue
		}
		if count++; d.Seen.Before(oldest.Seen) {
			oldest = d
		}
	}
	if count >= devicesMost && oldest.Key != "" {
		if err := dir.DeleteDevice(k.account, oldest.Key); err != nil {
			return err
		}
	}
	return dir.PutDevice(store.DeviceRow{Account: k.account, Key: k.device, Seen: t.at})
}
