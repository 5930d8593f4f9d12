// Package adminserver is the door for administrators: JSON over HTTP on a
// local socket that only the server's own user can open. The program's
// administrative commands are its only client; with the server stopped they
// serve themselves with the same handler, so that there is one way to do each
// thing. Nothing here is reachable from a network.
//
// Every answer is JSON or, where something goes on for a while, one JSON object
// a line. An error is {"error": {"kind", "message"}} with a status from the
// table in reply.go.
package adminserver

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"postern/mailbox"
	"postern/signin"
)

// Maintenance is what the door needs of the ones who hold store and blobs.
type Maintenance interface {
	// Backup writes a verified copy of everything into the folder dir, which
	// must not exist yet, and tells how many octets it has.
	Backup(ctx context.Context, dir string) (int64, error)
	// Verify reads every stored byte and reports what is damaged.
	Verify(ctx context.Context, report func(where, what string)) error
}

// Options are what the door stands on. All but Logger are required.
type Options struct {
	Authority   *signin.Authority
	Mailboxes   *mailbox.Engine
	Maintenance Maintenance
	Logger      *slog.Logger
	Version     string
	Domain      string           // of addresses without one; empty takes them as they are
	Quota       int64            // octets, for new accounts; 0 is none
	Clock       func() time.Time // nil is time.Now
}

// New makes the handler.
func New(o Options) http.Handler {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	d := &door{o}
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(*request) error{
		"GET /v1/hello":                                    d.hello,
		"GET /v1/accounts":                                 d.listAccounts,
		"POST /v1/accounts":                                d.addAccounts,
		"GET /v1/accounts/{address}":                       d.showAccount,
		"DELETE /v1/accounts/{address}":                    d.deleteAccount,
		"PATCH /v1/accounts/{address}":                     d.changeAccount,
		"PUT /v1/accounts/{address}/enabled":               d.setEnabled,
		"PUT /v1/accounts/{address}/password":              d.setPassword,
		"PUT /v1/accounts/{address}/quota":                 d.setQuota,
		"POST /v1/accounts/{address}/app-passwords":        d.addAppPassword,
		"DELETE /v1/accounts/{address}/app-passwords/{id}": d.removeAppPassword,
		"POST /v1/accounts/{address}/import":               d.importMail,
		"GET /v1/accounts/{address}/export":                d.exportMail,
		"GET /v1/signins":                                  d.signins,
		"GET /v1/sessions":                                 d.sessions,
		"DELETE /v1/sessions/{id}":                         d.killSession,
		"POST /v1/backup":                                  d.backup,
		"POST /v1/check":                                   d.check,
		"POST /v1/renew-uids":                              d.renewUIDs,
	} {
		mux.Handle(pattern, d.serve(h))
	}
	return mux
}

type door struct{ Options }
