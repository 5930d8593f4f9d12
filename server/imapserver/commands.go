package imapserver

import (
	"context"

	"postern/wire/imapwire"
)

// command is one row of the table of commands.
type command struct {
	states  state // in which it is allowed
	expunge bool  // EXPUNGE and VANISHED may come before its tagged line (RFC 9051 §7.5.1)
	run     func(s *session, ctx context.Context, cmd imapwire.Command) (reply, error)
}

// row makes a row for the handler of one command type.
func row[C imapwire.Command](states state, run func(*session, context.Context, C) (reply, error)) command {
	return command{states: states, expunge: true, run: func(s *session, ctx context.Context, cmd imapwire.Command) (reply, error) {
		return run(s, ctx, cmd.(C)) //nolint:forcetypeassert // the verb decides the type
	}}
}

// keeping is row for a command during which no EXPUNGE may be sent.
func keeping[C imapwire.Command](states state, run func(*session, context.Context, C) (reply, error)) command {
	c := row(states, run)
	c.expunge = false
	return c
}

// commands is the table of all commands, by verb.
func commands() map[string]command {
	const (
		always = notSignedIn | signedIn | selected
		in     = signedIn | selected
	)
	return map[string]command{
		"CAPABILITY": row(always, (*session).capability),
		"NOOP":       row(always, (*session).noop),
		"LOGOUT":     row(always, (*session).logout),
		"ID":         row(always, (*session).id),

		"STARTTLS":     row(notSignedIn, (*session).startTLS),
		"AUTHENTICATE": row(notSignedIn, (*session).authenticate),
		"LOGIN":        row(notSignedIn, (*session).login),

		"ENABLE":       row(in, (*session).enable),
		"SELECT":       row(in, (*session).doSelect),
		"EXAMINE":      row(in, (*session).doSelect),
		"CREATE":       row(in, (*session).create),
		"DELETE":       row(in, (*session).doDelete),
		"RENAME":       row(in, (*session).rename),
		"SUBSCRIBE":    row(in, (*session).subscribe),
		"UNSUBSCRIBE":  row(in, (*session).unsubscribe),
		"LIST":         row(in, (*session).list),
		"LSUB":         row(in, (*session).lsub),
		"NAMESPACE":    row(in, (*session).namespace),
		"STATUS":       row(in, (*session).status),
		"APPEND":       row(in, (*session).doAppend),
		"IDLE":         row(in, (*session).idle),
		"GETQUOTA":     row(in, (*session).getQuota),
		"GETQUOTAROOT": row(in, (*session).getQuotaRoot),
		"SETQUOTA":     row(in, (*session).setQuota),

		"CHECK":       row(selected, (*session).check),
		"CLOSE":       row(selected, (*session).doClose),
		"UNSELECT":    row(selected, (*session).unselect),
		"EXPUNGE":     row(selected, (*session).expunge),
		"UID EXPUNGE": row(selected, (*session).expunge),
		"SEARCH":      keeping(selected, (*session).search),
		"UID SEARCH":  row(selected, (*session).search),
		"FETCH":       keeping(selected, (*session).fetch),
		"UID FETCH":   row(selected, (*session).fetch),
		"STORE":       keeping(selected, (*session).store),
		"UID STORE":   row(selected, (*session).store),
		"COPY":        row(selected, (*session).doCopy),
		"UID COPY":    row(selected, (*session).doCopy),
		"MOVE":        row(selected, (*session).doCopy),
		"UID MOVE":    row(selected, (*session).doCopy),
	}
}
