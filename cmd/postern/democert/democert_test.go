package democert

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"
)

func TestEnsure(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	f, err := Ensure(dir, now, "mail.postern.test")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(f.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(raw) {
		t.Fatal("the CA file holds no certificate")
	}
	for _, name := range []string{"localhost", "127.0.0.1", "mail.postern.test"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, _ := os.Stat(f.Key); info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v", info.Mode())
	}

	if _, err := Ensure(dir, now); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(f.CA); string(again) != string(raw) {
		t.Error("a second start made another CA, which no mail program trusts")
	}
	if _, err := Ensure(dir, now.Add(validity-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if renewed, _ := os.ReadFile(f.CA); string(renewed) == string(raw) {
		t.Error("an expiring certificate was kept")
	}
}
