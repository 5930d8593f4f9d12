// Command bench measures Postern beside other IMAP servers on the same disk,
// in the same run, over plain TCP, and prints a table with the ratio to the
// best of the reference servers.
//
// Machines are noisy and the load program shares the cores with the servers:
// every figure is the median of several rounds in which the servers take
// turns, and only ratios mean anything. It judges nothing and gates nothing.
//
// See docs/testing.md for its flags.
package main
