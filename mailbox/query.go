package mailbox

import (
	"time"

	"postern/mail"
)

// Query is a node of a search program. Only the fields that its Op names are
// used. Text is compared as a substring of decoded text without regard to case,
// after Unicode normalisation (NFC) and simple folding.
type Query struct {
	Op     QueryOp
	Subs   []*Query
	UIDs   []UIDRange
	Flags  mail.Flags
	Field  string
	Text   string
	Date   time.Time // its calendar day counts
	N      uint64
	Email  mail.EmailID
	Thread mail.ThreadID
}

// QueryOp is what a Query node compares.
type QueryOp uint8

// The operations; the comment names the fields in use.
const (
	QueryAll         QueryOp = iota // -: every message
	QueryAnd                        // Subs: all of them; none is every message
	QueryOr                         // Subs: one of them at least; none is no message
	QueryNot                        // Subs: the first
	QueryUID                        // UIDs
	QueryFlags                      // Flags: all of them are set
	QueryFrom                       // Text, in the envelope's FROM (RFC 9051 §6.4.4)
	QueryTo                         // Text
	QueryCc                         // Text
	QueryBcc                        // Text
	QuerySubject                    // Text
	QueryHeader                     // Field, Text: in a header field of that name; Text "": it is there
	QueryBody                       // Text, in the body's text
	QueryText                       // Text, in header or body
	QueryBefore                     // Date: INTERNALDATE's day, in its own zone, is before
	QueryOn                         // Date
	QuerySince                      // Date: on it or later
	QuerySentBefore                 // Date: of the Date field, in its own zone
	QuerySentOn                     // Date
	QuerySentSince                  // Date
	QuerySavedBefore                // Date: SAVEDATE's day, UTC (RFC 8514)
	QuerySavedOn                    // Date
	QuerySavedSince                 // Date
	QueryLarger                     // N octets
	QuerySmaller                    // N octets
	QueryOlder                      // N seconds at least since INTERNALDATE (RFC 5032)
	QueryYounger                    // N seconds at most
	QueryModSeq                     // N: MODSEQ at least
	QueryEmailID                    // Email
	QueryThreadID                   // Thread
)
