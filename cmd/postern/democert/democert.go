// Package democert makes the demo's own certificate authority and a server
// certificate for localhost, kept in the demo's folder so that a mail program
// that trusts the authority once trusts it after a restart too. Only
// `postern demo` calls it; a real server gets its certificate from elsewhere.
package democert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"postern/fault"
)

// Files are where the PEM files are, absolute.
type Files struct{ CA, Certificate, Key string }

// validity is short enough for the programs that refuse certificates of over
// 825 days.
const validity = 800 * 24 * time.Hour

// Ensure makes whatever is missing or about to expire in dir: a CA, and a
// certificate for localhost, 127.0.0.1, ::1 and names. The CA's key is not
// kept longer than the call unless it must sign again later.
func Ensure(dir string, now time.Time, names ...string) (Files, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Files{}, fault.Wrap(fault.Invalid, "democert", err)
	}
	f := Files{filepath.Join(abs, "ca.pem"), filepath.Join(abs, "cert.pem"), filepath.Join(abs, "key.pem")}
	if usable(f, now) {
		return f, nil
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return Files{}, fault.Wrap(fault.Unavailable, "democert", err)
	}
	ca, caKey, err := issue(template("Postern demo authority", now, true), nil, nil)
	if err != nil {
		return Files{}, err
	}
	leaf := template("localhost", now, false)
	leaf.DNSNames = append([]string{"localhost"}, names...)
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	cert, key, err := issue(leaf, ca, caKey)
	if err != nil {
		return Files{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Files{}, fault.Wrap(fault.Internal, "democert", err)
	}
	chain := append(block("CERTIFICATE", cert.Raw), block("CERTIFICATE", ca.Raw)...)
	for _, w := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{{f.Key, block("PRIVATE KEY", der), 0o600}, {f.Certificate, chain, 0o644}, {f.CA, block("CERTIFICATE", ca.Raw), 0o644}} {
		if err := os.WriteFile(w.name, w.data, w.mode); err != nil {
			return Files{}, fault.Wrap(fault.Unavailable, "democert", err)
		}
	}
	return f, nil
}

// usable tells whether the files are there, belong together and last a month.
func usable(f Files, now time.Time) bool {
	for _, name := range []string{f.CA, f.Certificate, f.Key} {
		if _, err := os.Stat(name); err != nil {
			return false
		}
	}
	var certs [2]*x509.Certificate
	for i, name := range []string{f.CA, f.Certificate} {
		raw, err := os.ReadFile(name)
		if err != nil {
			return false
		}
		b, _ := pem.Decode(raw)
		if b == nil {
			return false
		}
		if certs[i], err = x509.ParseCertificate(b.Bytes); err != nil {
			return false
		}
	}
	return certs[1].CheckSignatureFrom(certs[0]) == nil && certs[1].NotAfter.After(now.Add(30*24*time.Hour))
}

func template(name string, now time.Time, ca bool) *x509.Certificate {
	c := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Postern demo"}},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(validity),
		BasicConstraintsValid: true,
		IsCA:                  ca,
	}
	if ca {
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		c.MaxPathLenZero = true
	} else {
		c.KeyUsage = x509.KeyUsageDigitalSignature
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return c
}

func issue(c, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Internal, "democert", err)
	}
	if c.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, fault.Wrap(fault.Internal, "democert", err)
	}
	if parent == nil {
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Internal, "democert", err)
	}
	out, err := x509.ParseCertificate(der)
	return out, key, fault.Wrap(fault.Internal, "democert", err)
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
