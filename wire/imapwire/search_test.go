package imapwire

import "testing"

// TestSearchCharsets: strings arrive in UTF-8 whatever the client wrote them in.
func TestSearchCharsets(t *testing.T) {
	for in, want := range map[string]string{
		"SEARCH SUBJECT \"ä\"":                                     "ä", // Python's imaplib without a charset
		"SEARCH CHARSET US-ASCII SUBJECT a":                        "a",
		"SEARCH CHARSET \"iso-8859-1\" SUBJECT {1+}\r\n\xe4":       "ä",
		"SEARCH CHARSET koi8-r SUBJECT \"\xd7\"":                   "в",
		"SEARCH CHARSET Shift_JIS SUBJECT {4}\r\n\x93\xfa\x96\x7b": "日本",
	} {
		_, cmd, err := decodeOne("a "+in+"\r\n", false)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if got := cmd.(*Search).Key.Keys[0].Text; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
