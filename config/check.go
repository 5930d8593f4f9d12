package config

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The protocols that a listener may speak.
var protocols = []string{"imap"} //nolint:gochecknoglobals // a constant table

var tlsModes = []string{"implicit", "starttls", "none"} //nolint:gochecknoglobals // a constant table

func (c *Config) setDefaults() {
	size := func(s *Size, v Size) {
		if *s == 0 {
			*s = v
		}
	}
	span := func(d *Duration, v time.Duration) {
		if *d == 0 {
			*d = Duration(v)
		}
	}
	count := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	size(&c.Mailbox.MessageSize, 64<<20)
	size(&c.Mailbox.IndexMemory, 256<<20)
	size(&c.Mailbox.CacheMemory, 256<<20)
	span(&c.Mailbox.Grace, time.Hour)
	size(&c.SignIn.HashMemory, 256<<20)
	span(&c.SignIn.HashWait, 20*time.Second)
	span(&c.SignIn.LogRetention, 90*24*time.Hour)
	count(&c.Limits.PerNetwork, 500)
	count(&c.Limits.BeforeSignIn, 2000)
	span(&c.Limits.SignInTime, time.Minute)
	span(&c.Limits.IdleTime, 30*time.Minute)
	for name, l := range c.Listeners {
		count(&l.Connections, 10000)
		c.Listeners[name] = l
	}
	if c.Log.Level == "" {
		c.Log.Level = "info"
	}
	if c.Log.Format == "" {
		c.Log.Format = "text"
	}
}

func (c *Config) resolvePaths(base string) {
	for _, p := range []*string{&c.Data, &c.TLS.Certificate, &c.TLS.Key, &c.Admin.Socket, &c.SignIn.Policy} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
	if c.Admin.Socket == "" && c.Data != "" {
		c.Admin.Socket = filepath.Join(c.Data, "admin.sock")
	}
}

// checker collects problems.
type checker struct {
	file  string
	lines map[string]int
	found []error
}

func (k *checker) add(key, format string, args ...any) {
	line := k.lines[key]
	for at := key; line == 0 && strings.Contains(at, "."); {
		at = at[:strings.LastIndexByte(at, '.')]
		line = k.lines[at]
	}
	k.found = append(k.found, &Problem{k.file, line, key, fmt.Sprintf(format, args...)})
}

func (c *Config) problems(file string, lines map[string]int) []error {
	k := &checker{file: file, lines: lines}
	if c.Data == "" {
		k.add("data", "is missing; name the folder for mail and accounts, such as \"/var/lib/postern\"")
	}
	if c.Hostname == "" || strings.ContainsAny(c.Hostname, " \t\r\n/@") {
		k.add("hostname", "%q is no host name; write one such as \"mail.example.org\"", c.Hostname)
	}
	for _, d := range c.Domains {
		if d == "" || strings.ContainsAny(d, " \t\r\n/@") {
			k.add("domains", "%q is no domain; write names such as \"example.org\"", d)
		}
	}
	if len(c.Listeners) == 0 {
		k.add("listeners", "there is none, so nobody could connect; add a table such as [listeners.imaps]")
	}
	names := make([]string, 0, len(c.Listeners))
	for name := range c.Listeners {
		names = append(names, name)
	}
	slices.Sort(names)
	seen := map[string]string{}
	for _, name := range names {
		c.checkListener(k, name, seen)
	}
	c.checkRest(k, seen)
	return k.found
}

func (c *Config) checkListener(k *checker, name string, seen map[string]string) {
	l, at := c.Listeners[name], "listeners."+name+"."
	if !slices.Contains(protocols, l.Protocol) {
		k.add(at+"protocol", "%q is not served; write %s", l.Protocol, oneOf(protocols))
	}
	if !slices.Contains(tlsModes, l.TLS) {
		k.add(at+"tls", "%q is no mode; write %s", l.TLS, oneOf(tlsModes))
	}
	host, err := splitAddress(l.Address)
	if err != nil {
		k.add(at+"address", "%v; write one such as \"0.0.0.0:993\"", err)
	} else if other := seen[l.Address]; other != "" {
		k.add(at+"address", "%s is taken by %s; give each listener its own", l.Address, other)
	} else {
		seen[l.Address] = "listeners." + name
	}
	loop := Loopback(host)
	if l.TLS == "none" && !loop {
		k.add(at+"tls", "\"none\" is for loopback only; write \"starttls\" or \"implicit\"")
	}
	if l.TLS != "none" && (c.TLS.Certificate == "" || c.TLS.Key == "") {
		k.add(at+"tls", "there is no certificate; set tls.certificate and tls.key")
	}
	for _, n := range l.ProxyNetworks {
		if _, err := netip.ParsePrefix(n); err != nil {
			k.add(at+"proxy_networks", "%q is no network; write one such as \"10.0.0.0/24\"", n)
		}
	}
	if l.Connections < 0 {
		k.add(at+"connections", "is below 0; 0 stands for 10000")
	}
}

// splitAddress takes an address apart. A host is an address, a name or nothing.
func splitAddress(address string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || strings.ContainsAny(host, " \t\r\n/@") {
		return "", fmt.Errorf("%q is no host and port", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q has no port from 1 to 65535", address)
	}
	return host, nil
}

func (c *Config) checkRest(k *checker, seen map[string]string) {
	if levels := []string{"debug", "info", "warn", "error"}; !slices.Contains(levels, c.Log.Level) {
		k.add("log.level", "%q is no level; write %s", c.Log.Level, oneOf(levels))
	}
	if formats := []string{"text", "json"}; !slices.Contains(formats, c.Log.Format) {
		k.add("log.format", "%q is no format; write %s", c.Log.Format, oneOf(formats))
	}
	if a := c.Metrics.Address; a != "" {
		if _, err := splitAddress(a); err != nil {
			k.add("metrics.address", "%v; write one such as \"127.0.0.1:9090\"", err)
		} else if other := seen[a]; other != "" {
			k.add("metrics.address", "%s is taken by %s; write another port", a, other)
		}
	}
	if c.Limits.IdleTime < Duration(30*time.Minute) {
		k.add("limits.idle_time", "%v is below the 30 minutes that RFC 9051 §5.4 promises clients", c.Limits.IdleTime)
	}
	if c.Limits.PerNetwork < 0 {
		k.add("limits.per_network", "is below 0; 0 stands for 500")
	}
	if c.Limits.BeforeSignIn < 0 {
		k.add("limits.before_signin", "is below 0; 0 stands for 2000")
	}
	if s := c.Mailbox.MessageSize; s > 1<<31 {
		k.add("mailbox.message_size", "%v is over 2 GiB, which many mail programs cannot count", s)
	}
}

// Loopback tells whether host is an address of this machine alone.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func oneOf(words []string) string { return `"` + strings.Join(words, `", "`) + `"` }

// ForData is the configuration of a data folder alone: no listeners, every
// setting at its default. Administrative commands use it.
func ForData(dir string) *Config {
	c := &Config{Data: dir, Hostname: "localhost"}
	c.setDefaults()
	c.resolvePaths(dir)
	return c
}
