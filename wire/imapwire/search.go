package imapwire

import (
	"time"
)

// SearchReturn are the result options of RFC 4731 and RFC 5182.
type SearchReturn uint8

// The result options.
const (
	SearchMin SearchReturn = 1 << iota
	SearchMax
	SearchAll
	SearchCount
	SearchSave
)

// Search is SEARCH or UID SEARCH (RFC 9051 §6.4.4).
type Search struct {
	UID bool
	// Extended tells that RETURN was given: answer with ESEARCH. RETURN ()
	// arrives as SearchAll (RFC 4731 §3.1).
	Extended bool
	Return   SearchReturn
	// Charset is what CHARSET named, in upper case, or "". The strings in Key
	// are UTF-8 already.
	Charset string
	Key     SearchKey // OpAnd of the keys given
}

// SearchOp is what a search key compares.
type SearchOp uint8

// The search keys. The comment names the fields of SearchKey in use.
const (
	OpAnd               SearchOp = iota // Keys, all of them; no keys match all
	OpOr                                // Keys, two of them
	OpNot                               // Keys, one
	OpAll                               // -
	OpSeq                               // Set: sequence numbers, or $ (Set.Saved)
	OpUID                               // Set: UIDs, or $
	OpAnswered                          // -
	OpUnanswered                        // -
	OpDeleted                           // -
	OpUndeleted                         // -
	OpDraft                             // -
	OpUndraft                           // -
	OpFlagged                           // -
	OpUnflagged                         // -
	OpSeen                              // -
	OpUnseen                            // -
	OpNew                               // - (RFC 3501: RECENT UNSEEN)
	OpOld                               // - (RFC 3501: NOT RECENT)
	OpRecent                            // - (RFC 3501)
	OpKeyword                           // Text
	OpUnkeyword                         // Text
	OpBcc                               // Text
	OpBody                              // Text
	OpCc                                // Text
	OpFrom                              // Text
	OpSubject                           // Text
	OpText                              // Text
	OpTo                                // Text
	OpHeader                            // Field, Text (empty: the field is there)
	OpBefore                            // Date: internal date, disregarding time and zone
	OpOn                                // Date
	OpSince                             // Date
	OpSentBefore                        // Date: of the Date header field
	OpSentOn                            // Date
	OpSentSince                         // Date
	OpSavedBefore                       // Date (RFC 8514)
	OpSavedOn                           // Date
	OpSavedSince                        // Date
	OpSaveDateSupported                 // -
	OpLarger                            // N, bytes
	OpSmaller                           // N, bytes
	OpOlder                             // N, seconds (RFC 5032)
	OpYounger                           // N, seconds
	OpModSeq                            // N; Field: the entry name or "" (RFC 7162 §3.1.5)
	OpEmailID                           // Text (RFC 8474 §5)
	OpThreadID                          // Text
)

// SearchKey is a node of a search program.
type SearchKey struct {
	Op    SearchOp
	Field string
	Text  string
	Date  time.Time // midnight UTC of the day
	N     uint64
	Set   SeqSet
	Keys  []SearchKey
}
