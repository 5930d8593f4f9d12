package imapwire

import (
	"math"
	"strconv"

	"postern/wire/mime"
)

// What this file renders is stored with the message and sent in every kind of
// session, so it uses what all of them read: quoted strings of ASCII, and
// literals for the rest.

// AppendEnvelope appends ENVELOPE's value (RFC 9051 §7.5.2).
func AppendEnvelope(dst []byte, e *mime.Envelope) []byte {
	dst = append(dst, '(')
	dst = appendField(dst, e.Date, e.Has, mime.FieldDate)
	dst = append(dst, ' ')
	dst = appendField(dst, e.Subject, e.Has, mime.FieldSubject)
	for _, list := range [6][]mime.Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		dst = append(dst, ' ')
		dst = appendAddresses(dst, list)
	}
	dst = append(dst, ' ')
	dst = appendField(dst, e.InReplyTo, e.Has, mime.FieldInReplyTo)
	dst = append(dst, ' ')
	dst = appendField(dst, e.MessageID, e.Has, mime.FieldMessageID)
	return append(dst, ')')
}

// appendField appends a header field that may be absent.
func appendField(dst []byte, s string, has, bit mime.Fields) []byte {
	return Encoder{}.AppendNString(dst, s, has&bit != 0 || s != "")
}

func appendAddresses(dst []byte, list []mime.Address) []byte {
	if len(list) == 0 {
		return append(dst, "NIL"...)
	}
	dst = append(dst, '(')
	for i := range list {
		a := &list[i]
		switch a.Kind {
		case mime.GroupStart:
			dst = append(dst, "(NIL NIL "...)
			dst = Encoder{}.AppendString(dst, a.Mailbox)
			dst = append(dst, " NIL)"...)
		case mime.GroupEnd:
			dst = append(dst, "(NIL NIL NIL NIL)"...)
		case mime.Mailbox:
			dst = append(dst, '(')
			dst = appendOptional(dst, a.Name)
			dst = append(dst, ' ')
			dst = appendOptional(dst, a.Route)
			dst = append(dst, ' ')
			dst = Encoder{}.AppendString(dst, a.Mailbox)
			dst = append(dst, ' ')
			dst = Encoder{}.AppendString(dst, a.Host)
			dst = append(dst, ')')
		}
	}
	return append(dst, ')')
}

// appendOptional appends s, or NIL for "".
func appendOptional(dst []byte, s string) []byte { return Encoder{}.AppendNString(dst, s, s != "") }

// AppendBodyStructure appends BODYSTRUCTURE's value or, not extended, BODY's
// (RFC 9051 §7.5.2). Any tree gives a valid value: a multipart without children
// gets an empty text part, a message without its embedded message is sent as
// application/octet-stream, a part without a type too.
func AppendBodyStructure(dst []byte, p *mime.Part, extended bool) []byte {
	switch {
	case p == nil:
		return AppendBodyStructure(dst, &mime.Part{Type: "text", Subtype: "plain"}, extended)
	case p.Type == "multipart":
		return appendMultipart(dst, p, extended)
	}
	dst = append(dst, '(')
	typ, subtype := mediaType(p)
	dst = Encoder{}.AppendString(dst, typ)
	dst = append(dst, ' ')
	dst = Encoder{}.AppendString(dst, subtype)
	dst = append(dst, ' ')
	dst = appendParams(dst, p.Params)
	dst = append(dst, ' ')
	dst = appendOptional(dst, p.ID)
	dst = append(dst, ' ')
	dst = appendOptional(dst, p.Description)
	dst = append(dst, ' ')
	dst = Encoder{}.AppendString(dst, encoding(p.Encoding))
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, clamp(p.Size(), math.MaxUint32), 10)
	if isMessage(typ, subtype) {
		dst = append(dst, ' ')
		dst = AppendEnvelope(dst, &p.Embedded.Envelope)
		dst = append(dst, ' ')
		dst = AppendBodyStructure(dst, p.Embedded.Root, extended)
	}
	if typ == "text" || isMessage(typ, subtype) {
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, clamp(p.Lines, math.MaxUint32), 10)
	}
	if extended {
		dst = append(dst, ' ')
		dst = appendOptional(dst, p.MD5)
		dst = appendExtension(dst, p)
	}
	return append(dst, ')')
}

func appendMultipart(dst []byte, p *mime.Part, extended bool) []byte {
	dst = append(dst, '(')
	if len(p.Children) == 0 {
		dst = AppendBodyStructure(dst, nil, extended)
	}
	for _, c := range p.Children {
		dst = AppendBodyStructure(dst, c, extended)
	}
	dst = append(dst, ' ')
	subtype := p.Subtype
	if subtype == "" {
		subtype = "mixed"
	}
	dst = Encoder{}.AppendString(dst, subtype)
	if extended {
		dst = append(dst, ' ')
		dst = appendParams(dst, p.Params)
		dst = appendExtension(dst, p)
	}
	return append(dst, ')')
}

// appendExtension appends disposition, language and location.
func appendExtension(dst []byte, p *mime.Part) []byte {
	dst = append(dst, ' ')
	if p.Disposition == "" {
		dst = append(dst, "NIL"...)
	} else {
		dst = append(dst, '(')
		dst = Encoder{}.AppendString(dst, p.Disposition)
		dst = append(dst, ' ')
		dst = appendParams(dst, p.DispositionParams)
		dst = append(dst, ')')
	}
	dst = append(dst, ' ')
	switch len(p.Language) {
	case 0:
		dst = append(dst, "NIL"...)
	case 1:
		dst = Encoder{}.AppendString(dst, p.Language[0])
	default:
		sep := byte('(')
		for _, l := range p.Language {
			dst = Encoder{}.AppendString(append(dst, sep), l)
			sep = ' '
		}
		dst = append(dst, ')')
	}
	dst = append(dst, ' ')
	return appendOptional(dst, p.Location)
}

func appendParams(dst []byte, ps mime.Params) []byte {
	if len(ps) == 0 {
		return append(dst, "NIL"...)
	}
	sep := byte('(')
	for _, p := range ps {
		dst = Encoder{}.AppendString(append(dst, sep), p.Name)
		dst = append(dst, ' ')
		dst = Encoder{}.AppendString(dst, p.Value)
		sep = ' '
	}
	return append(dst, ')')
}

// mediaType is the type to send: one whose fields p can give.
func mediaType(p *mime.Part) (typ, subtype string) {
	if p.Type == "" || p.Subtype == "" || isMessage(p.Type, p.Subtype) && p.Embedded == nil {
		return "application", "octet-stream"
	}
	return p.Type, p.Subtype
}

func isMessage(typ, subtype string) bool {
	return typ == "message" && (subtype == "rfc822" || subtype == "global")
}

// encoding is the encoding to send, which may not be NIL.
func encoding(e string) string {
	switch e {
	case "", "7bit":
		return "7BIT"
	case "8bit":
		return "8BIT"
	case "binary":
		return "BINARY"
	case "base64":
		return "BASE64"
	case "quoted-printable":
		return "QUOTED-PRINTABLE"
	}
	return e
}

func clamp(n, limit int64) int64 { return min(max(n, 0), limit) }
