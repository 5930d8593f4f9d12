package signin

import (
	"testing"
	"time"

	"postern/mail"
	"postern/signin/credential"
	"postern/signin/policy"
	"postern/store"
)

// DefaultHash are the parameters of a real server.
func DefaultHash() credential.Params { return credential.DefaultParams() }

// wait waits for work in the background.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	over := time.After(10 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func credentialsOf(t testing.TB, s store.Store, id mail.AccountID) (creds []store.CredentialRow) {
	t.Helper()
	if err := s.View(t.Context(), func(r store.Reader) (err error) {
		creds, err = r.Directory().Credentials(id)
		return err
	}, store.Directory); err != nil {
		t.Fatal(err)
	}
	return creds
}

func devicesOf(t testing.TB, s store.Store, id mail.AccountID) (devices []store.DeviceRow) {
	t.Helper()
	if err := s.View(t.Context(), func(r store.Reader) (err error) {
		devices, err = r.Directory().Devices(id)
		return err
	}, store.Directory); err != nil {
		t.Fatal(err)
	}
	return devices
}

func putRevision(t testing.TB, s store.Store, n uint64, doc []byte, hash string) {
	t.Helper()
	if hash == "" {
		hash = policy.HashOf(doc)
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.System().PutRevision(store.RevisionRow{Number: n, Hash: hash, Document: doc})
	}, store.System); err != nil {
		t.Fatal(err)
	}
}

// busyQueue is a hashing queue with no room until the test ends.
func busyQueue(t testing.TB) *credential.Queue {
	t.Helper()
	q := credential.NewQueue(credential.QueueOptions{Workers: 1, Patience: 10 * time.Millisecond})
	release, began, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		over <- q.Do(t.Context(), 1, func() {
			close(began)
			<-release
		})
	}()
	<-began
	t.Cleanup(func() {
		close(release)
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	return q
}
