package main

import (
	"context"
	"errors"
	"time"
)

// push measures the time from the first byte of an APPEND until another
// connection of the account, which idles in the mailbox, is told of it.
func push(ctx context.Context, t *target, o options) (v float64, err error) {
	writer, err := t.login(ctx, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	box, err := t.freshBox(writer)
	if err != nil {
		return 0, err
	}
	idler, err := t.open(ctx, 1, box)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, idler.Close()) }()
	if err := idler.Idle(); err != nil {
		return 0, err
	}
	w := appender(writer, box)
	v, err = repeat(2*o.duration, func() (time.Duration, error) {
		// A pause between samples, so that they do not ride on a timer that
		// the one before has started.
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
		appended := make(chan error, 1)
		start := time.Now()
		go func() { appended <- w.once() }()
		err := idler.Await("EXISTS")
		took := time.Since(start)
		return took, errors.Join(err, <-appended)
	})
	return v, errors.Join(err, idler.Done())
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
