package listen_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/server/listen"
)

func TestSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s listen.Seldom
		var b bytes.Buffer
		log := slog.New(slog.NewTextHandler(&b, nil))
		want := func(what string, lines ...string) {
			t.Helper()
			got := strings.Split(strings.TrimSpace(b.String()), "\n")
			b.Reset()
			if len(lines) == 0 {
				lines = []string{""}
			}
			if len(got) != len(lines) {
				t.Fatalf("%s: %d lines, want %d: %q", what, len(got), len(lines), got)
			}
			for i := range lines {
				if !strings.Contains(got[i], lines[i]) {
					t.Errorf("%s: %q, want %q", what, got[i], lines[i])
				}
			}
		}
		flood := func(listener string) {
			for range 1000 {
				s.Log(log, slog.LevelWarn, "trouble", listener, "conn", "x")
			}
		}
		flood("imap")
		flood("imaps")
		want("two listeners", `level=WARN msg=trouble listener=imap conn=x`, `listener=imaps`)
		s.Tell(log, time.Now())
		want("within the minute")
		<-time.After(time.Minute)
		flood("imap")
		want("not told yet")
		s.Tell(log, time.Now())
		if !strings.Contains(b.String(), `level=WARN msg="more of the same since the last line" line=trouble listener=imap count=1999`) ||
			!strings.Contains(b.String(), `listener=imaps count=999`) {
			t.Errorf("told %s", b.String())
		}
		b.Reset()
		s.Tell(log, time.Now())
		want("told already")
		<-time.After(time.Minute)
		s.Log(log, slog.LevelWarn, "trouble", "imap")
		want("a minute of peace", "msg=trouble")
	})
}

// TestRefusalsFloodNoLog: who is refused a handshake a thousand times writes one
// line, and at the latest at the end it is told how many there were.
func TestRefusalsFloodNoLog(t *testing.T) {
	var b bytes.Buffer
	refused := make(chan listen.HandshakeRefusal, 30)
	s := serve(t, listen.Config{
		Listeners: []listen.Listener{{Name: "imaps", Protocol: "imap", TLS: listen.TLSImplicit, Certificates: []listen.Certificate{writeCert(t, t.TempDir(), "localhost")}}},
		Logger:    slog.New(slog.NewTextHandler(&b, nil)),
	}, echo, listen.Hooks{OnRefused: func(r listen.HandshakeRefusal) { refused <- r }})
	for range 20 {
		c := dial(t, s, "imaps")
		send(t, c, "a LOGIN b c\r\n")
		<-refused
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), `msg="TLS handshake refused"`); n != 1 || !strings.Contains(b.String(), `line="TLS handshake refused" listener=imaps count=19`) {
		t.Errorf("%d lines of a refused handshake: %s", n, b.String())
	}
}
