package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"postern/server/listen"
)

// ask serves one handler and sends it a request; what came back is the answer.
func ask(t *testing.T, handler http.HandlerFunc) (h *localHTTP, answer <-chan string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	began, got := make(chan struct{}), make(chan string, 1)
	h = &localHTTP{log: slog.New(slog.DiscardHandler)}
	h.serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		handler(w, r)
	}))
	go func() {
		defer close(got)
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "http://"+l.Addr().String(), http.NoBody)
		if err != nil {
			return
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		got <- string(body)
	}()
	<-began
	return h, got
}

// TestRequestsAreWaitedFor holds that a request under way is answered before the
// end, since what it works with is closed then.
func TestRequestsAreWaitedFor(t *testing.T) {
	goOn := make(chan struct{})
	ended := false
	h, answer := ask(t, func(w http.ResponseWriter, r *http.Request) {
		<-goOn
		if r.Context().Err() == nil {
			_, _ = io.WriteString(w, "whole")
		}
		ended = true
	})
	time.AfterFunc(100*time.Millisecond, func() { close(goOn) })
	if err := h.shutdown(10*time.Second, 10*time.Second); err != nil || !ended {
		t.Errorf("the end came first: %v", err)
	}
	if got := <-answer; got != "whole" {
		t.Errorf("answer %q", got)
	}
}

// TestFollowersAreCancelled holds that a request without an end of its own is
// told, and waited for.
func TestFollowersAreCancelled(t *testing.T) {
	ended := false
	h, _ := ask(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		ended = true
	})
	if err := h.shutdown(50*time.Millisecond, 10*time.Second); err != nil || !ended {
		t.Errorf("the end came first: %v", err)
	}
}

// TestStubbornRequests holds that the end has a bound.
func TestStubbornRequests(t *testing.T) {
	goOn := make(chan struct{})
	defer close(goOn)
	h, _ := ask(t, func(http.ResponseWriter, *http.Request) { <-goOn })
	if err := h.shutdown(10*time.Millisecond, 50*time.Millisecond); err == nil {
		t.Error("a request that goes on is not told")
	}
	for _, s := range h.servers {
		if s.ReadHeaderTimeout <= 0 || s.IdleTimeout <= 0 {
			t.Errorf("a client that sends nothing keeps a connection: %v, %v", s.ReadHeaderTimeout, s.IdleTimeout)
		}
	}
}

func TestHandshakeReason(t *testing.T) {
	for want, offers := range map[string][][]string{
		"tls-version": {{"ssl3"}, {"1.0", "ssl3"}, {"1.1"}},
		"tls-failed":  {nil, {"1.2", "1.1", "ssl3"}, {"1.3"}},
	} {
		for _, o := range offers {
			if got := handshakeReason(listen.HandshakeRefusal{Protocol: "imap", OfferedVersions: o}); got != want {
				t.Errorf("%v is %s, want %s", o, got, want)
			}
		}
	}
}
