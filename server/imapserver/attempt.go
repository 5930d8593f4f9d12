package imapserver

import (
	"context"
	"net/netip"
	"time"

	"postern/signin"
	"postern/wire/imapwire"
)

// attempt asks the authority and acts on its verdict. The words are the
// verdict's own.
func (s *session) attempt(ctx context.Context, a signin.Attempt) (reply, error) {
	a.Protocol, a.Listener, a.TLS = "imap", s.conn.Listener(), s.conn.TLS()
	a.Client, a.ClientName, a.ID, a.Started = clientAddr(s.conn), s.client, s.conn.ID(), time.Now()
	v := s.srv.opt.Authority.SignIn(ctx, a)
	s.judged = true
	status, code, text := v.IMAP()
	if v.Outcome != signin.Allow || v.Grant == nil {
		return s.denied(status, code, text), nil
	}
	box, err := s.srv.opt.Mailboxes.Open(ctx, v.Grant)
	if err != nil {
		v.Grant.Release()
		s.log.Error("mailbox could not be opened", "account", v.Grant.Address(), "error", err)
		return s.denied("NO", "UNAVAILABLE", "Your mailbox cannot be opened at the moment; this says nothing about your password."), nil
	}
	s.grant, s.box, s.state = v.Grant, box, signedIn
	s.granted.Store(&v.Grant)
	s.conn.SignedIn()
	s.dec.SetLimits(imapwire.AfterSignIn())
	s.log = s.log.With("account", v.Grant.Address(), "session", v.Grant.ID())
	if s.client != "" {
		s.log = s.log.With("app", s.client)
	}
	return okCode(imapwire.CodeCapability(s.capabilities()), text), nil
}

// denied is the answer to an attempt that did not succeed; too many of them end
// the connection.
func (s *session) denied(status, code, text string) reply {
	r := reply{cond: imapwire.NO, text: text}
	if status == "BAD" {
		r.cond = imapwire.BAD
	}
	if c, known := signInCode(code); known {
		r.code = c
	}
	if s.failures++; s.failures >= s.srv.opt.MaxFailures {
		r.end, r.bye = endRefused, "Too many attempts on one connection."
	}
	return r
}

// signInCode is the response code that a verdict names.
func signInCode(name string) (imapwire.Code, bool) {
	for _, c := range []imapwire.SimpleCode{
		imapwire.Unavailable, imapwire.AuthenticationFailed, imapwire.AuthorizationFailed, imapwire.PrivacyRequired,
		imapwire.Cannot, imapwire.Expired, imapwire.ContactAdmin, imapwire.Limit, imapwire.Alert,
	} {
		if c.String() == name {
			return c, true
		}
	}
	return nil, false
}

// clientAddr is where the connection comes from; zero if it is no IP address.
func clientAddr(c Conn) netip.AddrPort {
	if c.RemoteAddr() == nil {
		return netip.AddrPort{}
	}
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
