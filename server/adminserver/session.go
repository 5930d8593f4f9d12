package adminserver

import (
	"net/http"
	"strconv"
	"time"

	"postern/fault"
	"postern/signin"
)

// Hello says who answers.
type Hello struct {
	Version string `json:"version"`
}

// Session is one open session.
type Session struct {
	ID         string    `json:"id"`
	Account    string    `json:"account"`
	Protocol   string    `json:"protocol"`
	Listener   string    `json:"listener,omitempty"`
	IPAddress  string    `json:"ipAddress,omitempty"`
	ClientName string    `json:"clientName,omitempty"`
	TLSVersion string    `json:"tlsVersion,omitempty"`
	Purpose    string    `json:"purpose,omitempty"`
	Since      time.Time `json:"since"`
}

func (d *door) hello(q *request) error { return q.reply(Hello{d.Version}) }

func (d *door) sessions(q *request) error {
	for _, s := range d.Authority.Sessions() {
		out := Session{
			ID: s.ID, Account: s.Address, Protocol: s.Protocol, Listener: s.Listener,
			ClientName: s.ClientName, TLSVersion: s.TLSVersion, Purpose: s.Purpose, Since: s.Since,
		}
		if s.Client.IsValid() {
			out.IPAddress = s.Client.Addr().String()
		}
		if err := q.line(out); err != nil {
			return err
		}
	}
	return nil
}

func (d *door) killSession(q *request) error {
	if !d.Authority.Kill(q.PathValue("id")) {
		return fault.New(fault.NotFound, "", "there is no session %q; `postern sessions list` shows them", q.PathValue("id"))
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// signins answers with entries of the sign-in log, newest first; with
// follow=true the last ones oldest first and then each new one.
func (d *door) signins(q *request) error {
	v := q.URL.Query()
	f := signin.Filter{Name: v.Get("account"), Protocol: v.Get("protocol"), Outcome: v.Get("outcome")}
	if s := v.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return fault.New(fault.Invalid, "adminserver.signins", "limit %q is no number", s)
		}
		f.Limit = n
	}
	send := func(e signin.Entry) error { return q.line(e) }
	if v.Get("follow") == "true" {
		return d.Authority.Follow(q.Context(), f, send)
	}
	return d.Authority.Attempts(q.Context(), f, send)
}
