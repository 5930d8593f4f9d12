package imapwire

import (
	"math"
	"strconv"
	"strings"

	"postern/mail"
)

func (d *Decoder) readAuthenticate() Command {
	d.space("AUTHENTICATE")
	c := &Authenticate{Mechanism: strings.ToUpper(d.atom("a SASL mechanism"))}
	if !d.more() {
		return c
	}
	c.HasInitial = true
	if d.nextIs("=") && d.pos+1 == len(d.line) { // RFC 4959 §3: an empty response
		d.pos++
		return c
	}
	word := d.run(func(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '=' })
	if len(word) == 0 {
		d.expected("base64 or = as the initial response")
		return c
	}
	raw, ok := decodeBase64(word)
	if !ok {
		d.fail(BadSyntax, "expected base64 or = as the initial response")
	}
	c.Initial = mail.NewSecret(raw)
	return c
}

func (d *Decoder) readLogin() Command {
	d.space("LOGIN")
	c := &Login{Name: string(d.astring("a user name"))}
	d.space("the user name")
	c.Password = d.secret("a password")
	return c
}

func (d *Decoder) readID() Command {
	d.space("ID")
	c := &ID{}
	if d.nextIs("NIL") {
		d.pos += len("NIL")
		return c
	}
	c.Params = []IDParam{}
	d.list("an ID field", func() {
		p := IDParam{Key: string(d.string("the quoted name of an ID field"))}
		d.space("the name of an ID field")
		if p.Nil = d.nextIs("NIL"); p.Nil {
			d.pos += len("NIL")
		} else {
			p.Value = string(d.string("a quoted value or NIL"))
		}
		c.Params = append(c.Params, p)
	})
	return c
}

func (d *Decoder) readEnable() Command {
	d.space("ENABLE")
	c := &Enable{}
	for d.ok() {
		if len(c.Capabilities) == d.lim.Items {
			d.fail(BadSyntax, "too many capabilities, the limit is "+strconv.Itoa(d.lim.Items))
			break
		}
		c.Capabilities = append(c.Capabilities, strings.ToUpper(d.atom("a capability")))
		if !d.eat(' ') {
			break
		}
	}
	return c
}

func (d *Decoder) readGetQuota() Command {
	d.space("GETQUOTA")
	return &GetQuota{Root: string(d.astring("a quota root"))}
}

func (d *Decoder) readSetQuota() Command {
	d.space("SETQUOTA")
	c := &SetQuota{Root: string(d.astring("a quota root"))}
	d.space("the quota root")
	d.list("a quota resource", func() {
		l := QuotaLimit{Resource: strings.ToUpper(d.atom("a quota resource"))}
		d.space("the quota resource")
		l.Limit = d.number("a limit", math.MaxInt64)
		c.Limits = append(c.Limits, l)
	})
	return c
}
