// Package clients drives real mail clients against a running server: curl,
// mbsync, OfflineIMAP, Python's imaplib, Perl's Mail::IMAPClient, go-imap,
// imapflow, mutt and Thunderbird. The tests have the build tag "clients" and need the programs
// that scripts/deps.sh installs; a missing one fails its test and is named.
//
// Each test starts a server of its own and looks at the outcome twice: as the
// client reports it, and through a second connection. POSTERN_PEER=dovecot
// runs the same tests against Dovecot, which shows that they ask nothing but
// what IMAP promises. See docs/testing.md.
package clients
