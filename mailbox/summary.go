package mailbox

import (
	"encoding/binary"

	"postern/blob"
	"postern/fault"
	"postern/wire/imapwire"
	"postern/wire/mime"
)

// summaryVersion is the first byte of a summary; see docs/formats/summary.md.
const summaryVersion = 1

// The fields of a summary. Readers skip those that they do not know; numbers
// from 32 on are for search signatures.
const (
	fieldEnvelope      = 1
	fieldBodyStructure = 2
	fieldTree          = 3
	fieldPreview       = 4
	fieldMessageID     = 5
	fieldReference     = 6 // once for each
	fieldSize          = 7 // uvarint
	fieldTraits        = 8 // uvarint
	fieldBlob          = 9 // reference of the blob, if there is one
)

// summary is a decoded summary. Its slices lie in the encoded one.
type summary struct {
	envelope, structure, tree, preview, messageID, blob []byte
	references                                          []byte // what follows the first reference's tag; see refs
	size                                                int64
	traits                                              mime.Traits
}

// appendSummary encodes what is kept of a message, and where its bytes are.
func appendSummary(dst []byte, m *mime.Message, ref blob.Ref) []byte {
	dst = append(dst, summaryVersion)
	var room [1024]byte
	scratch := imapwire.AppendEnvelope(room[:0], &m.Envelope)
	dst = appendField(dst, fieldEnvelope, scratch)
	scratch = imapwire.AppendBodyStructure(scratch[:0], m.Root, true)
	dst = appendField(dst, fieldBodyStructure, scratch)
	scratch = mime.AppendTree(scratch[:0], m.Root)
	dst = appendField(dst, fieldTree, scratch)
	if m.Preview != "" {
		dst = appendField(dst, fieldPreview, []byte(m.Preview))
	}
	if id := messageID(m); id != "" {
		dst = appendField(dst, fieldMessageID, []byte(id))
	}
	for _, ref := range m.References {
		dst = appendField(dst, fieldReference, []byte(ref))
	}
	dst = appendField(dst, fieldSize, binary.AppendUvarint(scratch[:0], uint64(m.Size)))
	dst = appendField(dst, fieldTraits, binary.AppendUvarint(scratch[:0], uint64(m.Traits)))
	if ref != "" {
		dst = appendField(dst, fieldBlob, []byte(ref))
	}
	return dst
}

func appendField(dst []byte, tag byte, value []byte) []byte {
	dst = append(dst, tag)
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(dst, value...)
}

func messageID(m *mime.Message) string {
	if ids := mime.MessageIDs(m.Envelope.MessageID); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// nextField reads one field; ok is false if b is not one.
func nextField(b []byte) (tag byte, value, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	n, k := binary.Uvarint(b[1:])
	if k <= 0 || n > uint64(len(b)-1-k) {
		return 0, nil, nil, false
	}
	end := 1 + k + int(n)
	return b[0], b[1+k : end : end], b[end:], true
}

// parseSummary decodes b into s without copying; Damaged if it is none. The
// version must be ours: another one is made anew from the message.
func parseSummary(b []byte, s *summary) error {
	*s = summary{}
	if len(b) == 0 || b[0] != summaryVersion {
		return fault.New(fault.Damaged, "mailbox.summary", "the summary is not of version %d", summaryVersion)
	}
	for rest := b[1:]; len(rest) > 0; {
		at := rest
		tag, value, next, ok := nextField(rest)
		if !ok {
			return fault.New(fault.Damaged, "mailbox.summary", "the summary is cut off")
		}
		rest = next
		switch tag {
		case fieldEnvelope:
			s.envelope = value
		case fieldBodyStructure:
			s.structure = value
		case fieldTree:
			s.tree = value
		case fieldPreview:
			s.preview = value
		case fieldMessageID:
			s.messageID = value
		case fieldBlob:
			s.blob = value
		case fieldReference:
			if s.references == nil {
				s.references = at
			}
		case fieldSize:
			n, _ := binary.Uvarint(value)
			s.size = int64(n)
		case fieldTraits:
			n, _ := binary.Uvarint(value)
			s.traits = mime.Traits(n)
		}
	}
	if s.envelope == nil || s.structure == nil || s.tree == nil {
		return fault.New(fault.Damaged, "mailbox.summary", "the summary lacks a field")
	}
	return nil
}

// refs lists the ancestors' message ids.
func (s *summary) refs() []string {
	var out []string
	for rest := s.references; len(rest) > 0; {
		tag, value, next, ok := nextField(rest)
		if !ok || tag != fieldReference {
			break
		}
		out = append(out, string(value))
		rest = next
	}
	return out
}
