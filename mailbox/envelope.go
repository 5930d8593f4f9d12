package mailbox

import (
	"bytes"
	"time"

	"postern/wire/mime"
)

// envelope is a pre-rendered ENVELOPE taken apart (RFC 9051 §7.5.2).
type envelope struct{ fields [10][]byte }

// The positions of an ENVELOPE's fields.
const (
	envDate = iota
	envSubject
	envFrom
	envSender
	envReplyTo
	envTo
	envCc
	envBcc
)

func parseEnvelope(b []byte) *envelope {
	var e envelope
	inner, ok := within(b)
	for i := 0; ok && i < len(e.fields); i++ {
		e.fields[i], inner, ok = item(inner)
	}
	return &e
}

// date is the Date field.
func (e *envelope) date() (time.Time, bool) {
	s, ok := text(e.fields[envDate])
	if !ok {
		return time.Time{}, false
	}
	return mime.ParseDate(s)
}

// addressText is what a search sees of a field of addresses: each as it is
// written, `Name <mailbox@host>`, on its own line, folded.
func (e *envelope) addressText(dst []byte, field int) []byte {
	list, ok := within(e.fields[field])
	for ok {
		var addr []byte
		if addr, list, ok = item(list); !ok {
			break
		}
		inner, _ := within(addr)
		var part [4]string
		for i := range part {
			var value []byte
			var more bool
			if value, inner, more = item(inner); !more {
				break
			}
			part[i], _ = text(value)
		}
		if part[0] != "" {
			dst = append(appendFold(dst, []byte(mime.DecodeHeader(part[0]))), ' ')
		}
		if part[2] != "" || part[3] != "" {
			dst = append(dst, '<')
			dst = appendFold(dst, []byte(part[2]))
			if part[3] != "" {
				dst = append(dst, '@')
				dst = appendFold(dst, []byte(part[3]))
			}
			dst = append(dst, '>')
		}
		dst = append(dst, '\n')
	}
	return dst
}

// inSummary decides what the summary tells.
func (n *node) inSummary(c *candidate) bool {
	switch n.q.Op {
	case QueryEmailID:
		return c.msg.Email == n.q.Email
	case QueryThreadID:
		return c.msg.Thread == n.q.Thread
	default:
	}
	if c.msg.Envelope == nil {
		return false
	}
	if c.env == nil {
		c.env = parseEnvelope(c.msg.Envelope)
	}
	switch n.q.Op {
	case QueryFrom:
		return n.inAddresses(c, envFrom)
	case QueryTo:
		return n.inAddresses(c, envTo)
	case QueryCc:
		return n.inAddresses(c, envCc)
	case QueryBcc:
		return n.inAddresses(c, envBcc)
	case QuerySubject:
		s, ok := text(c.env.fields[envSubject])
		return ok && n.inText(mime.DecodeHeader(s))
	default: // the Date field
		t, ok := c.env.date()
		return ok && n.compareDay(dayOf(t), QuerySentBefore) == yes
	}
}

func (n *node) inText(s string) bool {
	var room [512]byte
	return bytes.Contains(appendFold(room[:0], []byte(s)), n.needle)
}

func (n *node) inAddresses(c *candidate, field int) bool {
	var room [512]byte
	if _, there := within(c.env.fields[field]); !there {
		return false
	}
	return bytes.Contains(c.env.addressText(room[:0], field), n.needle)
}
