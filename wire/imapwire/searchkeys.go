package imapwire

// searchArgs is what stands after the name of a search key.
type searchArgs uint8

const (
	argUnknown searchArgs = iota // no such key
	argNone
	argText
	argHeader
	argKeyword
	argObjectID
	argDate
	argSize
	argSeconds
	argUIDs
	argModSeq
	argOne
	argTwo
)

// searchOp finds a search key by its name in upper case.
func searchOp(word []byte) (SearchOp, searchArgs) {
	if op, ok := flagOp(word); ok {
		return op, argNone
	}
	if op, ok := textOp(word); ok {
		return op, argText
	}
	if op, ok := dateOp(word); ok {
		return op, argDate
	}
	switch string(word) {
	case "HEADER":
		return OpHeader, argHeader
	case "KEYWORD":
		return OpKeyword, argKeyword
	case "UNKEYWORD":
		return OpUnkeyword, argKeyword
	case "LARGER":
		return OpLarger, argSize
	case "SMALLER":
		return OpSmaller, argSize
	case "OLDER":
		return OpOlder, argSeconds
	case "YOUNGER":
		return OpYounger, argSeconds
	case "UID":
		return OpUID, argUIDs
	case "MODSEQ":
		return OpModSeq, argModSeq
	case "EMAILID":
		return OpEmailID, argObjectID
	case "THREADID":
		return OpThreadID, argObjectID
	case "NOT":
		return OpNot, argOne
	case "OR":
		return OpOr, argTwo
	}
	return OpAnd, argUnknown
}

// flagOp has the keys without arguments.
func flagOp(word []byte) (SearchOp, bool) {
	switch string(word) {
	case "ALL":
		return OpAll, true
	case "ANSWERED":
		return OpAnswered, true
	case "UNANSWERED":
		return OpUnanswered, true
	case "DELETED":
		return OpDeleted, true
	case "UNDELETED":
		return OpUndeleted, true
	case "DRAFT":
		return OpDraft, true
	case "UNDRAFT":
		return OpUndraft, true
	case "FLAGGED":
		return OpFlagged, true
	case "UNFLAGGED":
		return OpUnflagged, true
	case "SEEN":
		return OpSeen, true
	case "UNSEEN":
		return OpUnseen, true
	case "NEW":
		return OpNew, true
	case "OLD":
		return OpOld, true
	case "RECENT":
		return OpRecent, true
	case "SAVEDATESUPPORTED":
		return OpSaveDateSupported, true
	}
	return OpAnd, false
}

// textOp has the keys with one string.
func textOp(word []byte) (SearchOp, bool) {
	switch string(word) {
	case "BCC":
		return OpBcc, true
	case "BODY":
		return OpBody, true
	case "CC":
		return OpCc, true
	case "FROM":
		return OpFrom, true
	case "SUBJECT":
		return OpSubject, true
	case "TEXT":
		return OpText, true
	case "TO":
		return OpTo, true
	}
	return OpAnd, false
}

// dateOp has the keys with one date.
func dateOp(word []byte) (SearchOp, bool) {
	switch string(word) {
	case "BEFORE":
		return OpBefore, true
	case "ON":
		return OpOn, true
	case "SINCE":
		return OpSince, true
	case "SENTBEFORE":
		return OpSentBefore, true
	case "SENTON":
		return OpSentOn, true
	case "SENTSINCE":
		return OpSentSince, true
	case "SAVEDBEFORE":
		return OpSavedBefore, true
	case "SAVEDON":
		return OpSavedOn, true
	case "SAVEDSINCE":
		return OpSavedSince, true
	}
	return OpAnd, false
}
