package signin

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/signin/grant"
	"postern/signin/policy"
)

// trial is one attempt on its way to a verdict.
type trial struct {
	attempt Attempt
	started time.Time
	rev     *policy.Revision
	facts   policy.Facts
	name    string // normal form
	person  *person
	secret  []byte
	target  target
	place   place
	device  string

	mark     [32]byte    // of the account's password as it is; zero if it has none
	verified bool        // a slow verification was made
	cached   bool        // the password is known to be right
	cacheKey cacheKey    // of the password, if the account has one
	ticket   *ticket     // the guess's place, if one was taken
	grant    grant.Grant // on Allow
	buffer   [4]policy.Result
}

// SignIn judges one attempt: always a verdict, never an error, never a panic.
// On Allow the caller releases the grant when the session ends.
func (a *Authority) SignIn(ctx context.Context, at Attempt) (v Verdict) {
	if at.ID == "" {
		at.ID = newID()
	}
	t := &trial{attempt: at, started: a.now(), rev: a.revision.Load()}
	defer func() {
		if p := recover(); p != nil {
			v = a.panicked(ctx, t, p)
		}
		t.secret = nil
	}()
	d := a.decide(ctx, t)
	return a.conclude(t, d)
}

// conclude writes the attempt down and makes the verdict.
func (a *Authority) conclude(t *trial, d policy.Decision) Verdict {
	now := a.now()
	from := t.attempt.Started
	if from.IsZero() || from.After(now) {
		from = t.started
	}
	n := note{
		name: t.attempt.Name, attempt: t.attempt, outcome: d.Outcome, status: statusOf(d.Reason), revision: d.Revision, latency: now.Sub(from),
		free: !t.verified && d.Outcome != Allow,
	}
	if t.person != nil {
		n.account, n.name = t.person.row.ID, t.person.row.Address
	}
	a.log.note(now, n)
	a.counts.verdict(t.attempt.Protocol, d)
	return Verdict{
		Outcome: d.Outcome, Reason: d.Reason, Revision: d.Revision, Grant: t.grant, RetryAfter: d.RetryAfter,
		ID: t.attempt.ID, help: a.opts.HelpURL,
	}
}

// panicked turns a panic of ours into a verdict. The value of the panic is told
// only if it is the runtime's: another could hold anything.
func (a *Authority) panicked(ctx context.Context, t *trial, p any) Verdict {
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	a.logger.ErrorContext(ctx, "panic in sign-in", slog.String("panic", what), slog.String("id", t.attempt.ID), slog.String("stack", string(debug.Stack())))
	if t.grant != nil {
		t.grant.Release()
		t.grant = nil
	}
	d := policy.Decision{Outcome: Unavailable, Reason: policy.Panic}
	if t.rev != nil {
		d.Revision = t.rev.Number()
	}
	return a.conclude(t, d)
}

// decide collects the facts and has them judged. If the directory changed while
// an attempt was being allowed it is judged anew.
func (a *Authority) decide(ctx context.Context, t *trial) policy.Decision {
	const tries = 8
	for range tries {
		d := a.judge(ctx, t)
		if d.Outcome != Allow {
			return d
		}
		t.open(a, d)
		if a.people.changes.Load() == t.person.generation {
			a.succeeded(t, d)
			return d
		}
		// Whoever changed the account meanwhile has ended the sessions that there
		// were; this one may have come after.
		again, err := a.people.find(ctx, t.name)
		if err == nil && again != nil && again.row.ID == t.person.row.ID && again.row.Version == t.person.row.Version {
			a.succeeded(t, d)
			return d
		}
		t.grant.Release()
		t.grant = nil
	}
	t.facts.Trouble = policy.StoreDown
	return policy.Judge(t.rev, &t.facts)
}

// judge is one way through: connection, account, throttle, verification, policy.
func (a *Authority) judge(ctx context.Context, t *trial) policy.Decision {
	t.begin(a)
	if d, stop := policy.Connection(t.rev, &t.facts); stop {
		return d
	}
	if a.closing.Load() {
		return t.trouble(policy.Closing)
	}
	p, err := a.people.find(ctx, t.name)
	if err != nil {
		a.logger.WarnContext(ctx, "sign-in is unavailable: the directory cannot be read", slog.String("id", t.attempt.ID), slog.Any("error", err))
		if fault.Is(err, fault.Damaged) {
			return t.trouble(policy.StoreDamaged)
		}
		return t.trouble(policy.StoreDown)
	}
	t.know(a, p)
	t.matchGenerated(a)
	if d := policy.Judge(t.rev, &t.facts); d.Outcome == Allow {
		return d // a generated secret: nobody guesses those, so nothing holds it back
	}
	if t.matchCached(a); t.cached {
		t.facts.Throttle = a.throttle.peek(t.facts.Time, t.target, t.place)
		if d := policy.Judge(t.rev, &t.facts); d.Outcome == Allow {
			return d
		}
	}
	return a.judgeGuess(ctx, t)
}

// judgeGuess is the way of an attempt that may be a guess: it takes a place
// before anything is verified and costs one slow verification, whatever it is,
// and none if this device has tried it before.
func (a *Authority) judgeGuess(ctx context.Context, t *trial) policy.Decision {
	t.ticket = a.throttle.reserve(t.facts.Time, t.target, t.mark, t.place, t.secret, func(c policy.Throttle) bool {
		t.facts.Throttle = c
		return policy.Held(t.rev, &t.facts)
	})
	if t.ticket == nil {
		t.facts.Results = nil // not verified, so nothing is known
		return policy.Judge(t.rev, &t.facts)
	}
	denied := false
	defer func() { t.ticket.settle(t.facts.Time, denied) }()
	if !t.ticket.known {
		matched, err := a.verify(ctx, t)
		if err != nil {
			t.facts.Results = nil
			if fault.Is(err, fault.Canceled) {
				return t.trouble(policy.Canceled)
			}
			return t.trouble(policy.HashQueueFull)
		}
		t.ticket.known, t.ticket.matched = true, matched
	}
	if t.person != nil && t.person.password != nil && !t.cached {
		t.passwordMatched(t.ticket.matched)
	}
	d := policy.Judge(t.rev, &t.facts)
	denied = d.Outcome == Deny
	return d
}

// begin sets the facts that are known without an account.
func (t *trial) begin(a *Authority) {
	at := &t.attempt
	t.rev = a.revision.Load()
	t.name, _ = signInName(at.Name, a.opts.DefaultDomain)
	t.facts = policy.Facts{
		ID: at.ID, Time: a.now(), Protocol: at.Protocol, Listener: at.Listener, Mechanism: at.Mechanism,
		Client: policy.Client{Addr: at.Client.Addr(), Name: at.ClientName}, Results: t.buffer[:0],
	}
	t.person, t.secret, t.mark, t.cached, t.ticket = nil, nil, [32]byte{}, false, nil
	if pw, ok := at.Proof.(Password); ok && len(pw.Secret.Reveal()) > 0 && at.Name != "" {
		t.secret = pw.Secret.Reveal()
	} else {
		t.facts.Malformed = true
	}
	if tls := at.TLS; tls != nil {
		t.facts.TLS = policy.TLS{Version: versionNumber(tls.Version), Cipher: tls.Cipher, ServerName: tls.ServerName, Resumed: tls.Resumed}
	}
	network := networkOf(at.Client.Addr())
	t.device = deviceKey(network, at.Protocol)
	t.place = place{device: deviceHash(network, at.Protocol), network: network, exempt: t.rev != nil && t.rev.Exempt(at.Client.Addr())}
}

// know sets the facts of the account.
func (t *trial) know(a *Authority, p *person) {
	t.person = p
	if p == nil {
		hash := mac(a.keys.names[:], []byte(t.name))
		t.target = target{name: [16]byte(hash[:16])}
	} else {
		t.target = target{account: p.row.ID}
		t.facts.Account = p.facts
		t.facts.Client.Success = p.lastSuccess(t.device)
	}
	if z := t.attempt.Authorize; z != "" {
		other, _ := signInName(z, a.opts.DefaultDomain)
		t.facts.OtherIdentity = other != t.name && (p == nil || other != p.row.Address)
	}
}

func (t *trial) trouble(r policy.Reason) policy.Decision {
	t.facts.Trouble = r
	return policy.Judge(t.rev, &t.facts)
}

// matchGenerated tries the proof against every generated secret: one keyed hash.
func (t *trial) matchGenerated(a *Authority) {
	d, ok := a.keys.generated.Digest(t.secret)
	if t.person == nil {
		return
	}
	for i := range t.person.generated {
		g := &t.person.generated[i]
		res := g.result
		res.Matched = ok && d.Equal(g.digest)
		t.facts.Results = append(t.facts.Results, res)
	}
}

// matchCached looks whether the password is known to be right.
func (t *trial) matchCached(a *Authority) {
	if t.person == nil || t.person.password == nil {
		mac(a.keys.cache[:], t.secret) // the same work
		return
	}
	pw := t.person.password
	t.mark = credentialMark(t.rev.CredentialDigest(), t.person.row.ID, pw.result.Credential, pw.result.Version)
	t.cacheKey = mac(a.keys.cache[:], t.mark[:], t.secret)
	if t.cached = a.cache.has(t.cacheKey); t.cached {
		t.passwordMatched(true)
	}
}

// verify makes the one slow verification of an attempt: of the account's
// password or, where there is none or the answer is known, of a decoy. It tells
// whether it was the password.
func (a *Authority) verify(ctx context.Context, t *trial) (matched bool, err error) {
	var own, decoy *credential.Hash
	switch {
	case t.person == nil:
		h := a.decoys.of(t.target.name)
		decoy = &h
	case t.person.password == nil:
		decoy = &a.decoys.ours
	default:
		h := t.person.password.hash
		own = &h
		if slow := a.decoys.slow(h); slow != h {
			decoy = &slow
		}
	}
	need := int64(0)
	if own != nil {
		need = own.Memory()
	}
	if decoy != nil {
		need = max(need, decoy.Memory())
	}
	err = a.hashing.Do(ctx, need, func() {
		t.verified = true
		a.counts.slow.Add(1)
		if decoy != nil {
			decoy.Matches(t.secret)
		}
		if own != nil {
			matched = own.Matches(t.secret)
		}
	})
	return matched, err
}

func (t *trial) passwordMatched(matched bool) {
	res := t.person.password.result
	res.Matched = matched
	t.facts.Results = append(t.facts.Results, res)
}

// open makes the grant of an allowed attempt.
func (t *trial) open(a *Authority, d policy.Decision) {
	at, row := &t.attempt, &t.person.row
	info := SessionInfo{
		ID: newID(), Account: row.ID, Address: row.Address, Protocol: at.Protocol, Listener: at.Listener,
		Client: at.Client, ClientName: at.ClientName, Since: t.facts.Time,
	}
	if at.TLS != nil {
		info.TLSVersion = at.TLS.Version
	}
	t.grant = a.sessions.start(info, d.Credential, grant.Owner, d.Revision)
}

// succeeded remembers what an allowed attempt teaches.
func (a *Authority) succeeded(t *trial, d policy.Decision) {
	p := t.person
	if pw := p.password; pw != nil && pw.result.Credential == d.Credential {
		if !t.cached {
			a.cache.add(t.cacheKey)
		}
		if pw.hash.Outdated(a.opts.Hash) || (!pw.scram && t.rev.Scram().Verifiers) {
			a.rehash(p.row.ID, pw.result, t.secret)
		}
		a.touch(t, d.Credential, pw.used)
		return
	}
	for i := range p.generated {
		if g := &p.generated[i]; g.result.Credential == d.Credential {
			a.touch(t, d.Credential, g.used)
			return
		}
	}
}

// versionNumber is a TLS version as policy compares it. One that is not known
// is the oldest: it is under every floor.
func versionNumber(v string) uint16 {
	switch v {
	case "1.3":
		return policy.VersionTLS13
	case "1.2":
		return policy.VersionTLS12
	case "1.1":
		return policy.VersionTLS11
	}
	return policy.VersionTLS10
}

// accountLabel is how logs name an account.
func accountLabel(id mail.AccountID) slog.Attr { return slog.String("account", id.String()) }
