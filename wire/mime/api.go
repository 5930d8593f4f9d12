package mime

import (
	"io"
	"time"
)

// Scanner parses a message while its bytes stream by. It is an io.Writer; one
// goroutine may use it at a time.
type Scanner struct{}

// NewScanner makes a Scanner for one message.
func NewScanner(l Limits) *Scanner { return &Scanner{} }

// Write feeds the next bytes, split anywhere; it keeps none of p and never
// fails before Close.
func (s *Scanner) Write(p []byte) (int, error) { return len(p), nil }

// Close ends the message and gives what was found. Only a second Close or a
// Write after it fails (fault.Closed).
func (s *Scanner) Close() (*Message, error) { return &Message{Root: &Part{}}, nil }

// Parse scans a message that is in memory.
func Parse(b []byte, l Limits) *Message { return &Message{Root: &Part{}} }

// Get gives the parameter as text: RFC 2231 continuations, charsets and
// percent encoding are decoded, and encoded words too, which RFC 2047 forbids
// here and many mailers write. Names are matched without regard to case.
func (p Params) Get(name string) (string, bool) { return "", false }

// Filename is the name the sender gave to the part: filename of
// Content-Disposition, or else name of Content-Type; "" for none.
func (p *Part) Filename() string { return "" }

// Charset is the charset parameter in lower case, "us-ascii" where there is none.
func (p *Part) Charset() string { return "" }

// Section finds the part with the IMAP number path (RFC 9051 §6.4.5.1);
// p must be the root of a message. An empty path is p itself.
func (p *Part) Section(path []int) (*Part, bool) { return nil, false }

// Range gives the bytes [start, end) of an IMAP section of the message whose
// root is p. ok is false if the message has no such section.
func (p *Part) Range(spec Specifier, path []int) (start, end int64, ok bool) { return 0, 0, false }

// Walk calls f for p and every part below it, embedded messages' too, in the
// order of their bytes, until f returns false.
func (p *Part) Walk(f func(p *Part) bool) bool { return false }

// AppendTree appends the compact binary form of the tree to dst. Envelopes of
// embedded messages are left out.
func AppendTree(dst []byte, p *Part) []byte { return dst }

// DecodeTree reads what AppendTree wrote; an error is fault.Damaged. It keeps
// nothing of b.
func DecodeTree(b []byte) (*Part, error) { return nil, nil }

// ParseAddressList reads the value of an address field. It takes anything and
// finds what it can, at most limit addresses (all for limit <= 0).
func ParseAddressList(value string, limit int) []Address { return nil }

// DecodeHeader gives a header value as text: unfolded, encoded words (RFC
// 2047) decoded, raw 8-bit bytes taken as UTF-8 or else windows-1252. The
// result is valid UTF-8.
func DecodeHeader(raw string) string { return "" }

// NewCharsetReader decodes r from charset to UTF-8. What cannot be decoded
// becomes U+FFFD; with an unknown charset every byte above 127 does, and known
// is false.
func NewCharsetReader(charset string, r io.Reader) (_ io.Reader, known bool) { return r, false }

// NewTransferDecoder undoes a Content-Transfer-Encoding, tolerantly and
// streaming: junk in base64 is skipped, a broken quoted-printable escape is
// itself. The error is ErrUnknownEncoding for an unknown word (IMAP BINARY:
// UNKNOWN-CTE).
func NewTransferDecoder(encoding string, r io.Reader) (io.Reader, error) { return r, nil }

// HeaderFields calls yield for each field of a raw header: its name as written
// and its whole bytes with folding and line end, both within raw. The blank
// line is not a field. A line without a colon is yielded with an empty name.
// It can be used with range.
func HeaderFields(raw []byte) func(yield func(name, field []byte) bool) { return nil }

// FilterHeader appends the fields of raw whose names are in names (or, if not,
// that are not) and then the blank line, if raw has one, to dst: IMAP
// HEADER.FIELDS and HEADER.FIELDS.NOT. Names match without regard to ASCII case.
func FilterHeader(dst, raw []byte, names []string, not bool) []byte { return dst }

// FieldValue is the unfolded value of one field as HeaderFields yields it:
// what follows the colon, without line ends and white space around it.
func FieldValue(field []byte) string { return "" }

// ParseDate reads a date of RFC 5322 or what mailers write instead: obsolete
// zones, years of two digits, missing seconds, missing or wrong weekdays,
// comments. The result has the zone as written.
func ParseDate(s string) (time.Time, bool) { return time.Time{}, false }

// MessageIDs are the message ids in a References or In-Reply-To value, in
// order and once each, without angle brackets.
func MessageIDs(value string) []string { return nil }

// References are the ids of a message's ancestors, oldest first, as RFC 5256
// §3 wants them: those of References, or else the first of In-Reply-To.
func References(references, inReplyTo string) []string { return nil }

// BaseSubject is the base subject of RFC 5256 §2.1 of a decoded subject, and
// whether it is that of a reply or forward.
func BaseSubject(subject string) (base string, isReply bool) { return "", false }
