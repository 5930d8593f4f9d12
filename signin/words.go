package signin

import (
	"encoding/json"
	"strconv"
	"time"

	"postern/signin/policy"
)

// words are what a client of any protocol may learn of a verdict. Each verdict
// has exactly one of them.
type words uint8

const (
	sayUnavailable words = iota
	sayWelcome
	sayWrong      // the one constant text for every denial that must not be told from another
	sayNeedTLS    // nothing is said of the account
	sayNoSuchMech // nothing is said of the account
	sayMalformed  // nothing is said of the account
	wordsCount
)

// words picks the row of the table.
func (v Verdict) words() words {
	switch v.Outcome {
	case Allow:
		if v.Grant != nil {
			return sayWelcome
		}
		return sayUnavailable
	case Deny, Challenge:
		return denial(v.Reason)
	case Unavailable, Delay:
		return sayUnavailable
	}
	return sayUnavailable
}

// denial is sayWrong, but for what is decided before there is an account.
func denial(r Reason) words {
	switch r {
	case policy.NoTLS, policy.TLSVersion:
		return sayNeedTLS
	case policy.MechanismOff:
		return sayNoSuchMech
	case policy.Malformed:
		return sayMalformed
	default:
		return sayWrong
	}
}

const (
	textWelcome   = "Signed in"
	textWrong     = "Account name or password is not accepted. Mail programs may need an app password"
	textNeedTLS   = "Passwords are taken only under TLS, in a version that is allowed here"
	textNoMech    = "This way of signing in is not offered here"
	textMalformed = "The response could not be parsed"
	textOutage    = "Sign-in is temporarily unavailable; this says nothing about your password. Try again"
)

// text is the human part, the same on every protocol.
func (v Verdict) text() string {
	switch v.words() {
	case sayWelcome:
		return textWelcome
	case sayWrong:
		if v.help != "" {
			return textWrong + ": " + v.help
		}
		return textWrong
	case sayNeedTLS:
		return textNeedTLS
	case sayNoSuchMech:
		return textNoMech
	case sayMalformed:
		return textMalformed
	case sayUnavailable, wordsCount:
	}
	t := textOutage + " later"
	if v.RetryAfter > 0 {
		t = textOutage + " in " + strconv.FormatInt(v.retrySeconds(), 10) + " seconds"
	}
	if v.ID != "" {
		t += " (" + v.ID + ")"
	}
	return t
}

// retrySeconds is RetryAfter in whole seconds, rounded up; a default if unknown.
func (v Verdict) retrySeconds() int64 {
	if v.RetryAfter <= 0 {
		return 30
	}
	return int64((v.RetryAfter + time.Second - 1) / time.Second)
}

// IMAP is the verdict in the words of RFC 9051 §7.1 and RFC 5530 §3: the status
// of the tagged line, the response code without brackets (may be empty) and
// the text.
func (v Verdict) IMAP() (status, code, text string) {
	row := [wordsCount][2]string{
		sayUnavailable: {"NO", "UNAVAILABLE"},
		sayWelcome:     {"OK", ""},
		sayWrong:       {"NO", "AUTHENTICATIONFAILED"},
		sayNeedTLS:     {"NO", "PRIVACYREQUIRED"},
		sayNoSuchMech:  {"NO", "CANNOT"},
		sayMalformed:   {"BAD", ""},
	}[v.words()]
	return row[0], row[1], v.text()
}

// POP3 is the verdict in the words of RFC 1939 §4 and RFC 3206: the status
// indicator, the response code without brackets (may be empty) and the text.
func (v Verdict) POP3() (status, code, text string) {
	row := [wordsCount][2]string{
		sayUnavailable: {"-ERR", "SYS/TEMP"},
		sayWelcome:     {"+OK", ""},
		sayWrong:       {"-ERR", "AUTH"},
		sayNeedTLS:     {"-ERR", "AUTH"},
		sayNoSuchMech:  {"-ERR", ""},
		sayMalformed:   {"-ERR", ""},
	}[v.words()]
	return row[0], row[1], v.text()
}

// SMTP is the verdict in the words of RFC 4954 §4 and §6: the reply code, the
// enhanced status code and the text.
func (v Verdict) SMTP() (code int, enhanced, text string) {
	type reply struct {
		code     int
		enhanced string
	}
	row := [wordsCount]reply{
		sayUnavailable: {454, "4.7.0"},
		sayWelcome:     {235, "2.7.0"},
		sayWrong:       {535, "5.7.8"},
		sayNeedTLS:     {538, "5.7.11"},
		sayNoSuchMech:  {504, "5.5.4"},
		sayMalformed:   {501, "5.5.2"},
	}[v.words()]
	return row.code, row.enhanced, v.text()
}

// HTTP is the verdict as a status, the seconds of the Retry-After field (0 is
// no such field) and the text.
func (v Verdict) HTTP() (status int, retryAfter int64, text string) {
	status = [wordsCount]int{
		sayUnavailable: 503,
		sayWelcome:     200,
		sayWrong:       401,
		sayNeedTLS:     403,
		sayNoSuchMech:  403,
		sayMalformed:   400,
	}[v.words()]
	if status == 503 {
		retryAfter = v.retrySeconds()
	}
	return status, retryAfter, v.text()
}

// OAuth is the verdict as a token endpoint says it (RFC 6749 §5.2): the
// status, the content type and the body. The body of a 503 is never JSON: some
// clients drop their refresh token on any JSON with "error".
func (v Verdict) OAuth() (status int, contentType, body string) {
	row := [wordsCount]string{
		sayWrong:      "invalid_grant",
		sayNeedTLS:    "invalid_request",
		sayNoSuchMech: "unauthorized_client",
		sayMalformed:  "invalid_request",
	}[v.words()]
	switch v.words() {
	case sayUnavailable:
		return 503, "text/plain; charset=utf-8", v.text()
	case sayWelcome:
		return 200, "application/json", ""
	case sayWrong, sayNeedTLS, sayNoSuchMech, sayMalformed, wordsCount:
	}
	text, err := json.Marshal(v.text())
	if err != nil { // text is always JSON
		text = []byte(`""`)
	}
	return 400, "application/json", `{"error":"` + row + `","error_description":` + string(text) + `}`
}
