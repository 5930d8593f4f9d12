// Package crash kills, starves and damages the real program and proves that no
// acknowledged mail is lost: the lines of durability in docs/testing.md. The
// tests have the build tag "crash" and need strace, unshare and nsenter, which
// scripts/deps.sh installs; a missing program fails its test and is named.
//
//	go test -tags crash ./test/crash/...                   a share, minutes
//	POSTERN_LONG=1 go test -tags crash -timeout 6h ./test/crash/...
//
// Package oracle knows what must be there afterwards; package trace reads what
// strace saw.
package crash
