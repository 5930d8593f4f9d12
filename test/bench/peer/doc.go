// Package peer starts mail servers for tests and benchmarks: Postern itself
// (its demo command) and reference servers from Debian packages.
//
// Packages are unpacked below a cache folder, never installed, because they
// exclude each other and would start services. Every server listens on free
// ports of 127.0.0.1, knows the same accounts with the same password, runs
// as a child process of the caller and is ended by its process id.
//
// The callers are the load program (test/bench) and the tests with real mail
// clients (test/clients). A [Server] describes a running server in the same
// words whatever program it is.
package peer
