package blobtest

import (
	"context"
	"errors"
	"testing"

	"postern/blob"
	"postern/fault"
)

func (e Engine) testContext(t *testing.T) {
	s, _ := e.fresh(t)
	ref := mustPut(t, s, []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.Create(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = w.Commit(ctx)
	wantKind(t, "commit", err, fault.Canceled)
	_, err = s.Create(ctx, 1)
	wantKind(t, "create", err, fault.Canceled)
	_, err = s.Open(ctx, ref)
	wantKind(t, "open", err, fault.Canceled)
	wantKind(t, "delete", s.Delete(ctx, ref), fault.Canceled)
	wantKind(t, "walk", s.Walk(ctx, func(blob.Info) error { return nil }), fault.Canceled)
	wantKind(t, "verify", s.Verify(ctx, func(blob.Info, error) {}), fault.Canceled)
	wantKind(t, "copy", s.Copy(ctx, "/copy"), fault.Canceled)
	stop := errors.New("stop")
	if err := s.Walk(t.Context(), func(blob.Info) error { return stop }); !errors.Is(err, stop) {
		t.Fatalf("walk: %v, want what fn returned", err)
	}
	if got := refs(t, s); len(got) != 1 {
		t.Fatalf("%d blobs, want 1", len(got))
	}
}

func (e Engine) testClosed(t *testing.T) {
	s, _ := e.fresh(t)
	ref := mustPut(t, s, content(1, 300_000))
	r, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Create(t.Context(), -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = r.ReadAt(make([]byte, 10), 0)
	wantKind(t, "read", err, fault.Closed)
	_ = r.Close()
	_, err = w.Commit(t.Context())
	wantKind(t, "commit", err, fault.Closed)
	w.Abort()
	_, err = s.Create(t.Context(), 1)
	wantKind(t, "create", err, fault.Closed)
	_, err = s.Open(t.Context(), ref)
	wantKind(t, "open", err, fault.Closed)
	wantKind(t, "delete", s.Delete(t.Context(), ref), fault.Closed)
	wantKind(t, "walk", s.Walk(t.Context(), func(blob.Info) error { return nil }), fault.Closed)
	wantKind(t, "verify", s.Verify(t.Context(), func(blob.Info, error) {}), fault.Closed)
	wantKind(t, "copy", s.Copy(t.Context(), "/copy"), fault.Closed)
	wantKind(t, "health", s.Health(), fault.Closed)
	wantKind(t, "close", s.Close(), fault.Closed)
}

func (e Engine) testLocked(t *testing.T) {
	_, fs := e.fresh(t)
	_, err := e.Open(fs, dir)
	wantKind(t, "a second open", err, fault.InUse)
}
