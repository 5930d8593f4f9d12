package listen

import (
	"time"
)

// reloader looks at the certificate files every few seconds and renews ticket
// keys. It also tells what was left out of the log.
func (s *Server) reloader() {
	tick := time.NewTicker(s.cfg.ReloadEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			s.seldom.Tell(s.log, time.Now().Add(seldomPause))
			return
		case done := <-s.reloads:
			s.reloadAll(true)
			close(done)
		case <-tick.C:
			s.reloadAll(false)
			s.seldom.Tell(s.log, time.Now())
		}
	}
}

func (s *Server) reloadAll(force bool) {
	for _, d := range s.doors {
		if d.tls != nil {
			d.tls.reload(force)
			d.tls.rotate(time.Now())
		}
	}
}

// Reload reads all certificate files now, as a SIGHUP asks for.
func (s *Server) Reload() {
	done := make(chan struct{})
	select {
	case s.reloads <- done:
	case <-s.ctx.Done():
		return
	}
	select {
	case <-done:
	case <-s.ctx.Done():
	}
}

// Expiry is when a listener's certificate ends.
type Expiry struct {
	Listener string
	NotAfter time.Time
}

// Expiries lists the certificates in use, which the health centre watches.
func (s *Server) Expiries() []Expiry {
	var all []Expiry
	for _, d := range s.doors {
		if d.tls == nil {
			continue
		}
		for _, c := range *d.tls.certs.Load() {
			all = append(all, Expiry{d.Name, c.Leaf.NotAfter})
		}
	}
	return all
}
