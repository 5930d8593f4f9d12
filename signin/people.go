package signin

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/signin/credential"
	"postern/signin/policy"
	"postern/store"
)

// person is what sign-in needs of an account, as of one generation of the
// directory. Only its devices change.
type person struct {
	row        store.AccountRow
	facts      policy.Account
	generated  []generatedCredential
	password   *passwordCredential // nil if there is none
	generation uint64

	mu      sync.Mutex // guards the field below
	devices map[string]time.Time
}

type generatedCredential struct {
	result policy.Result // without Matched
	digest credential.Digest
	used   *atomic.Int64 // Unix seconds of the last use
}

type passwordCredential struct {
	result policy.Result // without Matched
	hash   credential.Hash
	scram  bool // it has SCRAM verifiers
	used   *atomic.Int64
}

// lastSuccess is when the account last signed in from the device.
func (p *person) lastSuccess(device string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.devices[device]
}

// people finds accounts. What was found is kept until anything in the directory
// changes: this process is the only one that writes it.
type people struct {
	store    store.Store
	patience time.Duration
	slots    chan struct{} // reads of the store under way
	// changes counts the changes of the directory. It is raised after a change
	// is committed and before sessions are ended for it.
	changes atomic.Uint64

	mu      sync.RWMutex // guards the fields below
	at      uint64       // value of changes that the entries belong to
	names   map[string]*person
	ids     map[mail.AccountID]*person
	nobody  map[string]struct{}
	pending func(mail.AccountID) map[string]time.Time // devices not written yet
}

const (
	peopleSize  = 1 << 17 // names kept, of each sort
	storeSlots  = 256
	firstRetry  = 20 * time.Millisecond
	slowestView = time.Second // then the next try begins
)

func newPeople(st store.Store, patience time.Duration) *people {
	p := &people{store: st, patience: patience, slots: make(chan struct{}, storeSlots)}
	p.pending = func(mail.AccountID) map[string]time.Time { return nil }
	p.forget()
	return p
}

func (d *people) forget() {
	d.names, d.ids, d.nobody = make(map[string]*person), make(map[mail.AccountID]*person), make(map[string]struct{})
}

// changed makes everything that was read before be read again.
func (d *people) changed() { d.changes.Add(1) }

// find is the account that the name belongs to; nil if to none. The error is
// never NotFound: it says that we could not find out.
func (d *people) find(ctx context.Context, name string) (*person, error) {
	if p, ok := d.kept(name); ok {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	for wait := firstRetry; ; wait *= 2 {
		generation := d.changes.Load()
		p, err := d.read(ctx, name)
		if err == nil {
			return d.keep(name, p, generation), nil
		}
		if fault.Is(err, fault.Damaged) {
			return nil, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

func (d *people) kept(name string) (*person, bool) {
	now := d.changes.Load()
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.at != now {
		return nil, false
	}
	if p := d.names[name]; p != nil {
		return p, true
	}
	_, ok := d.nobody[name]
	return nil, ok
}

// keep remembers what was read while changes had the value generation.
func (d *people) keep(name string, p *person, generation uint64) *person {
	if p != nil {
		p.generation = generation
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changes.Load() != generation {
		return p
	}
	if d.at != generation || len(d.names) >= peopleSize {
		d.forget()
		d.at = generation
	}
	if p == nil {
		if len(name) > longestAddress {
			return nil // strangers choose these, so they must not fill the memory
		}
		if len(d.nobody) >= peopleSize {
			clear(d.nobody)
		}
		d.nobody[strings.Clone(name)] = struct{}{} // it may be a part of a long text
		return nil
	}
	if same := d.ids[p.row.ID]; same != nil {
		p = same // read by another name, or at the same time
	} else {
		for device, seen := range d.pending(p.row.ID) {
			p.devices[device] = seen
		}
	}
	d.names[name], d.ids[p.row.ID] = p, p
	return p
}

// read asks the store once and does not wait longer than it should, even if
// the store does. A panic in the store is an error.
func (d *people) read(ctx context.Context, name string) (*person, error) {
	const op = "signin.find"
	ctx, cancel := context.WithTimeout(ctx, slowestView)
	defer cancel()
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, op, context.Cause(ctx))
	}
	type answer struct {
		p   *person
		err error
	}
	done := make(chan answer, 1)
	go func() {
		defer func() {
			<-d.slots
			if recover() != nil {
				done <- answer{nil, fault.New(fault.Internal, op, "the store panicked")}
			}
		}()
		p, err := d.view(ctx, name)
		done <- answer{p, err}
	}()
	select {
	case a := <-done:
		return a.p, a.err
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, op, context.Cause(ctx))
	}
}

// view reads one account. For a name that is none it reads as much.
func (d *people) view(ctx context.Context, name string) (*person, error) {
	var p *person
	err := d.store.View(ctx, func(r store.Reader) error {
		p = nil
		dir := r.Directory()
		row, err := dir.AccountByAddress(name)
		missing := fault.Is(err, fault.NotFound)
		if err != nil && !missing {
			return err
		}
		creds, err := dir.Credentials(row.ID)
		if err != nil && (!missing || !fault.Is(err, fault.NotFound)) {
			return err
		}
		devices, err := dir.Devices(row.ID)
		if err != nil && (!missing || !fault.Is(err, fault.NotFound)) {
			return err
		}
		if missing {
			return nil
		}
		p, err = newPerson(name, row, creds, devices)
		return err
	}, store.Directory)
	if err != nil && fault.Is(err, fault.NotFound) {
		// Not what the store says of a missing name: see above.
		return nil, fault.New(fault.Unavailable, "signin.find", "the store answered out of turn: %w", err)
	}
	return p, err
}

// newPerson checks that the rows are those that were asked for and brings them
// into shape. What makes no sense is our damage and nobody's wrong password.
func newPerson(name string, row store.AccountRow, creds []store.CredentialRow, devices []store.DeviceRow) (*person, error) {
	const op = "signin.find"
	if row.ID == 0 || (row.Address != name && !slices.Contains(row.Aliases, name)) {
		return nil, fault.New(fault.Damaged, op, "account %v does not have the address it was found by", row.ID)
	}
	p := &person{
		row:     row,
		facts:   policy.Account{Found: true, ID: row.ID, Version: row.Version, Disabled: row.Disabled, Classes: row.Classes},
		devices: make(map[string]time.Time, len(devices)),
	}
	for _, dev := range devices {
		p.devices[dev.Key] = dev.Seen
	}
	for _, c := range creds {
		if c.Account != row.ID {
			return nil, fault.New(fault.Damaged, op, "credential %d of account %v is another account's", c.ID, row.ID)
		}
		if err := p.add(c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *person) add(c store.CredentialRow) error {
	const op = "signin.find"
	sum := sha256.Sum256([]byte(c.Hash))
	res := policy.Result{
		Credential: c.ID, Version: c.Version, Verifier: [8]byte(sum[:8]), Expires: c.Expires,
		Protocols: c.Protocols, App: c.Kind == store.CredentialAppPassword,
	}
	for _, n := range c.Networks {
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			return fault.New(fault.Damaged, op, "credential %d of account %v has the network %q", c.ID, c.Account, n)
		}
		res.Networks = append(res.Networks, prefix)
	}
	used := &atomic.Int64{}
	used.Store(c.LastUsed.Unix())
	if credential.IsDigest(c.Hash) {
		d, err := credential.ParseDigest(c.Hash)
		if err != nil {
			return err
		}
		res.Generated = true
		p.generated = append(p.generated, generatedCredential{res, d, used})
		return nil
	}
	h, err := credential.Parse(c.Hash)
	if err != nil {
		return fault.New(fault.Damaged, op, "credential %d of account %v: %w", c.ID, c.Account, err)
	}
	if p.password != nil || res.App {
		return fault.New(fault.Damaged, op, "account %v has two passwords", c.Account)
	}
	p.password = &passwordCredential{res, h, len(c.Scram) > 0, used}
	return nil
}
