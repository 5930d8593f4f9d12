// Package fault is Postern's one error type. A room says what kind of trouble
// it met and in which operation; only a door turns a Kind into protocol words,
// in one table. It imports the standard library only.
package fault

import (
	"errors"
	"fmt"
)

// Kind is what a caller can act on. Kinds are append-only: their numbers are
// stored and sent between nodes.
type Kind uint8

// The kinds.
const (
	Internal    Kind = iota // our own broken invariant; a client is told an id that is in the log
	Invalid                 // the input cannot be right, whoever sends it again
	NotFound                // the named thing does not exist
	Exists                  // the named thing exists already
	Conflict                // somebody else changed it first; read again and retry
	Denied                  // the grant does not carry the right
	OverQuota               // the account's quota would be exceeded
	TooLarge                // over a size or count limit that no retry passes
	Limit                   // over a rate or concurrency limit; later it may pass
	Unavailable             // a dependency or we ourselves are out of order; later it may pass
	Full                    // no room on the disk; reading and deleting still work
	ReadOnly                // writes are refused, e.g. after a failed fsync; reads go on
	Damaged                 // stored bytes fail their checksum or cannot be parsed
	Closed                  // the store, session or account has been closed
	Canceled                // the context ended first
	InUse                   // somebody else holds it (a lock, a port, a data folder)
	Unsupported             // a right request for something Postern does not do
	Expunged                // the message is gone, though the caller's view still names it
	kindCount
)

var kindNames = [kindCount]string{ //nolint:gochecknoglobals // a constant table
	"internal", "invalid", "not found", "exists", "conflict", "denied", "over quota", "too large", "limit",
	"unavailable", "disk full", "read-only", "damaged", "closed", "canceled", "in use", "unsupported", "expunged",
}

// String is the kind in words.
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is an error with a Kind, the operation it happened in (such as
// "mailbox.Append") and its cause.
type Error struct {
	Kind Kind
	Op   string
	Err  error
}

// Error is "op: cause", or "op: kind" without a cause.
func (e *Error) Error() string {
	switch {
	case e.Err == nil && e.Op == "":
		return e.Kind.String()
	case e.Err == nil:
		return e.Op + ": " + e.Kind.String()
	case e.Op == "":
		return e.Err.Error()
	}
	return e.Op + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells whether target is the sentinel of the same kind, so that
// errors.Is(err, &fault.Error{Kind: k}) works; prefer fault.Is.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Err == nil && t.Op == "" && t.Kind == e.Kind
}

// New makes an error of kind k in operation op; the format says what, where
// and what would be right. %w wraps.
func New(k Kind, op, format string, args ...any) error {
	return &Error{Kind: k, Op: op, Err: fmt.Errorf(format, args...)}
}

// Wrap gives err the kind k and the operation op. Wrap(…, nil) is nil.
func Wrap(k Kind, op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: k, Op: op, Err: err}
}

// In names the operation that err happened in and keeps its kind. An error that
// begins with the same operation is returned as it is. In(op, nil) is nil.
func In(op string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok && e.Op == op { //nolint:errorlint // only what the text begins with
		return err
	}
	return &Error{Kind: KindOf(err), Op: op, Err: err}
}

// KindOf is the kind of the outermost Error in err's chain; Internal for an
// error that has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is tells whether err is of kind k. A nil error is of no kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
