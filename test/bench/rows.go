package main

import (
	"context"
	"errors"
)

// row is one line of the table. measure takes one figure.
type row struct {
	key, name, unit string
	lower           bool    // a lower figure is better
	aim             float64 // the ratio that Postern aims at, against the best peer
	decimals        int
	prepare         func(context.Context, *target, options) error // nil for none
	measure         func(context.Context, *target, options) (float64, error)
}

// errNotOurs is the answer of rows that need to restart a server or to count
// its memory, for a server that we did not start.
var errNotOurs = errors.New("needs a server started by bench")

func allRows() []row {
	large, small := needLarge, needSmall
	return []row{
		{key: "append-1", name: "durable APPEND of 4 KiB, 1 connection", unit: "/s", aim: 1.5, measure: appendOwn(1)},
		{key: "append-16", name: "… 16 connections, own mailboxes", unit: "/s", aim: 4, measure: appendOwn(16)},
		{key: "append-128", name: "… 128 connections, own mailboxes", unit: "/s", aim: 8, measure: appendOwn(128)},
		{key: "append-shared", name: "… 16 connections, one mailbox", unit: "/s", aim: 8, measure: appendShared},
		{key: "signin-plain", name: "sign-in, 16 connections, peers without hashing", unit: "/s", aim: 3, measure: signIn(false)},
		{key: "signin-argon2id", name: "sign-in, 16 connections, argon2id everywhere", unit: "/s", aim: 3, measure: signIn(true)},
		{key: "fetch-flags", name: "UID FETCH 1:* (FLAGS)", unit: "msg/s", aim: 1.5, prepare: large, measure: fetchFlags},
		{key: "envelope-warm", name: "FETCH ENVELOPE BODYSTRUCTURE, warm", unit: "msg/s", aim: 4, prepare: large, measure: envelopeWarm},
		{key: "envelope-cold", name: "… cold (restarted, files out of the page cache)", unit: "msg/s", aim: 2, prepare: large, measure: envelopeCold},
		{key: "fetch-body", name: "FETCH BODY.PEEK[]", unit: "MB/s", aim: 2, prepare: large, measure: fetchBody},
		{key: "store-1", name: "STORE flags of one message, 1 connection", unit: "/s", aim: 0.8, prepare: small, measure: storeFlags(1)},
		{key: "store-16", name: "… 16 connections, own mailboxes", unit: "/s", aim: 3, prepare: small, measure: storeFlags(16)},
		{key: "select", name: "SELECT", unit: "ms", lower: true, decimals: 3, aim: 2, prepare: large, measure: selectLarge},
		{key: "search-subject", name: "SEARCH SUBJECT", unit: "ms", lower: true, decimals: 2, aim: 50, prepare: large, measure: search("SUBJECT")},
		{key: "search-text", name: "SEARCH TEXT", unit: "ms", lower: true, decimals: 2, aim: 500, prepare: large, measure: search("TEXT")},
		{key: "push", name: "APPEND start to IDLE push, median", unit: "ms", lower: true, decimals: 2, measure: push},
		{key: "memory-pss", name: "memory per idle TLS session (PSS)", unit: "KiB", lower: true, decimals: 1, measure: memoryRow(pss)},
		{key: "memory-rss", name: "… counted as RSS", unit: "KiB", lower: true, decimals: 1, measure: memoryRow(rss)},
	}
}
