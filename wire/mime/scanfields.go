package mime

import "strings"

// applyFields fills in what the header says of the top frame's part, and gives
// the envelope if the header is that of a message.
func (s *Scanner) applyFields(f *frame) *Envelope {
	text, values := s.fields.take()
	p := f.part
	p.Encoding = defaultCTE
	for _, v := range values {
		if v.id < fDate {
			s.applyContent(p, v.id, text[v.start:v.end])
		}
	}
	if p.Type == "" {
		p.Type, p.Subtype = "text", "plain"
		if f.digest {
			p.Type, p.Subtype = "message", "rfc822"
		} else {
			p.Params = defaultParams()
		}
	}
	if !f.message {
		return nil
	}
	env := &Envelope{}
	var references string
	for _, v := range values {
		switch {
		case v.id == fReferences:
			references = text[v.start:v.end]
		case v.id >= fDate:
			s.applyEnvelope(env, v.id, text[v.start:v.end])
		}
	}
	if len(env.Sender) == 0 {
		env.Sender, env.Has = env.From, env.Has&^FieldSender
	}
	if len(env.ReplyTo) == 0 {
		env.ReplyTo, env.Has = env.From, env.Has&^FieldReplyTo
	}
	if p == s.msg.Root || s.msg.Root == nil {
		s.setReferences(references, env.InReplyTo)
	}
	return env
}

func (s *Scanner) setReferences(references, inReplyTo string) {
	ids := References(references, inReplyTo)
	if limit := s.limits.References; len(ids) > limit {
		s.msg.Traits |= Folded
		kept := append([]string(nil), ids[:1]...) // the thread's root, then the nearest
		ids = append(kept, ids[len(ids)-limit+1:]...)
	}
	s.msg.References = ids
}

func (s *Scanner) applyContent(p *Part, id fieldID, v string) {
	switch id {
	case fContentType:
		s.applyType(p, v)
	case fEncoding:
		if enc := encodingWord(v); enc != "" {
			p.Encoding = enc
		}
	case fDisposition:
		p.Disposition, p.DispositionParams = s.parseStructured(v)
	case fContentID:
		p.ID = v
	case fDescription:
		p.Description = v
	case fLanguage:
		p.Language = s.parseLanguage(v)
	case fLocation:
		p.Location = dropSpace(v)
	case fMD5:
		p.MD5 = dropSpace(v)
	default: // fields of a message are applyEnvelope's
	}
}

// applyType leaves p.Type empty if v names no type (RFC 2045 §5.2).
func (s *Scanner) applyType(p *Part, v string) {
	word, params := s.parseStructured(v)
	typ, sub, ok := strings.Cut(word, "/")
	typ, sub = trimSpace(typ), trimSpace(sub)
	if !ok || !isToken(typ) || !isToken(sub) {
		if word != "text" || params == nil {
			return
		}
		typ, sub = "text", "plain" // "text; charset=…" of old mailers
	}
	p.Type, p.Subtype, p.Params = typ, sub, params
}

// parseStructured is parseParams within the message's limits.
func (s *Scanner) parseStructured(v string) (string, Params) {
	word, params, more := parseParams(v, min(s.limits.Params, s.tree.params))
	s.tree.params -= len(params)
	if more {
		s.msg.Traits |= Folded
	}
	return word, params
}

func (s *Scanner) parseLanguage(v string) []string {
	var tags []string
	for tag := range strings.SplitSeq(v, ",") {
		if tag = trimSpace(tag); tag == "" {
			continue
		}
		if s.tree.params <= 0 || len(tags) >= s.limits.Params {
			s.msg.Traits |= Folded
			break
		}
		s.tree.params--
		tags = append(tags, tag)
	}
	return tags
}

func (s *Scanner) applyEnvelope(e *Envelope, id fieldID, v string) {
	e.Has |= 1 << envelopeBit(id)
	switch id {
	case fDate:
		e.Date = v
	case fSubject:
		e.Subject = v
	case fMessageID:
		e.MessageID = v
	case fInReplyTo:
		e.InReplyTo = v
	case fFrom:
		s.addAddresses(&e.From, v)
	case fSender:
		s.addAddresses(&e.Sender, v)
	case fReplyTo:
		s.addAddresses(&e.ReplyTo, v)
	case fTo:
		s.addAddresses(&e.To, v)
	case fCc:
		s.addAddresses(&e.Cc, v)
	case fBcc:
		s.addAddresses(&e.Bcc, v)
	default: // fields of a part are applyContent's
	}
}

// envelopeBit is the place of a field among the bits of Fields.
func envelopeBit(id fieldID) int {
	switch id {
	case fDate:
		return 0
	case fSubject:
		return 1
	case fFrom:
		return 2
	case fSender:
		return 3
	case fReplyTo:
		return 4
	case fTo:
		return 5
	case fCc:
		return 6
	case fBcc:
		return 7
	case fInReplyTo:
		return 8
	default:
		return 9
	}
}

func (s *Scanner) addAddresses(to *[]Address, v string) {
	if s.tree.addrs <= 0 {
		s.msg.Traits |= Folded
		return
	}
	found, more := parseAddresses(v, s.tree.addrs)
	if more {
		s.msg.Traits |= Folded
	}
	s.tree.addrs -= len(found)
	if *to == nil {
		*to = found
		return
	}
	*to = append(*to, found...)
}
