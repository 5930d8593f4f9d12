package imapwire

import "postern/mail"

// FetchItems are the data items of FETCH that have no arguments.
type FetchItems uint16

// The data items.
const (
	FetchUID FetchItems = 1 << iota
	FetchFlags
	FetchInternalDate
	FetchSize // RFC822.SIZE
	FetchEnvelope
	FetchBody // BODYSTRUCTURE without extension data
	FetchBodyStructure
	FetchModSeq      // RFC 7162 §3.1.4
	FetchEmailID     // RFC 8474 §5.1
	FetchThreadID    // RFC 8474 §5.2
	FetchSaveDate    // RFC 8514 §4.2
	FetchPreview     // RFC 8970 §3.1
	FetchPreviewLazy // PREVIEW (LAZY): only if it costs nothing
)

// Fetch is FETCH or UID FETCH (RFC 9051 §6.4.5). Macros are expanded, an item
// named twice is there once, and UID FETCH always has FetchUID.
type Fetch struct {
	UID      bool
	Set      SeqSet
	Items    FetchItems
	Sections []FetchSection
	// ChangedSince and Vanished are the modifiers of RFC 7162 §3.1.4.1 and
	// §3.2.6; with Changed, FetchModSeq is in Items.
	ChangedSince mail.ModSeq
	Changed      bool
	Vanished     bool
}

// SectionKind is the family of a section.
type SectionKind uint8

// The families.
const (
	SectionBody         SectionKind = iota // BODY[…]
	SectionBinary                          // BINARY[…] (RFC 3516)
	SectionBinarySize                      // BINARY.SIZE[…]
	SectionRFC822                          // RFC822, answered under that name
	SectionRFC822Header                    // RFC822.HEADER, a peek
	SectionRFC822Text                      // RFC822.TEXT
)

// SectionText is the part specifier at the end of a section.
type SectionText uint8

// The part specifiers.
const (
	TextAll             SectionText = iota // the whole part
	TextHeader                             // HEADER
	TextHeaderFields                       // HEADER.FIELDS (…)
	TextHeaderFieldsNot                    // HEADER.FIELDS.NOT (…)
	TextBody                               // TEXT
	TextMIME                               // MIME
)

// FetchSection is BODY[…], BINARY[…] and their kin. For the RFC822 kinds Text
// is set to what they mean, so a server can treat them as BODY and only
// AppendSectionName answers with the old name.
type FetchSection struct {
	Kind    SectionKind
	Peek    bool  // does not set \Seen
	Part    []int // part numbers, from 1; empty for the message itself
	Text    SectionText
	Fields  []string // of the HEADER.FIELDS forms, as the client wrote them
	Partial bool     // <Offset.Length>
	Offset  uint64   // at most 2^63-1
	Length  uint64   // never 0
}
