package mime

import (
	"fmt"
	"strings"
)

// dump writes down all that a message's values hold.
func dump(m *Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "size %d lines %d traits %s\n", m.Size, m.Lines, traitNames(m.Traits))
	if m.Preview != "" {
		fmt.Fprintf(&b, "preview %q\n", m.Preview)
	}
	if len(m.References) > 0 {
		fmt.Fprintf(&b, "references %q\n", m.References)
	}
	dumpEnvelope(&b, &m.Envelope, "")
	dumpPart(&b, m.Root, "", "root")
	return b.String()
}

func traitNames(t Traits) string {
	var out []string
	for i, n := range []string{"nul", "8bit", "8bit-header", "bare-lf", "bare-cr", "folded"} {
		if t&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return strings.Join(out, ",")
}

func dumpEnvelope(b *strings.Builder, e *Envelope, indent string) {
	for _, f := range []struct {
		bit  Fields
		name string
		text string
	}{
		{FieldDate, "date", e.Date},
		{FieldSubject, "subject", e.Subject},
		{FieldInReplyTo, "in-reply-to", e.InReplyTo},
		{FieldMessageID, "message-id", e.MessageID},
	} {
		if e.Has&f.bit != 0 {
			fmt.Fprintf(b, "%s%s %q\n", indent, f.name, f.text)
		}
	}
	for _, f := range []struct {
		bit  Fields
		name string
		list []Address
	}{
		{FieldFrom, "from", e.From},
		{FieldSender, "sender", e.Sender},
		{FieldReplyTo, "reply-to", e.ReplyTo},
		{FieldTo, "to", e.To},
		{FieldCc, "cc", e.Cc},
		{FieldBcc, "bcc", e.Bcc},
	} {
		if e.Has&f.bit != 0 {
			fmt.Fprintf(b, "%s%s %s\n", indent, f.name, addresses(f.list))
		}
	}
}

// addresses writes a list as name|route|mailbox|host, groups as name:( … ).
func addresses(list []Address) string {
	var out []string
	for _, a := range list {
		switch a.Kind {
		case GroupStart:
			out = append(out, a.Mailbox+":(")
		case GroupEnd:
			out = append(out, ")")
		case Mailbox:
			out = append(out, a.Name+"|"+a.Route+"|"+a.Mailbox+"|"+a.Host)
		}
	}
	return strings.Join(out, " ; ")
}

func dumpPart(b *strings.Builder, p *Part, indent, name string) {
	fmt.Fprintf(b, "%s%s %s/%s %d-%d-%d lines %d %s%s\n", indent, name, p.Type, p.Subtype,
		p.HeaderStart, p.BodyStart, p.BodyEnd, p.Lines, p.Encoding, dumpParams(p.Params))
	for _, f := range [][2]string{{"id", p.ID}, {"description", p.Description}, {"md5", p.MD5}, {"location", p.Location}} {
		if f[1] != "" {
			fmt.Fprintf(b, "%s  %s %q\n", indent, f[0], f[1])
		}
	}
	if p.Disposition != "" {
		fmt.Fprintf(b, "%s  disposition %s%s\n", indent, p.Disposition, dumpParams(p.DispositionParams))
	}
	if f := p.Filename(); f != "" {
		fmt.Fprintf(b, "%s  filename %q\n", indent, f)
	}
	if len(p.Language) > 0 {
		fmt.Fprintf(b, "%s  language %q\n", indent, p.Language)
	}
	for i, c := range p.Children {
		dumpPart(b, c, indent+"  ", fmt.Sprint(i+1))
	}
	if p.Embedded != nil {
		dumpEnvelope(b, &p.Embedded.Envelope, indent+"  ")
		dumpPart(b, p.Embedded.Root, indent+"  ", "message")
	}
}

func dumpParams(params Params) string {
	var b strings.Builder
	for _, q := range params {
		fmt.Fprintf(&b, " %s=%q", q.Name, q.Value)
	}
	return b.String()
}

// dumpTree writes down what the compact tree keeps: all but envelopes.
func dumpTree(p *Part) string {
	var b strings.Builder
	p.Walk(func(p *Part) bool {
		q := *p
		q.Children, q.Embedded = nil, nil
		dumpPart(&b, &q, "", fmt.Sprint(len(p.Children), p.Embedded != nil))
		fmt.Fprintf(&b, "%q%s\n", p.Disposition, dumpParams(p.DispositionParams))
		return true
	})
	return b.String()
}

// crlf gives s with each LF as CR LF.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
