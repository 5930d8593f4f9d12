// Package posterntest runs the real program for tests: it builds it, starts it
// on free ports over a data folder, kills or ends it, and speaks IMAP to it
// with a client that keeps every byte it is told. test/crash and test/tls use
// it; nothing of it is in the program.
package posterntest
