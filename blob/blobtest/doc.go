// Package blobtest checks the laws of package blob on every engine: one suite,
// reached from the engine's own tests with Run. MemFS is the file system that
// it puts under them: it crashes, fills up and returns errors on demand.
package blobtest
