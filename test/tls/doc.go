// Package tls holds the TLS listeners of the real program against sslscan and
// testssl.sh, its session tickets against each other's listeners, its doors
// against HTTP, and all of it against thousands of slow clients. The tests have
// the build tag "crash", as those of test/crash, and need what scripts/deps.sh
// installs.
package tls
