package imapserver_test

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzSession throws bytes at a session, before and after sign-in. Nothing may
// panic, every line that comes back is a response, and the session either
// answers a last LOGOUT or has said BYE (RELIABILITY 20).
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"a SELECT INBOX\r\nb FETCH 1:* (FLAGS BODY[] BODY.PEEK[1.MIME]<0.5> BINARY[1])\r\nc IDLE\r\nDONE\r\n",
		"a APPEND INBOX (\\Seen) {3}\r\nabc\r\nb STORE 1 +FLAGS.SILENT (a b)\r\nc EXPUNGE\r\n",
		"a SEARCH RETURN (SAVE) OR NOT SEEN 1:*\r\nb FETCH $ FLAGS\r\nc UID SEARCH CHARSET UTF-8 TEXT {2+}\r\n\xc3\xbc\r\n",
		"a ENABLE QRESYNC IMAP4rev2\r\nb SELECT INBOX (QRESYNC (1 1 1:* (1 1)))\r\nc UID FETCH 1:* (UID) (CHANGEDSINCE 1 VANISHED)\r\n",
		"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (% *) RETURN (STATUS (MESSAGES))\r\nb COPY 1 x\r\nc MOVE 1:2 INBOX\r\n",
		"a AUTHENTICATE PLAIN\r\n*\r\nb LOGIN {1}\r\na {1}\r\n", "a STARTTLS\r\nb NOOP\r\n", "GET / HTTP/1.0\r\n",
		"a GETQUOTAROOT INBOX\r\nb SETQUOTA \"\" (STORAGE 1)\r\nc NAMESPACE\r\nd ID NIL\r\ne CHECK\r\nf UNSELECT\r\n",
	} {
		f.Add(true, []byte(s))
		f.Add(false, []byte(s))
	}
	h := filled(f, 5, "x")
	f.Fuzz(func(t *testing.T, signedIn bool, b []byte) {
		if longLiteral.Match(b) {
			return // it would eat the LOGOUT
		}
		h.auth.mu.Lock()
		h.auth.t = t
		h.auth.mu.Unlock()
		server, c := net.Pipe()
		h.serve(server)
		must(t, c.SetDeadline(time.Now().Add(20*time.Second)))
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			if signedIn {
				_, _ = io.WriteString(c, "l LOGIN alice secret\r\ns SELECT INBOX\r\n")
			}
			_, _ = c.Write(b)
			// Whatever the bytes left open ends here: a literal, IDLE, a line.
			_, _ = io.WriteString(c, strings.Repeat("\r\nzz LOGOUT\r\n", 10_000))
		}()
		out, err := io.ReadAll(c)
		_ = c.Close()
		<-sent
		if err != nil {
			t.Fatalf("%q: %v after %q", b, err, tailOf(out))
		}
		if bytes.Contains(out, []byte("SERVERBUG")) {
			t.Fatalf("%q: internal error: %q\n%s", b, tailOf(out), h.log)
		}
		if foreign := bytes.Contains(b, []byte(" /")) || bytes.Contains(b, []byte("HTTP/")) || bytes.HasPrefix(b, []byte{0x16}); !foreign && !bytes.Contains(out, []byte("* BYE ")) {
			t.Fatalf("%q: ended without BYE: %q", b, tailOf(out))
		}
	})
}

var longLiteral = regexp.MustCompile(`\{[0-9]{5,}`)

func tailOf(b []byte) []byte { return b[max(0, len(b)-300):] }
