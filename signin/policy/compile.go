package policy

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// MaxDocument is the size limit of a document in bytes.
const MaxDocument = 256 << 10

// Compile checks a document and makes revision number of it. The error is
// Problems: everything that is wrong, each with line, key, reason and remedy.
func Compile(number uint64, doc []byte) (*Revision, error) {
	if len(doc) > MaxDocument {
		return nil, Problems{{0, "", fmt.Sprintf("document of %d bytes", len(doc)), fmt.Sprintf("at most %d", MaxDocument)}}
	}
	d := defaults()
	dec := toml.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, decodeProblems(err)
	}
	c := compiler{lines: places(doc), rev: &Revision{
		number: number, hash: HashOf(doc), source: slices.Clone(doc), credential: credentialDigest(),
		limits: d.Limits, scram: d.Scram,
		plaintext: make(map[string]bool), protocols: make(map[string]*protocolRule), classes: make(map[string]*classRule),
	}}
	c.tls(d.TLS)
	c.plaintext(d.Passwords)
	c.scram(d.Scram)
	c.limits(d.Limits)
	c.protocols(d.Protocol)
	c.classes(d.Class)
	if len(c.problems) > 0 {
		sort.SliceStable(c.problems, func(i, j int) bool { return c.problems[i].Line < c.problems[j].Line })
		return nil, c.problems
	}
	return c.rev, nil
}

// defaults are the values of keys that a document does not have. They are
// those of the commented default, which a test compares.
func defaults() Document {
	return Document{
		TLS:   TLSRules{Floor: "1.2"},
		Scram: ScramRules{Verifiers: true, Iterations: 4096},
		Limits: Limits{
			Guesses: 20, DeviceGuesses: 20, NetworkGuesses: 100,
			NetworkExempt: []string{"127.0.0.0/8", "::1/128"}, DeviceDays: 30,
		},
	}
}

type compiler struct {
	lines    map[string]int
	rev      *Revision
	problems Problems
}

// wrong notes a problem at key, or at the nearest table above it that is written.
func (c *compiler) wrong(key, reason, remedy string) {
	line := 0
	for k := key; k != ""; {
		if line = c.lines[k]; line > 0 {
			break
		}
		i := strings.LastIndexByte(k, '.')
		if i < 0 {
			break
		}
		k = k[:i]
	}
	c.problems = append(c.problems, Problem{line, key, reason, remedy})
}

func (c *compiler) tls(t TLSRules) {
	switch t.Floor {
	case "1.2":
		c.rev.floor = VersionTLS12
	case "1.3":
		c.rev.floor = VersionTLS13
	default:
		c.wrong("tls.floor", fmt.Sprintf("no TLS floor %q", t.Floor), `use "1.2" or "1.3"; older versions need a legacy listener`)
	}
}

func (c *compiler) plaintext(p PasswordRules) {
	for _, l := range p.PlaintextListeners {
		if l == "" || strings.ContainsAny(l, " *\t") {
			c.wrong("passwords.plaintext-listeners", fmt.Sprintf("no listener name %q", l), "name listeners one by one, such as \"imap\"")
			continue
		}
		c.rev.plaintext[l] = true
	}
}

func (c *compiler) scram(s ScramRules) {
	if s.Iterations < 4096 || s.Iterations > 1_000_000 {
		c.wrong("scram.iterations", fmt.Sprintf("%d rounds", s.Iterations), "use 4096 (RFC 7677 §4) to 1000000")
	}
}

func (c *compiler) limits(l Limits) {
	for _, n := range []struct {
		key   string
		value uint32
		most  uint32
	}{
		{"limits.guesses-per-hour", l.Guesses, 1000},
		{"limits.device-guesses-per-hour", l.DeviceGuesses, 1000},
		{"limits.network-guesses-per-hour", l.NetworkGuesses, 1_000_000},
	} {
		if n.value < 1 || n.value > n.most {
			c.wrong(n.key, fmt.Sprintf("%d guesses", n.value), fmt.Sprintf("use 1 to %d", n.most))
		}
	}
	if l.DeviceDays < 1 || l.DeviceDays > 400 {
		c.wrong("limits.device-days", fmt.Sprintf("%d days", l.DeviceDays), "use 1 to 400")
	}
	c.rev.exempt = c.networks("limits.network-exempt", l.NetworkExempt)
}

func (c *compiler) networks(key string, list []string) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		p, err := ParseNetwork(s)
		if err != nil {
			c.wrong(key, err.Error(), `write networks as "192.0.2.0/24" or "2001:db8::/32"`)
			continue
		}
		out = append(out, p)
	}
	return out
}

// ParseNetwork reads a network in CIDR form, or one address.
func ParseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%q is no network", s)
	}
	if p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q has bits set beyond its length, the network is %q", s, p.Masked().String())
	}
	return p, nil
}

func (c *compiler) protocols(list map[string]Protocol) {
	for name, known := range knownMechanisms {
		c.rev.protocols[name] = &protocolRule{enabled: true, mechanisms: known}
	}
	for _, name := range sortedKeys(list) {
		p, key := list[name], "protocol."+name
		rule := c.rev.protocols[name]
		if rule == nil {
			c.wrong(key, "no such protocol", "the protocols are "+strings.Join(sortedKeys(knownMechanisms), ", "))
			continue
		}
		if p.Enabled != nil {
			rule.enabled = *p.Enabled
		}
		if p.Mechanisms == nil {
			continue
		}
		rule.mechanisms = c.mechanisms(key+".mechanisms", knownMechanisms[name], p.Mechanisms)
		if rule.enabled && len(p.Mechanisms) == 0 {
			c.wrong(key+".mechanisms", "the protocol is on and nobody could sign in to it", "name a mechanism, or set enabled = false")
		}
	}
}

// mechanisms keeps the order of known, in which they are offered.
func (c *compiler) mechanisms(key string, known, want []string) []string {
	var out []string
	for _, m := range want {
		if !slices.Contains(known, m) {
			c.wrong(key, fmt.Sprintf("no mechanism %q here", m), "choose from "+strings.Join(known, ", "))
		}
	}
	for _, m := range known {
		if slices.Contains(want, m) {
			out = append(out, m)
		}
	}
	return out
}

func (c *compiler) classes(list map[string]Class) {
	for _, name := range sortedKeys(list) {
		cl, key := list[name], "class."+name
		if name == "" {
			c.wrong("class", "a class without a name", `name it, or use "everyone"`)
			continue
		}
		rule := &classRule{off: make(map[string]bool), appRequired: make(map[string]bool)}
		for _, p := range cl.ProtocolsOff {
			c.protocolName(key+".protocols-off", p)
			rule.off[p] = true
		}
		for _, p := range cl.AppPasswordRequired {
			if p == "*" {
				rule.appAlways = true
				continue
			}
			c.protocolName(key+".app-password-required", p)
			rule.appRequired[p] = true
		}
		rule.networks = c.networks(key+".networks", cl.Networks)
		c.rev.classes[name] = rule
	}
}

func (c *compiler) protocolName(key, p string) {
	if c.rev.protocols[p] == nil {
		c.wrong(key, fmt.Sprintf("no protocol %q", p), "the protocols are "+strings.Join(sortedKeys(knownMechanisms), ", "))
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
