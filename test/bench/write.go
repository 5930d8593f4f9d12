package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"postern/test/bench/load"
)

// messageSize is the size of an appended message.
const messageSize = 4096

// appendOwn measures APPEND on n connections, each to its own mailbox in its
// own account.
func appendOwn(n int) func(context.Context, *target, options) (float64, error) {
	return func(ctx context.Context, t *target, o options) (v float64, err error) {
		var workers []worker
		defer func() { err = errors.Join(err, closeAll(workers)) }()
		for i := range n {
			c, err := t.login(ctx, i)
			if err != nil {
				return 0, err
			}
			box, err := t.freshBox(c)
			if err != nil {
				return 0, errors.Join(err, c.Close())
			}
			workers = append(workers, appender(c, box))
		}
		return rate(o.duration, workers)
	}
}

// appendShared measures APPEND on 16 connections of one account to one mailbox.
func appendShared(ctx context.Context, t *target, o options) (v float64, err error) {
	var workers []worker
	defer func() { err = errors.Join(err, closeAll(workers)) }()
	box := ""
	for range 16 {
		c, err := t.login(ctx, 0)
		if err != nil {
			return 0, err
		}
		if box == "" {
			if box, err = t.freshBox(c); err != nil {
				return 0, errors.Join(err, c.Close())
			}
		}
		workers = append(workers, appender(c, box))
	}
	return rate(o.duration, workers)
}

func appender(c *load.Conn, box string) worker {
	command := append(appendLiteral([]byte("APPEND "+box), load.Fixed(messageSize)), '\r', '\n')
	return worker{conn: c, once: func() error {
		_, err := c.DoBytes(command)
		return err
	}}
}

// signIn measures whole visits: connect, LOGIN, LOGOUT.
func signIn(hashed bool) func(context.Context, *target, options) (float64, error) {
	return func(ctx context.Context, t *target, o options) (float64, error) {
		workers := make([]worker, 16)
		for i := range workers {
			name := t.User(i)
			if hashed {
				name = t.HashedUser(i)
			}
			visit := func() error {
				c, err := load.Login(ctx, t.IMAP, nil, name, t.Password)
				if err != nil {
					return fmt.Errorf("%s: sign-in as %s: %w", t.Name, name, err)
				}
				_, err = c.Do("LOGOUT")
				return errors.Join(err, c.Close())
			}
			if err := visit(); err != nil { // fills the caches
				return 0, err
			}
			workers[i].once = visit
		}
		return rate(o.duration, workers)
	}
}

// storeFlags measures STORE of one message at a time, every one a change.
func storeFlags(n int) func(context.Context, *target, options) (float64, error) {
	return func(ctx context.Context, t *target, o options) (v float64, err error) {
		var workers []worker
		defer func() { err = errors.Join(err, closeAll(workers)) }()
		for i := range n {
			c, err := t.open(ctx, i, smallBox)
			if err != nil {
				return 0, err
			}
			if _, err := c.Do(`STORE 1:* -FLAGS.SILENT (\Flagged)`); err != nil {
				return 0, errors.Join(err, c.Close())
			}
			workers = append(workers, flagger(c))
		}
		return rate(o.duration, workers)
	}
}

// flagger sets \Flagged on one message after the other, and then clears it.
func flagger(c *load.Conn) worker {
	at, sign := 0, "+"
	return worker{conn: c, once: func() error {
		if at == smallMessages {
			at = 0
			if sign == "+" {
				sign = "-"
			} else {
				sign = "+"
			}
		}
		at++
		_, err := c.Do("STORE " + strconv.Itoa(at) + " " + sign + `FLAGS.SILENT (\Flagged)`)
		return err
	}}
}
