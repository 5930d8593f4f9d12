package mime

// Message is what a Scanner found. It shares no memory with the bytes that
// were written to the Scanner.
type Message struct {
	Root       *Part    // the message itself as a part; never nil
	Envelope   Envelope // of the message's own header
	References []string // ancestors' message ids, oldest first, without angle brackets; see References
	Preview    string   // RFC 8970: at most 256 characters of UTF-8, one line; may be empty
	Size       int64    // bytes in all; equals Root.BodyEnd
	Lines      int64    // line feeds in all
	Traits     Traits
}

// Traits are facts about a message's bytes.
type Traits uint8

// The traits.
const (
	HasNUL        Traits = 1 << iota // a NUL byte: IMAP may send it in a literal8 only
	Has8Bit                          // a byte above 127 anywhere
	Has8BitHeader                    // a byte above 127 in a header of the message, of a part or of an embedded message
	HasBareLF                        // an LF without CR before it
	HasBareCR                        // a CR without LF after it
	Folded                           // a limit was met: parts, addresses or parameters are missing from the values
)

// Part is one node of the tree. Every string is as the header has it after
// unfolding and unquoting, not decoded any further, and holds no CR, LF or
// NUL; it may hold 8-bit bytes in any charset or none.
type Part struct {
	// The header is [HeaderStart, BodyStart), the blank line included; the
	// body is [BodyStart, BodyEnd), without the line end before the next
	// boundary (RFC 2046 §5.1.1). A child lies within its parent's body.
	HeaderStart int64
	BodyStart   int64
	BodyEnd     int64

	// Lines is the number of line feeds in the body.
	Lines int64

	// Type and Subtype are in lower case and never empty. They are what the
	// part is *treated* as: RFC 2045 §5.2's default where the header says
	// nothing or nonsense (then Params has charset=us-ascii), and
	// application/octet-stream for a folded leaf, whatever its header says.
	Type, Subtype string
	Params        Params // of Content-Type, in order

	ID          string // Content-ID with its angle brackets, "" for none
	Description string // Content-Description, "" for none
	Encoding    string // Content-Transfer-Encoding in lower case, "7bit" where there is none; may be an unknown word
	MD5         string // Content-MD5, "" for none

	Disposition       string // in lower case, "" for none
	DispositionParams Params
	Language          []string // tags of Content-Language in order
	Location          string   // Content-Location without white space, "" for none

	// Children of a multipart: at least one, always (a multipart without
	// any boundary line has one text/plain child that is its whole body).
	// None for any other type.
	Children []*Part

	// Embedded is set for message/rfc822 and message/global, and for these
	// only, always.
	Embedded *Embedded
}

// Embedded is the message inside a message/rfc822 or message/global part. If
// that part has (against RFC 2046 §5.2.1) a base64 or quoted-printable
// encoding, the Envelope is zero and Root is a text/plain leaf without a
// header that covers the encoded bytes.
type Embedded struct {
	Envelope Envelope // zero in a tree made by DecodeTree
	Root     *Part
}

// Size is the number of bytes of the body, as stored.
func (p *Part) Size() int64 { return p.BodyEnd - p.BodyStart }

// IsMultipart tells whether the part has children.
func (p *Part) IsMultipart() bool { return p.Type == "multipart" }

// IsMessage tells whether the part holds an embedded message.
func (p *Part) IsMessage() bool { return p.Embedded != nil }

// Param is one parameter of a structured field as it was written: a name such
// as "filename*0*" stays that, and its value stays percent-encoded.
type Param struct{ Name, Value string }

// Params are parameters in their order. IMAP sends them as they are; Get
// decodes.
type Params []Param

// Fields says which fields a header has.
type Fields uint16

// The fields of an envelope.
const (
	FieldDate Fields = 1 << iota
	FieldSubject
	FieldFrom
	FieldSender
	FieldReplyTo
	FieldTo
	FieldCc
	FieldBcc
	FieldInReplyTo
	FieldMessageID
)

// Envelope is what RFC 9051 §7.5.2 calls so. Strings are unfolded and not
// decoded, see Part; DecodeHeader decodes. Date, Subject, InReplyTo and
// MessageID are NIL to IMAP where Has lacks their bit and "" where it has it
// but they are empty.
type Envelope struct {
	Has       Fields
	Date      string
	Subject   string
	From      []Address
	Sender    []Address // From, if the field is absent or empty, as RFC 9051 wants; then Has lacks FieldSender
	ReplyTo   []Address // From, if the field is absent or empty; then Has lacks FieldReplyTo
	To        []Address
	Cc        []Address
	Bcc       []Address
	InReplyTo string
	MessageID string
}

// Address is one address, or the start or end of a group. For a group's start
// Mailbox is the group's name and the rest is empty (IMAP: host NIL); for its
// end all are empty (IMAP: all NIL). An address without an @ has an empty Host;
// IMAP must send that as "" and not as NIL.
type Address struct {
	Kind    AddressKind
	Name    string // display name, or else the last comment; unquoted, not decoded
	Route   string // obsolete source route such as "@a,@b"
	Mailbox string // local part, unquoted
	Host    string
}

// AddressKind tells a mailbox from the marks of a group.
type AddressKind uint8

// The kinds of Address.
const (
	Mailbox AddressKind = iota
	GroupStart
	GroupEnd
)

// Limits bound what a Scanner keeps. A limit that is met never fails the
// message: what is over it is left out of the values or folded into one leaf,
// and the message gets the trait Folded. A zero field means its default.
type Limits struct {
	Depth        int // nesting of multiparts and embedded messages; default 100, at most MaxDepth
	Parts        int // parts in all, one folded leaf per open multipart comes on top; default 10,000
	HeaderFields int // fields of interest per header; default 1,000
	HeaderBytes  int // bytes of the values of interest per header; default 1 MiB
	FieldBytes   int // bytes of one value that is not an address list; default 64 KiB
	TotalBytes   int // bytes of the values of interest in the whole message; default 4 MiB
	Params       int // parameters per field; default 200
	Addresses    int // addresses in the whole message; default 20,000
	References   int // message ids kept for threading, the first and the last ones; default 200
	PreviewBytes int // encoded bytes of the first text part kept for the preview; default 8 KiB
}

// MaxDepth bounds Limits.Depth and the depth DecodeTree accepts.
const MaxDepth = 1000

// Specifier is the last word of an IMAP section (RFC 9051 §6.4.5.1).
// HEADER.FIELDS and HEADER.FIELDS.NOT are SpecHeader and then FilterHeader.
type Specifier uint8

// The specifiers.
const (
	SpecNone   Specifier = iota // BODY[] or BODY[1.2]
	SpecHeader                  // BODY[HEADER], BODY[3.HEADER]
	SpecText                    // BODY[TEXT], BODY[3.TEXT]
	SpecMIME                    // BODY[1.MIME]
)
