package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestPlain(t *testing.T) {
	taken := New(Exists, "signin.CreateAccount", "address %s is taken", "ann@example.org")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{taken, "address ann@example.org is taken"},
		{In("listen.New", In("listen.New", taken)), "address ann@example.org is taken"},
		{New(Invalid, "--listen", "%q is not this machine", "0.0.0.0"), `--listen: "0.0.0.0" is not this machine`},
		{New(Invalid, "tls.certificate", "no pair"), "tls.certificate: no pair"},
		{In("/srv/Mail.Old", taken), "/srv/Mail.Old: address ann@example.org is taken"},
		{errors.Join(taken, Wrap(Full, "blob.Create", errors.New("no room"))), "address ann@example.org is taken\nno room"},
		{fmt.Errorf("%w, and %w", taken, taken), "signin.CreateAccount: address ann@example.org is taken, and signin.CreateAccount: address ann@example.org is taken"},
		{&Error{Kind: Closed, Op: "store.Update"}, "closed"},
	} {
		if got := Plain(tc.err); got != tc.want {
			t.Errorf("%v is told as %q, want %q", tc.err, got, tc.want)
		}
	}
}
