package sasl

import (
	"bytes"
	"unicode/utf8"

	"postern/fault"
	"postern/mail"
)

// The longest parts of a PLAIN message. RFC 4616 §2 asks for 255 bytes each at
// least; tokens are sent as passwords too.
const (
	MaxName     = 1024
	MaxPassword = 4096
)

// Plain is a PLAIN message.
type Plain struct {
	AuthorizationID string // who to act as; "" for the same
	Name            string // whose password it is
	Password        mail.Secret
}

// ParsePlain reads a PLAIN message: three parts with NUL between them, the
// second and third not empty. The names must be UTF-8; a password may be any
// bytes, so that an old mailer that sends Latin-1 meets 'wrong password' and no
// protocol error. It copies what it keeps. The error is fault.Invalid or, over
// the limits, fault.TooLarge, and has no part of the message in it.
func ParsePlain(msg []byte) (Plain, error) {
	const op = "sasl.ParsePlain"
	authz, rest, ok1 := bytes.Cut(msg, []byte{0})
	name, password, ok2 := bytes.Cut(rest, []byte{0})
	switch {
	case !ok1 || !ok2 || bytes.IndexByte(password, 0) >= 0:
		return Plain{}, fault.New(fault.Invalid, op, "expected two NUL bytes")
	case len(name) == 0:
		return Plain{}, fault.New(fault.Invalid, op, "expected a name")
	case len(password) == 0:
		return Plain{}, fault.New(fault.Invalid, op, "expected a password")
	case len(authz) > MaxName || len(name) > MaxName || len(password) > MaxPassword:
		return Plain{}, fault.New(fault.TooLarge, op, "a name is over %d or the password over %d bytes", MaxName, MaxPassword)
	case !utf8.Valid(authz) || !utf8.Valid(name):
		return Plain{}, fault.New(fault.Invalid, op, "expected the names in UTF-8")
	}
	return Plain{
		AuthorizationID: string(authz),
		Name:            string(name),
		Password:        mail.NewSecret(bytes.Clone(password)),
	}, nil
}
