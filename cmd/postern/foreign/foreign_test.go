package foreign

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func none(t *testing.T) func(Trouble) {
	return func(tr Trouble) { t.Errorf("trouble: %s: %v", tr.Source, tr.Err) }
}

func TestMaildir(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Lists.Gr&APw-n/cur", ".Lists.Gr&APw-n/new"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root+"/dovecot-keywords", "0 $Junk\n1 blue\n")
	write(t, root+"/cur/900.a.host,S=20:2,FSb", "Subject: two\n\nbody\n")
	old := write(t, root+"/cur/100.a.host:2,RP", "Subject: one\r\n\r\nbody\r\n")
	when := time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC)
	if err := os.Chtimes(old, when, when); err != nil {
		t.Fatal(err)
	}
	write(t, root+"/new/950.a.host", "Subject: three\n\nbody")
	write(t, root+"/.Sent/cur/1.x:2,S", "Subject: sent\n\n")
	write(t, root+"/.Lists.Gr&APw-n/new/1.y", "Subject: list\n\n")
	write(t, root+"/cur/999.empty:2,", "")
	var got []Message
	var bad []Trouble
	if err := Maildir(root, func(m Message) error { got = append(got, m); return nil }, func(tr Trouble) { bad = append(bad, tr) }); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range got {
		subject, _, _ := strings.Cut(string(m.Raw), "\r\n")
		lines = append(lines, m.Mailbox+"|"+strings.Join(m.Flags, " ")+"|"+subject)
		if strings.Contains(strings.ReplaceAll(string(m.Raw), "\r\n", ""), "\n") {
			t.Errorf("%s: bare line feed", m.Source)
		}
	}
	want := []string{
		`INBOX|\Answered $Forwarded|Subject: one`, `INBOX|\Flagged \Seen blue|Subject: two`, "INBOX||Subject: three",
		"Lists/Grün||Subject: list", `Sent|\Seen|Subject: sent`,
	}
	slices.Sort(lines)
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
	if !got[0].Received.Equal(when) {
		t.Errorf("the first is of %v, want the file's time %v", got[0].Received, when)
	}
	if len(bad) != 1 || !strings.Contains(bad[0].Source, "999.empty") {
		t.Errorf("troubles: %v", bad)
	}
	if err := Maildir(t.TempDir(), nil, nil); err == nil || !strings.Contains(err.Error(), "no Maildir") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestMbox(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "mbox"), `From MAILER-DAEMON Thu Jan  1 00:00:00 1970
Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA

This text is part of the internal format.

From bob@example.org Wed May  6 07:08:09 2020
Subject: one
Status: RO
X-Status: AF
X-Keywords: blue
 green
X-UID: 12

>From here on it is quoted, >From is not.
>>From stays with one.

From the middle of a line is no start:

From carol@example.org Sat Jan 02 03:04:05 2021
Date: Sat, 2 Jan 2021 03:04:05 +0000
Subject: two

last line without end`)
	var got []Message
	if err := Mbox(file, "Old", func(m Message) error { got = append(got, m); return nil }, none(t)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d messages: %+v", len(got), got)
	}
	one := string(got[0].Raw)
	if want := "Subject: one\r\n\r\nFrom here on it is quoted, >From is not.\r\n>From stays with one.\r\n"; one != want {
		t.Errorf("got  %q\nwant %q", one, want)
	}
	if !slices.Equal(got[0].Flags, []string{`\Seen`, `\Answered`, `\Flagged`, "blue"}) {
		t.Errorf("flags %q", got[0].Flags)
	}
	if !got[0].Received.Equal(time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC)) {
		t.Errorf("received %v", got[0].Received)
	}
	if !strings.HasSuffix(string(got[2].Raw), "last line without end") || got[2].Mailbox != "Old" {
		t.Errorf("last: %+v", got[2])
	}
	if err := Mbox(write(t, filepath.Join(t.TempDir(), "x"), "hello\n"), "X", nil, nil); err == nil || !strings.Contains(err.Error(), "no mbox file") {
		t.Errorf("no mbox: %v", err)
	}
}

func TestPasswd(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "users"), `# people
ann@example.org:{SSHA}abc==:1000:1000:Ann Arbor,room 3:/home/ann::userdb_quota_rule=*:storage=2G nopassword
ben:$6$salt$hash
cyd@example.org:!:::::: nologin
nonsense
`)
	var got []Account
	var bad []Trouble
	if err := Passwd(file, func(a Account) error { got = append(got, a); return nil }, func(tr Trouble) { bad = append(bad, tr) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Name != "Ann Arbor" || got[0].Quota != 2<<30 || got[0].Hash != "{SSHA}abc==" ||
		got[1].Hash != "$6$salt$hash" || !got[2].Disabled || got[2].Hash != "" {
		t.Errorf("got %+v", got)
	}
	if len(bad) != 1 || !strings.HasSuffix(bad[0].Source, ":5") {
		t.Errorf("troubles %v", bad)
	}
}

func TestLDIF(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "x.ldif"), `version: 1

dn: uid=ann,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Ann
 Arbor
mail: ann@example.org
mail: a.arbor@example.org
mailAlternateAddress: ann@example.com
userPassword:: e1NTSEF9YWJj
mailQuota: 1048576

dn: ou=people,dc=example,dc=org
ou: people

# the last one has no empty line behind it
dn: uid=ben
displayName:: SsO8cmdlbg==
mail: ben@example.org
userPassword: {CRYPT}$6$a$b
photo:< file:///x`)
	var got []Account
	var bad []Trouble
	if err := LDIF(file, func(a Account) error { got = append(got, a); return nil }, func(tr Trouble) { bad = append(bad, tr) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Name != "AnnArbor" || got[0].Hash != "{SSHA}abc" || got[0].Quota != 1<<20 ||
		!slices.Equal(got[0].Aliases, []string{"a.arbor@example.org", "ann@example.com"}) ||
		got[1].Name != "Jürgen" || got[1].Hash != "{CRYPT}$6$a$b" {
		t.Errorf("got %+v", got)
	}
	if len(bad) != 1 || !strings.Contains(bad[0].Err.Error(), "photo") {
		t.Errorf("troubles %v", bad)
	}
}

func FuzzMbox(f *testing.F) {
	f.Add("From a Thu Jan  1 00:00:00 1970\nSubject: x\nStatus: RO\n\nbody\n\nFrom b\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "mbox")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = Mbox(file, "X", func(m Message) error {
			if len(m.Raw) == 0 || m.Mailbox != "X" {
				t.Errorf("an empty message was handed over: %+v", m)
			}
			return nil
		}, func(Trouble) {})
	})
}

// TestMaildirNames has folders that have no message, or whose name is no UTF-8.
func TestMaildirNames(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"cur", "new", ".Empty/cur", ".Empty/new", ".Entw\xfcrfe/cur", ".Entw\xfcrfe/new"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root+"/cur/1.a:2,", "Subject: one\n\n")
	write(t, root+"/.Entw\xfcrfe/new/1.a", "Subject: two\n\n")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := Maildir(link, func(m Message) error {
		if m.Empty != (len(m.Raw) == 0) {
			t.Errorf("%s: empty is %t", m.Source, m.Empty)
		}
		got = append(got, m.Mailbox)
		return nil
	}, none(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"INBOX", "Empty", "Entwürfe"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAccountFileKinds(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]bool{
		"a.ldif": true, "dn: uid=a,dc=b\n": true, "# made by\n\nversion: 1\n": true, "dn:: dWlkPWE=\n": true,
		"dn:{SSHA}abc:1:1\n": false, "ann:{PLAIN}x\n": false, "": false,
	} {
		file := filepath.Join(dir, "a.ldif")
		if name != "a.ldif" {
			file = write(t, filepath.Join(dir, "users"), name)
		}
		if IsLDIF(file) != want {
			t.Errorf("%q: LDIF is %t", name, !want)
		}
	}
	file := write(t, filepath.Join(dir, "users"), "ann:{plain}secret\nben:x:1:1:Ben:/home\n")
	var got []Account
	var bad []Trouble
	if err := Passwd(file, func(a Account) error { got = append(got, a); return nil }, func(tr Trouble) { bad = append(bad, tr) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Password != "secret" || got[0].Hash != "" || len(bad) != 1 || !strings.Contains(bad[0].Err.Error(), "/etc/shadow") {
		t.Errorf("got %+v, %+v", got, bad)
	}
	if err := Passwd(write(t, file, "\x7fELF\x02:\x00\n"), func(Account) error { return nil }, none(t)); err == nil || !strings.Contains(err.Error(), "is no text") {
		t.Errorf("a binary file: %v", err)
	}
}
