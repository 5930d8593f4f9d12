// Package pebblestore is the embedded engine under package store: one Pebble
// database in one folder, one write-ahead log that all writers share. cmd opens
// it; the rooms see only store.Store, whose laws it keeps and store/storetest
// checks.
//
// A writer holds its partitions while its function runs and while its batch
// goes into the log, not while the log is synced; so one sync serves every
// writer that arrived during the one before. What is in the log but not synced
// is invisible to Views and subscribers until it is.
//
// Between Pebble and the disk sits a guard (guard.go): it counts, keeps a
// reserve for a full disk, and after a failed sync freezes the folder as it
// is, so that nothing is ever built on a write that may be lost. The format on
// disk is described in docs/formats/pebblestore.md.
package pebblestore
