package signin

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"postern/mail"
	"postern/signin/grant"
	"postern/signin/internal/mint"
)

// SessionInfo is one open session, or one service grant that is held.
type SessionInfo struct {
	ID         string
	Account    mail.AccountID
	Address    string
	Protocol   string // "service" for a service grant
	Listener   string
	Client     netip.AddrPort
	ClientName string
	TLSVersion string // empty without TLS
	Purpose    string // of a service grant
	Since      time.Time
}

// sessions are the grants that are held. A grant ends by release, by its
// account's revocation or by itself being killed; what is told to nobody else
// is told by its Done channel at once.
type sessions struct {
	mu   sync.Mutex // guards the fields below
	next uint64
	open map[string]*session
	of   map[mail.AccountID]map[string]*session
}

type session struct {
	info       SessionInfo
	credential uint64 // that it was opened with; 0 for a service
	number     uint64
	end        func()
}

func newSessions() *sessions {
	return &sessions{open: make(map[string]*session), of: make(map[mail.AccountID]map[string]*session)}
}

// start makes a grant and keeps it until it ends. The id must be new.
func (s *sessions) start(info SessionInfo, credential uint64, rights grant.Rights, revision uint64) grant.Grant {
	g, end := mint.New(mint.Facts{
		Account: info.Account, Address: info.Address, Rights: rights, Purpose: info.Purpose, Revision: revision, ID: info.ID,
		OnRelease: func() { s.drop(info.ID) },
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	n := &session{info: info, credential: credential, number: s.next, end: end}
	s.open[info.ID] = n
	mine := s.of[info.Account]
	if mine == nil {
		mine = make(map[string]*session, 1)
		s.of[info.Account] = mine
	}
	mine[info.ID] = n
	return g
}

func (s *sessions) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.open[id]
	if n == nil {
		return
	}
	delete(s.open, id)
	mine := s.of[n.info.Account]
	delete(mine, id)
	if len(mine) == 0 {
		delete(s.of, n.info.Account)
	}
}

// end ends an account's sessions: those opened with the credential, or all if
// it is 0; service grants only with services.
func (s *sessions) end(account mail.AccountID, credential uint64, services bool) int {
	s.mu.Lock()
	var over []*session
	for _, n := range s.of[account] {
		if (credential == 0 || n.credential == credential) && (services || n.info.Purpose == "") {
			over = append(over, n)
		}
	}
	s.mu.Unlock()
	for _, n := range over {
		n.end() // takes the lock in drop
	}
	return len(over)
}

func (s *sessions) kill(id string) bool {
	s.mu.Lock()
	n := s.open[id]
	s.mu.Unlock()
	if n == nil {
		return false
	}
	n.end()
	return true
}

func (s *sessions) list() []SessionInfo {
	s.mu.Lock()
	all := make([]*session, 0, len(s.open))
	for _, n := range s.open {
		all = append(all, n)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *session) int { return cmp.Compare(a.number, b.number) })
	out := make([]SessionInfo, len(all))
	for i, n := range all {
		out[i] = n.info
		out[i].ClientName = clean(n.info.ClientName)
	}
	return out
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *sessions) endAll() {
	s.mu.Lock()
	all := make([]*session, 0, len(s.open))
	for _, n := range s.open {
		all = append(all, n)
	}
	s.mu.Unlock()
	for _, n := range all {
		n.end()
	}
}

// Sessions lists the open sessions, oldest first.
func (a *Authority) Sessions() []SessionInfo { return a.sessions.list() }

// Kill ends one session; false if there is none of that id.
func (a *Authority) Kill(id string) bool {
	ok := a.sessions.kill(id)
	if ok {
		a.logger.Info("session ended by an administrator", slog.String("session", id))
	}
	return ok
}

// Revoke ends all of an account's sessions at once, but no service's grants,
// and tells how many. Whoever may still sign in can do so again.
func (a *Authority) Revoke(ctx context.Context, account mail.AccountID, why string) int {
	return a.revoke(ctx, account, 0, false, why)
}

func (a *Authority) revoke(ctx context.Context, account mail.AccountID, credential uint64, services bool, why string) int {
	n := a.sessions.end(account, credential, services)
	if n > 0 {
		a.logger.InfoContext(ctx, "sessions ended", slog.String("account", account.String()), slog.Int("sessions", n), slog.String("why", why))
	}
	return n
}
