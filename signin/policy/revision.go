package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
)

// Revision is a compiled policy. It is immutable: share it freely.
type Revision struct {
	number     uint64
	hash       string
	source     []byte
	credential [8]byte
	limits     Limits
	exempt     []netip.Prefix
	scram      ScramRules
	floor      uint16
	plaintext  map[string]bool
	protocols  map[string]*protocolRule
	classes    map[string]*classRule
}

type protocolRule struct {
	enabled    bool
	mechanisms []string
}

type classRule struct {
	off         map[string]bool
	appRequired map[string]bool
	appAlways   bool
	networks    []netip.Prefix
}

// Number is the revision's number, from 1.
func (r *Revision) Number() uint64 { return r.number }

// Hash is the hexadecimal SHA-256 of the document.
func (r *Revision) Hash() string { return r.hash }

// Source is the document; the caller may change the copy.
func (r *Revision) Source() []byte { return slices.Clone(r.source) }

// Limits are the limits on guessing. Nobody may change the slice in them.
func (r *Revision) Limits() Limits { return r.limits }

// Exempt tells whether the limit per network does not apply to addr.
func (r *Revision) Exempt(addr netip.Addr) bool { return contains(r.exempt, addr) }

// Scram are the rules for SCRAM verifiers.
func (r *Revision) Scram() ScramRules { return r.scram }

// CredentialDigest names the part of the policy that says how credentials are
// checked. Caches of checked credentials are keyed by it and not by the
// revision: a new revision leaves them warm.
func (r *Revision) CredentialDigest() [8]byte { return r.credential }

// Mechanisms are what to offer on a listener now, none without TLS unless the
// listener is one that takes passwords in the clear. The caller must not
// change the slice.
func (r *Revision) Mechanisms(protocol, listener string, tls bool) []string {
	p := r.protocols[protocol]
	if p == nil || !p.enabled || (!tls && !r.plaintext[listener]) {
		return nil
	}
	return p.mechanisms
}

// HashOf is the content hash of a document.
func HashOf(doc []byte) string {
	h := sha256.Sum256(doc)
	return hex.EncodeToString(h[:])
}

// credentialDigest covers how a credential is checked: nothing of the current
// document changes that, so the digest is of the scheme's version alone.
func credentialDigest() (d [8]byte) {
	binary.BigEndian.PutUint64(d[:], 1)
	return d
}

func contains(nets []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap()
	for i := range nets {
		if nets[i].Contains(addr) {
			return true
		}
	}
	return false
}
