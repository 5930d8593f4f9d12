package trace

import (
	"strings"
	"testing"
)

const good = `
10 1.0 openat(AT_FDCWD</>, "/d/store/000002.log", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 18</d/store/000002.log>
10 1.1 fsync(12</d/store>) = 0
10 2.0 read(22<socket:[5]>, "c1 APPEND INBOX {100}\r\n", 128) = 23
10 2.1 pwrite64(24</d/blobs/2.spool>, "AAAA"..., 600, 0) = 600
11 2.2 fdatasync(24</d/blobs/2.spool> <unfinished ...>
10 2.3 --- SIGURG {si_signo=SIGURG} ---
11 2.4 <... fdatasync resumed>) = 0
11 2.5 renameat(AT_FDCWD</tmp>, "/d/blobs/2.spool", AT_FDCWD</tmp>, "/d/blobs/0000000000000003.one") = 0
11 2.6 fsync(24</d/blobs>) = 0
11 2.7 write(18</d/store/000002.log>, "x", 1) = 1
11 2.8 fdatasync(18</d/store/000002.log>) = 0
11 2.9 write(22<socket:[5]>, "* 1 EXISTS\r\nc1 OK [APPENDUID 1 1] Stored.\r\n", 40) = 40
10 3.0 read(22<socket:[5]>, "c2 UID STORE 1 +FLAGS (x)\r\n", 128) = 23
11 3.7 write(18</d/store/000002.log>, "x", 1 <unfinished ...>
12 3.8 openat(AT_FDCWD</>, "/d/x", O_RDONLY) = -1 ENOENT (No such file or directory)
11 3.9 <... write resumed>) = 1
11 4.0 fdatasync(18</d/store/000002.log>) = 0
11 4.1 write(22<socket:[5]>, "c2 OK done\r\n", 12) = 12
`

func acks(t *testing.T, text string) []Ack {
	t.Helper()
	events, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return Acks(events)
}

func TestGoodTrace(t *testing.T) {
	got := acks(t, good)
	if len(got) != 2 || got[0].Tag != "c1" || got[0].Verb != "APPEND" || got[1].Verb != "UID STORE" {
		t.Fatalf("%+v", got)
	}
	for _, a := range got {
		if a.Wrote != 1 || len(a.Unsynced) != 0 {
			t.Errorf("%+v", a)
		}
	}
}

// TestBadTraces takes each sync away, or lets it come too early or too late.
func TestBadTraces(t *testing.T) {
	for _, c := range []struct{ old, new, path string }{
		{"10 1.1 fsync(12</d/store>) = 0\n", "", "/d/store"},
		{"11 2.2 fdatasync(24</d/blobs/2.spool> <unfinished ...>\n", "11 2.2 getpid( <unfinished ...>\n", "/d/blobs/0000000000000003.one"},
		{"11 2.6 fsync(24</d/blobs>) = 0\n", "", "/d/blobs"},
		{"11 2.8 fdatasync(18</d/store/000002.log>) = 0\n", "", "/d/store/000002.log"},
		{"11 2.8 fdatasync(18</d/store/000002.log>) = 0\n", "11 2.8 fdatasync(18</d/store/000002.log>) = -1 EIO (Input/output error)\n", "/d/store/000002.log"},
		{"11 4.0 fdatasync(18</d/store/000002.log>) = 0\n", "11 4.0 fdatasync(19</d/store/MANIFEST>) = 0\n", "/d/store/000002.log"},
		{
			"12 3.8 openat(AT_FDCWD</>, \"/d/x\", O_RDONLY) = -1 ENOENT (No such file or directory)\n11 3.9 <... write resumed>) = 1\n11 4.0 fdatasync(18</d/store/000002.log>) = 0\n",
			"12 3.8 fdatasync(18</d/store/000002.log>) = 0\n11 3.9 <... write resumed>) = 1\n", "/d/store/000002.log",
		},
		{
			"11 4.0 fdatasync(18</d/store/000002.log>) = 0\n11 4.1 write(22<socket:[5]>, \"c2 OK done\\r\\n\", 12) = 12\n",
			"11 4.0 write(22<socket:[5]>, \"c2 OK done\\r\\n\", 12) = 12\n11 4.1 fdatasync(18</d/store/000002.log>) = 0\n", "/d/store/000002.log",
		},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%q is not in the trace", c.old)
		}
		text = strings.Replace(text, "<... fdatasync resumed>", "<... "+map[bool]string{true: "getpid", false: "fdatasync"}[strings.Contains(text, "getpid")]+" resumed>", 1)
		found := false
		for _, a := range acks(t, text) {
			for _, p := range a.Unsynced {
				found = found || p == c.path
			}
		}
		if !found {
			t.Errorf("without %q nobody misses the sync of %s", c.old, c.path)
		}
	}
}

func TestAckWithoutWrite(t *testing.T) {
	text := strings.Replace(good, "11 2.7 write(18</d/store/000002.log>, \"x\", 1) = 1\n", "", 1)
	if got := acks(t, text); len(got) != 2 || got[0].Wrote != 0 {
		t.Errorf("%+v", got)
	}
}
