package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"postern/test/bench/load"
)

// bulk repeats one command over the large mailbox and returns messages and
// bytes a second. The first answer warms the caches and is not measured.
func bulk(ctx context.Context, t *target, o options, command string) (messages, octets float64, err error) {
	c, err := t.open(ctx, 0, largeBox)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	want, err := checked(c, command, o.messages)
	if err != nil {
		return 0, 0, err
	}
	total, times := 0, 0
	start := time.Now()
	for time.Since(start) < o.duration {
		got, err := c.Do(command)
		if err != nil {
			return 0, 0, err
		}
		if got.Lines < o.messages || got.Bytes < want.Bytes/2 {
			return 0, 0, fmt.Errorf("%s: the answer shrank from %+v to %+v", t.Name, want, got)
		}
		total += got.Bytes
		times++
	}
	elapsed := time.Since(start).Seconds()
	return float64(o.messages*times) / elapsed, float64(total) / elapsed, nil
}

// checked runs a command and wants a line for each message at least.
func checked(c *load.Conn, command string, messages int) (load.Answer, error) {
	a, err := c.Do(command)
	if err != nil {
		return a, err
	}
	if a.Lines < messages {
		return a, fmt.Errorf("%s answered %d lines for %d messages", command, a.Lines, messages)
	}
	return a, nil
}

func fetchFlags(ctx context.Context, t *target, o options) (float64, error) {
	messages, _, err := bulk(ctx, t, o, "UID FETCH 1:* (FLAGS)")
	return messages, err
}

const fetchEnvelope = "FETCH 1:* (ENVELOPE BODYSTRUCTURE)"

func envelopeWarm(ctx context.Context, t *target, o options) (float64, error) {
	messages, _, err := bulk(ctx, t, o, fetchEnvelope)
	return messages, err
}

// envelopeCold times SELECT and one FETCH on a server that was just restarted
// with its files out of the page cache.
func envelopeCold(ctx context.Context, t *target, o options) (v float64, err error) {
	if !t.Owned() {
		return 0, errNotOurs
	}
	if err := t.RestartCold(ctx); err != nil {
		return 0, err
	}
	c, err := t.login(ctx, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.Grow()
	start := time.Now()
	if _, err := c.Do("SELECT " + largeBox); err != nil {
		return 0, err
	}
	if _, err := checked(c, fetchEnvelope, o.messages); err != nil {
		return 0, err
	}
	return float64(o.messages) / time.Since(start).Seconds(), nil
}

func fetchBody(ctx context.Context, t *target, o options) (float64, error) {
	_, octets, err := bulk(ctx, t, o, "FETCH 1:* (BODY.PEEK[])")
	return octets / 1e6, err
}

// selectLarge times SELECT of the large mailbox after it was closed.
func selectLarge(ctx context.Context, t *target, o options) (v float64, err error) {
	c, err := t.open(ctx, 0, largeBox)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	leave := "CLOSE"
	if has, err := c.Has("UNSELECT"); err != nil {
		return 0, err
	} else if has {
		leave = "UNSELECT"
	}
	return repeat(o.duration, func() (time.Duration, error) {
		if _, err := c.Do(leave); err != nil {
			return 0, err
		}
		start := time.Now()
		_, err := c.Do("SELECT " + largeBox)
		return time.Since(start), err
	})
}

// search times a search for a word that a few messages contain.
func search(key string) func(context.Context, *target, options) (float64, error) {
	return func(ctx context.Context, t *target, o options) (v float64, err error) {
		c, err := t.open(ctx, 0, largeBox)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		command := "UID SEARCH " + key + " " + load.Rare
		found, err := c.Collect(command)
		if err != nil {
			return 0, err
		}
		if got, want := hits(found), rareIn(o.messages); got != want {
			return 0, fmt.Errorf("%s: %s found %d messages, want %d", t.Name, command, got, want)
		}
		return repeat(o.duration, func() (time.Duration, error) {
			start := time.Now()
			_, err := c.Do(command)
			return time.Since(start), err
		})
	}
}

// hits counts the numbers of an untagged SEARCH answer.
func hits(answer []byte) int {
	for line := range bytes.Lines(answer) {
		if rest, ok := bytes.CutPrefix(line, []byte("* SEARCH")); ok {
			return len(bytes.Fields(rest))
		}
	}
	return 0
}

// rareIn is how many of the first n messages have the rare word.
func rareIn(n int) int { return (n + load.RareEvery - load.RareEvery/2 - 1) / load.RareEvery }
