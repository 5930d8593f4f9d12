// Package config says what one node listens on and stores in. cmd loads it
// once, validates it whole and passes the snapshot down; nothing else reads
// files or environment. Who may sign in how is not here but in the policy.
//
// The comments of the structs below are the manual: docs/config.md is made of
// them by test/docgen.
package config

import "time"

// Config is one node's configuration file.
type Config struct {
	// The folder that holds all mail, accounts and logs of this node. It is
	// created with mode 0700 if it is missing; one process uses it at a time.
	Data string `toml:"data"`
	// The name by which clients and other servers know this host. It appears in
	// greetings and is the node's name in the sign-in log.
	Hostname string `toml:"hostname"`
	// The mail domains of this installation. With exactly one, people may sign
	// in with the part of their address before the @.
	Domains []string `toml:"domains"`
	// Where people find help when they cannot sign in. Every refusal of a
	// password names this address.
	HelpURL string `toml:"help_url"`

	Listeners map[string]Listener `toml:"listeners"`
	TLS       TLS                 `toml:"tls"`
	Mailbox   Mailbox             `toml:"mailbox"`
	SignIn    SignIn              `toml:"signin"`
	Limits    Limits              `toml:"limits"`
	Log       Log                 `toml:"log"`
	Metrics   Metrics             `toml:"metrics"`
	Admin     Admin               `toml:"admin"`
}

// Listener is one address that a protocol is served on. The name after
// `listeners.` is free; it appears in logs and in the sign-in log.
type Listener struct {
	// What is spoken here: "imap".
	Protocol string `toml:"protocol"`
	// Host and port, such as "0.0.0.0:993", "[::]:993" or "127.0.0.1:143".
	Address string `toml:"address"`
	// "implicit" (TLS from the first byte), "starttls" (plain until the client
	// asks) or "none" (never TLS; loopback only).
	TLS string `toml:"tls"`
	// Networks of load balancers that speak the PROXY protocol, such as
	// "10.0.0.0/24". Connections from elsewhere must not speak it.
	ProxyNetworks []string `toml:"proxy_networks"`
	// Connections at the same time on this listener. 0 is 10000.
	Connections int `toml:"connections"`
}

// TLS names the certificate that listeners show.
type TLS struct {
	// PEM file with the certificate chain. The file is read again when it
	// changes; a broken pair is reported and the old one stays in use.
	Certificate string `toml:"certificate"`
	// PEM file with the private key.
	Key string `toml:"key"`
}

// Mailbox bounds the mailbox engine.
type Mailbox struct {
	// The largest message that is taken. 0 is 64 MiB.
	MessageSize Size `toml:"message_size"`
	// Memory for the indexes of mailboxes that nobody has open. 0 is 256 MiB.
	IndexMemory Size `toml:"index_memory"`
	// Memory for the store's cache. 0 is 256 MiB.
	CacheMemory Size `toml:"cache_memory"`
	// Quota of new accounts. 0 is none.
	Quota Size `toml:"quota"`
	// How long the bytes of a removed message are kept on disk. 0 is one hour.
	Grace Duration `toml:"grace"`
}

// SignIn bounds the sign-in authority.
type SignIn struct {
	// The file with the sign-in policy: who may sign in how. It is read at the
	// start and on SIGHUP; a changed one becomes a new revision. Empty keeps the
	// revision in force, at first the built-in one.
	Policy string `toml:"policy"`
	// Memory for hashing passwords; more waits in a queue. 0 is 256 MiB.
	HashMemory Size `toml:"hash_memory"`
	// How long sign-ins wait for hashing before they are told 'unavailable'.
	// 0 is 20 s.
	HashWait Duration `toml:"hash_wait"`
	// How long the sign-in log is kept. 0 is 90 days.
	LogRetention Duration `toml:"log_retention"`
}

// Limits bounds what connections may use.
type Limits struct {
	// Connections from one IPv4 address or IPv6 /64. 0 is 500.
	PerNetwork int `toml:"per_network"`
	// Connections that have not signed in yet, in all. 0 is 2000.
	BeforeSignIn int `toml:"before_signin"`
	// How long a client may take to sign in. 0 is 60 s.
	SignInTime Duration `toml:"signin_time"`
	// How long a signed-in client may be silent. 0 is 30 min, the least that
	// RFC 9051 allows.
	IdleTime Duration `toml:"idle_time"`
}

// Log says how this node logs, on standard error.
type Log struct {
	// "debug", "info", "warn" or "error". Empty is "info".
	Level string `toml:"level"`
	// "text" or "json". Empty is "text".
	Format string `toml:"format"`
}

// Metrics is the Prometheus endpoint.
type Metrics struct {
	// Host and port of http://…/metrics. Empty serves none.
	Address string `toml:"address"`
}

// Admin is the local socket that administrative commands use.
type Admin struct {
	// The socket's path. Empty is "admin.sock" in the data folder.
	Socket string `toml:"socket"`
}

// Size is a number of octets. In the file it is a number or text such as
// "64 MiB" or "10GB".
type Size int64

// Duration is a length of time. In the file it is text such as "30s", "20m",
// "12h" or "90d".
type Duration time.Duration
