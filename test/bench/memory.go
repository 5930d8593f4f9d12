package main

import (
	"context"
	"errors"
	"time"

	"postern/test/bench/load"
	"postern/test/bench/peer"
)

func pss(m peer.Memory) int64 { return m.PSS }
func rss(m peer.Memory) int64 { return m.RSS }

// memoryRow measures what one more idle TLS session costs, all processes of
// the server summed: sessions that are signed in, have INBOX open and idle.
// The server is restarted first, so that memory left over from other rows
// hides nothing.
func memoryRow(pick func(peer.Memory) int64) func(context.Context, *target, options) (float64, error) {
	return func(ctx context.Context, t *target, o options) (float64, error) {
		if !t.Owned() {
			return 0, errNotOurs
		}
		if err := t.Restart(ctx); err != nil {
			return 0, err
		}
		before, after, err := idleMemory(ctx, t, o.sessions)
		return float64(pick(after)-pick(before)) / float64(o.sessions), err
	}
}

// settle is how long the server is left alone before its memory is read.
const settle = 3 * time.Second

func idleMemory(ctx context.Context, t *target, sessions int) (before, after peer.Memory, err error) {
	var conns []*load.Conn
	defer func() {
		for _, c := range conns {
			err = errors.Join(err, c.Close())
		}
	}()
	// A few first, so that what exists once is there already.
	const first = 8
	for i := range first + sessions {
		if i == first {
			if err := pause(ctx, settle); err != nil {
				return before, after, err
			}
			if before, err = t.Memory(); err != nil {
				return before, after, err
			}
		}
		c, err := idleSession(ctx, t, i%accounts)
		if err != nil {
			return before, after, err
		}
		conns = append(conns, c)
	}
	if err := pause(ctx, settle); err != nil {
		return before, after, err
	}
	after, err = t.Memory()
	return before, after, err
}

func idleSession(ctx context.Context, t *target, account int) (*load.Conn, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	c, err := load.Login(ctx, t.IMAPS, config, t.User(account), t.Password)
	if err != nil {
		return nil, err
	}
	if _, err := c.Do("SELECT INBOX"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := c.Idle(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
