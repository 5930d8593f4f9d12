package imapserver

import (
	"context"
	"errors"

	"postern/fault"
	"postern/wire/imapwire"
)

// reply is a handler's answer: the tagged line, and what follows it.
type reply struct {
	cond imapwire.Condition
	code imapwire.Code
	text string

	quiet    bool                        // no news of the mailbox before the tagged line
	keep     bool                        // no EXPUNGE before the tagged line
	later    bool                        // the command goes on: IDLE
	end      string                      // the session ends, for this reason
	bye      string                      // the text of the BYE
	byeFirst bool                        // BYE comes before the tagged line: LOGOUT
	dead     error                       // the connection failed while the command ran
	after    func(context.Context) error // runs once the line was sent: STARTTLS
}

const byeCondition = imapwire.BYE

const codeUnavailable = imapwire.Unavailable

// ok is the answer to what was done.
func ok(text string) reply { return reply{cond: imapwire.OK, text: text} }

// okCode is ok with a response code.
func okCode(code imapwire.Code, text string) reply {
	return reply{cond: imapwire.OK, code: code, text: text}
}

// no is the answer to what was understood and not done.
func no(code imapwire.Code, text string) reply {
	return reply{cond: imapwire.NO, code: code, text: text}
}

// bad is the answer to what the client should not have sent.
func bad(text string) reply { return reply{cond: imapwire.BAD, text: text} }

// wrongState is the answer to a command that is right in another state only.
func wrongState(allowed, now state) reply {
	switch {
	case now == notSignedIn:
		return bad("Please sign in first.")
	case allowed&selected != 0:
		return bad("Please select a mailbox first.")
	}
	return bad("You are signed in already.")
}

// words are what one fault kind says to a client.
type words struct {
	cond imapwire.Condition
	code imapwire.Code
	text string
	tell bool // the error's own text says it better
}

// wordsOf is the one table from fault kinds to IMAP's words (RFC 9051 §7.1,
// RFC 5530).
func wordsOf(k fault.Kind) words {
	switch k {
	case fault.Invalid:
		return words{imapwire.NO, imapwire.Cannot, "That cannot be.", true}
	case fault.NotFound:
		return words{imapwire.NO, imapwire.NonExistent, "There is no such mailbox.", false}
	case fault.Exists:
		return words{imapwire.NO, imapwire.AlreadyExists, "It exists already.", true}
	case fault.Conflict:
		return words{imapwire.NO, imapwire.InUse, "Somebody else changed it at the same time; please try again.", false}
	case fault.Denied:
		return words{imapwire.NO, imapwire.NoPerm, "You may not do that.", true}
	case fault.OverQuota:
		return words{imapwire.NO, imapwire.OverQuota, "Your mail would exceed its quota.", false}
	case fault.TooLarge:
		return words{imapwire.NO, imapwire.Limit, "That exceeds a limit.", true}
	case fault.Limit:
		return words{imapwire.NO, imapwire.Limit, "Too much at a time; please try again later.", false}
	case fault.Unavailable:
		return words{imapwire.NO, imapwire.Unavailable, "The server cannot do that at the moment; please try again later.", false}
	case fault.Full:
		return words{imapwire.NO, imapwire.Unavailable, "The server's disk is full; reading and deleting still work.", false}
	case fault.ReadOnly:
		return words{imapwire.NO, imapwire.Unavailable, "The server takes no changes at the moment; reading still works.", false}
	case fault.Damaged:
		return words{imapwire.NO, imapwire.Corruption, "The stored bytes are damaged; please tell your administrator.", false}
	case fault.Closed:
		return words{imapwire.NO, imapwire.Unavailable, "Your mailbox has been closed.", false}
	case fault.Canceled:
		return words{imapwire.NO, imapwire.Unavailable, "The session is ending.", false}
	case fault.InUse:
		return words{imapwire.NO, imapwire.InUse, "Somebody else is using it; please try again.", false}
	case fault.Unsupported:
		return words{imapwire.NO, imapwire.Cannot, "Postern does not do that.", true}
	case fault.Expunged:
		return words{imapwire.NO, imapwire.ExpungeIssued, "Some of the messages no longer exist.", false}
	case fault.Internal:
	}
	return words{imapwire.NO, imapwire.ServerBug, "", false}
}

// refuse turns a handler's error into its answer, and logs what an
// administrator should see.
func (s *session) refuse(err error) reply {
	k := fault.KindOf(err)
	w := wordsOf(k)
	switch k {
	case fault.Internal:
		id := s.faultID()
		s.log.Error("internal error", "fault", id, "verb", s.verb, "error", err)
		w.text = "Internal error " + id + "; please tell your administrator this number."
	case fault.Damaged:
		s.log.Error("damaged bytes", "verb", s.verb, "error", err)
	case fault.Unavailable, fault.Full, fault.ReadOnly:
		s.log.Warn("refused for now", "verb", s.verb, "error", err)
	case fault.Invalid, fault.NotFound, fault.Exists, fault.Conflict, fault.Denied, fault.OverQuota, fault.TooLarge,
		fault.Limit, fault.Closed, fault.Canceled, fault.InUse, fault.Unsupported, fault.Expunged:
		s.log.Debug("refused", "verb", s.verb, "error", err)
	}
	if w.tell {
		if t := plainText(err); t != "" {
			w.text = t
		}
	}
	r := reply{cond: w.cond, code: w.code, text: w.text}
	if k == fault.Closed && s.ending.Load() == nil && s.box != nil {
		r.end, r.bye = endRevoked, "Your mailbox has been closed."
	}
	return r
}

// plainText is what the innermost fault says without its operation.
func plainText(err error) string {
	text := ""
	for {
		var f *fault.Error
		if !errors.As(err, &f) || f.Err == nil {
			return text
		}
		text, err = f.Err.Error(), f.Err
	}
}

// syntax answers a command that could not be read.
func (s *session) syntax(e *imapwire.SyntaxError) {
	cond, code := imapwire.BAD, imapwire.Code(nil)
	switch e.Reason {
	case imapwire.LineTooLong:
		code = imapwire.TooBig
	case imapwire.LiteralTooBig:
		cond, code = imapwire.NO, imapwire.TooBig
	case imapwire.BadMailbox:
		cond, code = imapwire.NO, imapwire.Cannot
	case imapwire.BadCharset:
		cond, code = imapwire.NO, imapwire.CodeBadCharset()
	case imapwire.BadSyntax, imapwire.UnknownCommand, imapwire.NeedSignIn, imapwire.Foreign:
	}
	s.out.status(e.Tag, cond, code, e.Text)
}
