package mime

import "strings"

// MessageIDs are the message ids in a References, In-Reply-To or Message-ID
// value, in order and once each, without angle brackets, comments and the
// quotes of a quoted local part (RFC 5256 §3). What is not in angle brackets
// is passed over, as In-Reply-To may hold phrases (RFC 5322 §4.5.4); white
// space within an id, put there by a folding mailer, is taken out.
func MessageIDs(value string) []string {
	var ids []string
	var seen map[string]bool
	for {
		open := strings.IndexByte(value, '<')
		if open < 0 {
			return ids
		}
		value = value[open+1:]
		end := strings.IndexAny(value, "<>")
		if end < 0 {
			return ids
		}
		id := cleanID(value[:end])
		value = value[end:]
		if id == "" {
			continue
		}
		if seen == nil {
			seen = make(map[string]bool, 1+strings.Count(value, "<"))
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
}

func cleanID(id string) string {
	id = dropSpace(id)
	if strings.IndexByte(id, '"') >= 0 {
		id = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `"`, "").Replace(id)
	}
	return id
}

// References are the ids of a message's ancestors, oldest first, as RFC 5256
// §3 (threading by REFERENCES) wants them: those of References, or else the
// first one of In-Reply-To.
func References(references, inReplyTo string) []string {
	if ids := MessageIDs(references); len(ids) > 0 {
		return ids
	}
	if ids := MessageIDs(inReplyTo); len(ids) > 0 {
		return ids[:1]
	}
	return nil
}

// ID is the message's own id without angle brackets, "" for none. An id that
// was written without brackets counts.
func (e *Envelope) ID() string {
	if ids := MessageIDs(e.MessageID); len(ids) > 0 {
		return ids[0]
	}
	id := strings.Trim(e.MessageID, "<> \t")
	if strings.ContainsAny(id, " \t<>") {
		return ""
	}
	return id
}
