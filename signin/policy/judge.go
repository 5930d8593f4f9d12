package policy

import (
	"net/netip"
	"time"
)

// Judge decides. It is pure: the same revision and facts give the same decision
// for ever.
func Judge(r *Revision, f *Facts) Decision {
	if r == nil {
		return Decision{Outcome: Unavailable, Reason: NoRevision}
	}
	if reason := r.connection(f); reason != "" {
		return r.decide(Deny, reason)
	}
	if f.Trouble != "" {
		return r.decide(Unavailable, f.Trouble)
	}
	best, reason := r.best(f)
	if best != nil && best.Generated && reason == Allowed {
		return r.allow(best)
	}
	if Held(r, f) {
		d := r.decide(Unavailable, Throttled)
		free := f.Throttle.FreeAt
		if !Known(r, f) && f.Throttle.Account < r.limits.Guesses {
			free = f.Throttle.NetworkFreeAt
		}
		d.RetryAfter = max(free.Sub(f.Time), time.Second)
		return d
	}
	if best == nil || reason != Allowed {
		return r.decide(Deny, reason)
	}
	return r.allow(best)
}

// Connection judges what is known before there is an account: whether anybody
// at all could sign in this way. Its decision is a Deny, or nothing to object
// to (false).
func Connection(r *Revision, f *Facts) (Decision, bool) {
	if r == nil {
		return Decision{Outcome: Unavailable, Reason: NoRevision}, true
	}
	if reason := r.connection(f); reason != "" {
		return r.decide(Deny, reason), true
	}
	return Decision{}, false
}

// Held tells whether the attempt is over the limits on guessing, so that its
// proof must not be verified unless the secret is one that nobody can guess.
func Held(r *Revision, f *Facts) bool {
	t := &f.Throttle
	switch {
	case t.Repeat:
		return false
	case Known(r, f):
		return t.Device >= r.limits.DeviceGuesses
	case t.Account >= r.limits.Guesses:
		return true
	}
	return !t.Exempt && t.Network >= r.limits.NetworkGuesses
}

// Known tells whether the attempt comes from a known device of the account.
func Known(r *Revision, f *Facts) bool {
	return !f.Client.Success.IsZero() && f.Time.Sub(f.Client.Success) < time.Duration(r.limits.DeviceDays)*24*time.Hour
}

func (r *Revision) decide(o Outcome, reason Reason) Decision {
	return Decision{Outcome: o, Reason: reason, Revision: r.number}
}

func (r *Revision) allow(res *Result) Decision {
	return Decision{Outcome: Allow, Revision: r.number, Credential: res.Credential}
}

// connection applies the keys that act before there is an account.
func (r *Revision) connection(f *Facts) Reason {
	p := r.protocols[f.Protocol]
	switch {
	case f.TLS.Version == 0 && (!r.plaintext[f.Listener] || !f.Client.Addr.Unmap().IsLoopback()):
		return NoTLS
	case f.TLS.Version != 0 && f.TLS.Version < r.floor:
		return TLSVersion
	case p == nil || !p.enabled:
		return ProtocolOff
	case !has(p.mechanisms, f.Mechanism):
		return MechanismOff
	case f.Malformed:
		return Malformed
	}
	return ""
}

// best finds the result that allows most, and why it does not allow, if so.
func (r *Revision) best(f *Facts) (*Result, Reason) {
	switch {
	case !f.Account.Found:
		return nil, UnknownAccount
	case f.Account.Disabled:
		return nil, Disabled
	}
	reason := WrongPassword
	for i := range f.Results {
		res := &f.Results[i]
		if !res.Matched {
			continue
		}
		why := r.object(f, res)
		if why == Allowed {
			return res, Allowed
		}
		if reason == WrongPassword {
			reason = why
		}
	}
	return nil, reason
}

// object says what speaks against a proof that matched.
func (r *Revision) object(f *Facts, res *Result) Reason {
	switch {
	case f.OtherIdentity:
		return OtherIdentity
	case !res.Expires.IsZero() && !f.Time.Before(res.Expires):
		return Expired
	case len(res.Protocols) > 0 && !has(res.Protocols, f.Protocol):
		return ProtocolOff
	case len(res.Networks) > 0 && !contains(res.Networks, f.Client.Addr):
		return NetworkNotAllowed
	}
	if why := r.classes[Everyone].object(f.Protocol, res.App, f.Client.Addr); why != Allowed {
		return why
	}
	for _, c := range f.Account.Classes {
		if c == Everyone {
			continue
		}
		if why := r.classes[c].object(f.Protocol, res.App, f.Client.Addr); why != Allowed {
			return why
		}
	}
	return Allowed
}

func (c *classRule) object(protocol string, app bool, addr netip.Addr) Reason {
	switch {
	case c == nil:
		return Allowed
	case c.off[protocol]:
		return ProtocolOff
	case !app && (c.appAlways || c.appRequired[protocol]):
		return AppPasswordRequired
	case len(c.networks) > 0 && !contains(c.networks, addr):
		return NetworkNotAllowed
	}
	return Allowed
}

func has(list []string, s string) bool {
	for i := range list {
		if list[i] == s {
			return true
		}
	}
	return false
}
