package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKindOf(t *testing.T) {
	base := New(Full, "blob.Create", "no room: %w", io.ErrShortWrite)
	for _, tc := range []struct {
		err  error
		kind Kind
		text string
	}{
		{base, Full, "blob.Create: no room: short write"},
		{fmt.Errorf("door: %w", base), Full, "door: blob.Create: no room: short write"},
		{In("mailbox.Append", base), Full, "mailbox.Append: blob.Create: no room: short write"},
		{In("blob.Create", base), Full, "blob.Create: no room: short write"},
		{In("blob.Create", In("mailbox.Append", base)), Full, "blob.Create: mailbox.Append: blob.Create: no room: short write"},
		{Wrap(Unavailable, "signin", base), Unavailable, "signin: blob.Create: no room: short write"},
		{io.EOF, Internal, "EOF"},
		{&Error{Kind: Closed}, Closed, "closed"},
		{&Error{Kind: Closed, Op: "x"}, Closed, "x: closed"},
	} {
		if got := KindOf(tc.err); got != tc.kind || tc.err.Error() != tc.text {
			t.Errorf("%q is %v, want %q, %v", tc.err, got, tc.text, tc.kind)
		}
	}
	if !errors.Is(base, io.ErrShortWrite) || !errors.Is(base, &Error{Kind: Full}) || errors.Is(base, &Error{Kind: Denied}) {
		t.Error("errors.Is does not see cause or kind")
	}
	if Wrap(Full, "x", nil) != nil || In("x", nil) != nil || Is(nil, Internal) {
		t.Error("no error became one")
	}
}

func TestEveryKindHasItsOwnName(t *testing.T) {
	seen := map[string]Kind{}
	for k := range kindCount {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
		if other, ok := seen[k.String()]; ok {
			t.Errorf("kinds %d and %d are both %q", other, k, k)
		}
		seen[k.String()] = k
	}
	if kindCount.String() == "" {
		t.Error("an unknown kind prints as nothing")
	}
}
