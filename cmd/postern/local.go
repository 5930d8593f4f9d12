package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// localHTTP are the HTTP services for this machine: administration and metrics.
type localHTTP struct {
	log     *slog.Logger
	servers []*http.Server
	running sync.WaitGroup // accept loops
	cancels []context.CancelFunc
}

// Who has a local socket open and sends nothing is not waited for.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
)

// How long requests have at the end: to come to their own end, and then, with
// their context cancelled, to give up.
const (
	requestTime = 2 * time.Second
	giveUpTime  = 10 * time.Second
)

// serve answers what comes in at l.
func (h *localHTTP) serve(l net.Listener, handler http.Handler) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime,
		ErrorLog:    slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	h.servers, h.cancels = append(h.servers, s), append(h.cancels, cancel)
	h.running.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			h.log.Error("a local service has ended", "address", l.Addr(), "error", err)
		}
	})
}

// shutdown stops accepting and waits until the last request is answered, for
// what they work with is closed next. One that goes on, such as a follower of
// the sign-in log, is cancelled; one that does not heed that is left after patience.
func (h *localHTTP) shutdown(own, patience time.Duration) error {
	if len(h.servers) == 0 {
		return nil
	}
	err := h.drain(own)
	for _, cancel := range h.cancels {
		cancel()
	}
	if err != nil {
		err = h.drain(patience)
	}
	for _, s := range h.servers {
		err = errors.Join(err, s.Close())
	}
	h.running.Wait()
	return err
}

func (h *localHTTP) drain(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var errs []error
	for _, s := range h.servers {
		errs = append(errs, s.Shutdown(ctx))
	}
	return errors.Join(errs...)
}
