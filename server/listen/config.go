package listen

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"postern/fault"
)

// TLSMode says when a listener speaks TLS.
type TLSMode uint8

// The modes.
const (
	TLSNone     TLSMode = iota // never
	TLSImplicit                // from the first byte on
	TLSStart                   // after STARTTLS or STLS
)

// Config is what a Server listens on. Zero values of times and limits are the
// defaults that are named.
type Config struct {
	Listeners []Listener
	Limits    Limits

	HandshakeTimeout time.Duration // for the PROXY header and the whole TLS handshake; 10 s
	SignInTimeout    time.Duration // from accept to Conn.SignedIn; 2 min; negative: none
	WriteTimeout     time.Duration // for each 16 KiB that a client takes; 30 s
	ReloadEvery      time.Duration // how often certificate files are looked at; 5 s

	Logger *slog.Logger // nil: silent
}

// Listener is one address.
type Listener struct {
	Name           string         // unique, such as "imaps"; it is in logs and in Info
	Protocol       string         // such as "imap"; what the Handler goes by
	Address        string         // host:port
	Socket         net.Listener   // used instead of Address if not nil; see Activated
	TLS            TLSMode        //
	AllowPlaintext bool           // passed on in Info: whether passwords are taken without TLS
	Certificates   []Certificate  // for TLSImplicit and TLSStart; the first is for clients that name no server
	MinVersion     uint16         // tls.VersionTLS12 if 0
	ALPN           []string       // protocol names (RFC 7301) to agree on; if nil, Protocol
	AnyServerName  bool           // take clients that ask for a name that no certificate has
	ProxyFrom      []netip.Prefix // clients from here must begin with a PROXY header
	MaxConns       int            // 0: no limit of its own
	NoSignIn       bool           // sessions need not sign in: they are not counted or timed as such
	Busy           string         // what is sent in the clear, unless TLSImplicit, to who is over a limit
}

// Certificate names a pair of PEM files.
type Certificate struct {
	CertFile string // the certificate and its chain
	KeyFile  string
}

// Limits are the most connections at a time. Loopback is no network of its own:
// PerNetwork and PerNetworkBeforeSignIn do not count it.
type Limits struct {
	Total                  int // 20,000
	BeforeSignIn           int // 6,000
	PerNetwork             int // of one IPv4 address or IPv6 /64: 1,000
	PerNetworkBeforeSignIn int // 200
}

func (c Config) withDefaults() Config {
	c.HandshakeTimeout = cmp.Or(c.HandshakeTimeout, 10*time.Second)
	c.SignInTimeout = cmp.Or(c.SignInTimeout, 2*time.Minute)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 30*time.Second)
	c.ReloadEvery = cmp.Or(c.ReloadEvery, 5*time.Second)
	c.Limits.Total = cmp.Or(c.Limits.Total, 20_000)
	c.Limits.BeforeSignIn = cmp.Or(c.Limits.BeforeSignIn, 6_000)
	c.Limits.PerNetwork = cmp.Or(c.Limits.PerNetwork, 1_000)
	c.Limits.PerNetworkBeforeSignIn = cmp.Or(c.Limits.PerNetworkBeforeSignIn, 200)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c *Config) validate() error {
	const op = "listen.New"
	seen := map[string]bool{}
	for i := range c.Listeners {
		l := &c.Listeners[i]
		switch {
		case l.Name == "" || seen[l.Name]:
			return fault.New(fault.Invalid, op, "listener %d: the name %q is empty or taken; give each its own", i, l.Name)
		case l.Protocol == "":
			return fault.New(fault.Invalid, op, "listener %s: no protocol", l.Name)
		case l.Address == "" && l.Socket == nil:
			return fault.New(fault.Invalid, op, "listener %s: no address", l.Name)
		case l.TLS > TLSStart:
			return fault.New(fault.Invalid, op, "listener %s: unknown TLS mode %d", l.Name, l.TLS)
		case l.TLS != TLSNone && len(l.Certificates) == 0:
			return fault.New(fault.Invalid, op, "listener %s: TLS needs a certificate", l.Name)
		}
		seen[l.Name] = true
	}
	return nil
}

func (l *Listener) minVersion() uint16 { return cmp.Or(l.MinVersion, tls.VersionTLS12) }

// Info says what a connection came in by.
type Info struct {
	Name           string
	Protocol       string
	TLS            TLSMode
	AllowPlaintext bool
}

// TLSFacts are what is known of the TLS under a connection.
type TLSFacts struct {
	Version         string   // "1.0" … "1.3"
	Cipher          string   // name of the suite, such as "TLS_AES_128_GCM_SHA256"
	OfferedVersions []string // what the client hello offered, best first as it sent them
	ServerName      string   // SNI
	Resumed         bool
}

// Hooks tell others what happens. They may be called at the same time and must
// not block; nil ones are left out.
type Hooks struct {
	OnRefused func(HandshakeRefusal) // a TLS handshake that did not succeed
	OnLimited func(Limited)          // a connection that a limit refused or ended
	OnPanic   func(c *Conn, value any, stack []byte)
	OnEnded   func(Ended) // a connection that a Handler had
}

// HandshakeRefusal is a TLS handshake that did not succeed.
type HandshakeRefusal struct {
	Time            time.Time
	ID              string // of the connection
	Listener        string
	Protocol        string
	RemoteAddr      net.Addr
	OfferedVersions []string // nil if no client hello could be read
	ServerName      string
	ALPN            []string // what the client offered
	Err             error
}

// Limited is a connection over a limit.
type Limited struct {
	Listener   string
	Protocol   string
	RemoteAddr net.Addr
	Limit      string // "total", "listener", "network", "before sign-in" or "network before sign-in"
	Evicted    bool   // it was there before and made room
}

// Ended is a connection that is over.
type Ended struct {
	ID       string
	Listener string
	Protocol string
	SignedIn bool
	Lasted   time.Duration
}
