package imapwire

import (
	"fmt"

	"postern/fault"
)

// Reason says which way a command could not be read.
type Reason uint8

// The reasons, with the answer they ask for.
const (
	BadSyntax      Reason = iota // tag BAD text
	UnknownCommand               // tag BAD text
	NeedSignIn                   // tag BAD text: the command needs a sign-in first
	LineTooLong                  // tag BAD [TOOBIG] text (RFC 9051 §7.1 leaves the code free)
	LiteralTooBig                // tag NO [TOOBIG] text (RFC 7888 §4, RFC 9051 §7.1)
	BadMailbox                   // tag NO [CANNOT] text: no possible mailbox name
	BadCharset                   // tag NO [BADCHARSET (US-ASCII UTF-8)] text
	Foreign                      // no answer at all: HTTP or TLS on this port; close
)

// SyntaxError is a command that was not read. Everything that the client sent
// of it has been discarded, unless Close.
type SyntaxError struct {
	Reason Reason
	Tag    string // "" when none could be read: answer untagged ("*")
	Verb   string // "" when none could be read
	// Text is one line in plain words for the client, ASCII without CR and LF,
	// such as "expected a space after SELECT, found the end of the line".
	Text string
	// Close tells that the rest of the command could not be skipped within
	// Limits.Drain: answer, then end the connection.
	Close bool
	// Saves tells of a SEARCH that should have saved its result: it is empty
	// now if the answer is NO (RFC 5182 §2.1).
	Saves bool
}

// Status is the condition and the response code that the reason asks for.
// Foreign asks for no answer at all.
func (e *SyntaxError) Status() (Condition, Code) {
	switch e.Reason {
	case LineTooLong:
		return BAD, TooBig
	case LiteralTooBig:
		return NO, TooBig
	case BadMailbox:
		return NO, Cannot
	case BadCharset:
		return NO, CodeBadCharset()
	case BadSyntax, UnknownCommand, NeedSignIn, Foreign:
	}
	return BAD, nil
}

// Error is the text with the verb.
func (e *SyntaxError) Error() string {
	if e.Verb == "" {
		return "imapwire: " + e.Text
	}
	return fmt.Sprintf("imapwire: %s: %s", e.Verb, e.Text)
}

// Unwrap gives the fault kind: TooLarge for the two size reasons, Unsupported
// for BadCharset, else Invalid.
func (e *SyntaxError) Unwrap() error {
	switch e.Reason {
	case LineTooLong, LiteralTooBig:
		return &fault.Error{Kind: fault.TooLarge}
	case BadCharset:
		return &fault.Error{Kind: fault.Unsupported}
	case BadSyntax, UnknownCommand, NeedSignIn, BadMailbox, Foreign:
	}
	return &fault.Error{Kind: fault.Invalid}
}
