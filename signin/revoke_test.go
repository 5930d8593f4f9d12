package signin

import (
	"context"
	"sync/atomic"
	"testing"

	"postern/fault"
	"postern/store"
)

// forgetfulStore commits, and then says that it could not.
type forgetfulStore struct {
	store.Store
	lies atomic.Bool
}

func (s *forgetfulStore) lie(err error) error {
	if err == nil && s.lies.Load() {
		return fault.New(fault.Unavailable, "forgetful", "the answer was lost")
	}
	return err
}

func (s *forgetfulStore) Update(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error {
	return s.lie(s.Store.Update(ctx, fn, parts...))
}

func (s *forgetfulStore) Delete(ctx context.Context, fn func(store.Tx) error, parts ...store.Partition) error {
	return s.lie(s.Store.Delete(ctx, fn, parts...))
}

// TestHiddenCommitsEndSessions holds that sessions end also after a change whose
// success nobody told, and that they go on after one that was plainly refused.
func TestHiddenCommitsEndSessions(t *testing.T) {
	t.Parallel()
	s := &forgetfulStore{Store: openStore(t)}
	r := newRigOn(t, s)
	for name, change := range map[string]func(AccountInfo, uint64) error{
		"password":     func(a AccountInfo, _ uint64) error { return r.SetPassword(t.Context(), a.ID, secret("new")) },
		"generated":    func(a AccountInfo, _ uint64) error { _, err := r.GeneratePassword(t.Context(), a.ID); return err },
		"disable":      func(a AccountInfo, _ uint64) error { return r.SetEnabled(t.Context(), a.ID, false) },
		"delete":       func(a AccountInfo, _ uint64) error { return r.DeleteAccount(t.Context(), a.ID) },
		"app-password": func(a AccountInfo, id uint64) error { return r.RemoveAppPassword(t.Context(), a.ID, id) },
	} {
		acc := r.account(name+"@postern.test", "right")
		app, appSecret, err := r.AddAppPassword(t.Context(), acc.ID, AppPassword{Label: "phone"})
		if err != nil {
			t.Fatal(err)
		}
		v := r.SignIn(t.Context(), attempt(name+"@postern.test", appSecret))
		if v.Grant == nil {
			t.Fatalf("%s: %v %s", name, v.Outcome, v.Reason)
		}
		if err := r.RemoveAppPassword(t.Context(), acc.ID, app.ID+1000); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: an app password that is not there: %v", name, err)
		}
		if err := r.SetPassword(t.Context(), acc.ID, secret("")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: an empty password: %v", name, err)
		}
		select {
		case <-v.Grant.Done():
			t.Errorf("%s: a change that was refused ended the session", name)
		default:
		}
		s.lies.Store(true)
		err = change(acc, app.ID)
		s.lies.Store(false)
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v, want what the store said", name, err)
		}
		select {
		case <-v.Grant.Done():
		default:
			t.Errorf("%s: the session goes on after a change that was made", name)
		}
	}
}
