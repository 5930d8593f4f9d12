package signin

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/signin/policy"
)

// TestWords is the table of causes and protocols: every reason there is, on
// every protocol.
func TestWords(t *testing.T) {
	t.Parallel()
	const (
		wrong   = "Account name or password is not accepted. Mail programs may need an app password: https://postern.test/help"
		outage  = "Sign-in is temporarily unavailable; this says nothing about your password. Try again later (c1)"
		needTLS = "Passwords are taken only under TLS, in a version that is allowed here"
		noMech  = "This way of signing in is not offered here"
		garbled = "The response could not be parsed"
	)
	said := map[string]spokenWords{
		"wrong": {
			"NO [AUTHENTICATIONFAILED] " + wrong, "-ERR [AUTH] " + wrong, "535 5.7.8 " + wrong, "401 0 " + wrong,
			`400 application/json {"error":"invalid_grant","error_description":"` + wrong + `"}`,
		},
		"unavailable": {
			"NO [UNAVAILABLE] " + outage, "-ERR [SYS/TEMP] " + outage, "454 4.7.0 " + outage, "503 30 " + outage,
			"503 text/plain; charset=utf-8 " + outage,
		},
		"tls": {
			"NO [PRIVACYREQUIRED] " + needTLS, "-ERR [AUTH] " + needTLS, "538 5.7.11 " + needTLS, "403 0 " + needTLS,
			`400 application/json {"error":"invalid_request","error_description":"` + needTLS + `"}`,
		},
		"mechanism": {
			"NO [CANNOT] " + noMech, "-ERR " + noMech, "504 5.5.4 " + noMech, "403 0 " + noMech,
			`400 application/json {"error":"unauthorized_client","error_description":"` + noMech + `"}`,
		},
		"malformed": {
			"BAD " + garbled, "-ERR " + garbled, "501 5.5.2 " + garbled, "400 0 " + garbled,
			`400 application/json {"error":"invalid_request","error_description":"` + garbled + `"}`,
		},
	}
	causes := []struct {
		outcome Outcome
		reason  Reason
		said    string
	}{
		{Deny, policy.WrongPassword, "wrong"},
		{Deny, policy.UnknownAccount, "wrong"},
		{Deny, policy.Disabled, "wrong"},
		{Deny, policy.Expired, "wrong"},
		{Deny, policy.AppPasswordRequired, "wrong"},
		{Deny, policy.ProtocolOff, "wrong"},
		{Deny, policy.NetworkNotAllowed, "wrong"},
		{Deny, policy.OtherIdentity, "wrong"},
		{Deny, "a reason of tomorrow", "wrong"},
		{Challenge, policy.WrongPassword, "wrong"},
		{Deny, policy.NoTLS, "tls"},
		{Deny, policy.TLSVersion, "tls"},
		{Deny, policy.MechanismOff, "mechanism"},
		{Deny, policy.Malformed, "malformed"},
		{Unavailable, policy.Throttled, "unavailable"},
		{Unavailable, policy.HashQueueFull, "unavailable"},
		{Unavailable, policy.StoreDown, "unavailable"},
		{Unavailable, policy.StoreDamaged, "unavailable"},
		{Unavailable, policy.NoRevision, "unavailable"},
		{Unavailable, policy.Panic, "unavailable"},
		{Unavailable, policy.Canceled, "unavailable"},
		{Unavailable, policy.Closing, "unavailable"},
		{Unavailable, policy.WrongPassword, "unavailable"},
		{Delay, policy.Throttled, "unavailable"},
		{Allow, policy.Allowed, "unavailable"}, // an allow without a grant is a fault of ours
		{99, policy.WrongPassword, "unavailable"},
	}
	for _, c := range causes {
		v := Verdict{Outcome: c.outcome, Reason: c.reason, ID: "c1", help: "https://postern.test/help"}
		if diff := cmp.Diff(said[c.said], spoken(v), cmp.AllowUnexported(spokenWords{})); diff != "" {
			t.Errorf("%v %s (-want +got):\n%s", c.outcome, c.reason, diff)
		}
	}
	if got := fmt.Sprint(spoken(Verdict{})); !strings.Contains(got, "[UNAVAILABLE]") {
		t.Errorf("the zero verdict says %s", got)
	}
}

type spokenWords struct{ imap, pop3, smtp, http, oauth string }

func spoken(v Verdict) (s spokenWords) {
	bracket := func(status, code, text string) string {
		if code != "" {
			status += " [" + code + "]"
		}
		return status + " " + text
	}
	s.imap, s.pop3 = bracket(v.IMAP()), bracket(v.POP3())
	code, enhanced, text := v.SMTP()
	s.smtp = fmt.Sprint(code, " ", enhanced, " ", text)
	status, after, text := v.HTTP()
	s.http = fmt.Sprint(status, " ", after, " ", text)
	status, kind, body := v.OAuth()
	s.oauth = fmt.Sprint(status, " ", kind, " ", body)
	return s
}

func TestWordsGiveATime(t *testing.T) {
	t.Parallel()
	v := Verdict{RetryAfter: 90*time.Second + 1, ID: "c2"}
	_, _, text := v.IMAP()
	if !strings.Contains(text, "Try again in 91 seconds (c2)") {
		t.Errorf("text %q", text)
	}
	if _, after, _ := v.HTTP(); after != 91 {
		t.Errorf("Retry-After %d", after)
	}
	if _, _, body := v.OAuth(); json.Valid([]byte(body)) {
		t.Errorf("the token endpoint's 503 is JSON: %s", body)
	}
}

// TestSameBytes holds that no denial can be told from another by its words, for
// every cause that the authority itself finds.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Policy = []byte("[class.app]\napp-password-required = [\"*\"]\n[class.away]\nnetworks = [\"10.0.0.0/8\"]\n[class.mute]\nprotocols-off = [\"imap\"]\n")
	})
	r.account("alice@postern.test", "right")
	for _, class := range []string{"app", "away", "mute"} {
		r.account(class+"@postern.test", "right", func(n *NewAccount) { n.Classes = []string{class} })
	}
	r.account("off@postern.test", "right", func(n *NewAccount) { n.Disabled = true })
	reasons := make(map[Reason]bool)
	texts := make(map[string]bool)
	for _, at := range []Attempt{
		attempt("alice@postern.test", "wrong"), attempt("nobody@postern.test", "wrong"), attempt("app@postern.test", "right"),
		attempt("away@postern.test", "right"), attempt("mute@postern.test", "right"), attempt("off@postern.test", "right"),
		attempt("off@postern.test", "wrong"), attempt("alice@postern.test", "right", func(at *Attempt) { at.Authorize = "off@postern.test" }),
	} {
		v := r.SignIn(t.Context(), at)
		reasons[v.Reason] = true
		texts[fmt.Sprint(spoken(v))] = true
	}
	if len(reasons) != 7 || len(texts) != 1 {
		t.Errorf("reasons %v are said as %v", reasons, texts)
	}
}
