package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/fault"
)

const good = `
data = "data"
hostname = "mail.example.org"
domains = ["example.org"]

[listeners.imaps]
protocol = "imap"
address = "127.0.0.1:993"
tls = "implicit"

[tls]
certificate = "cert.pem"
key = "key.pem"

[mailbox]
message_size = 1048576
index_memory = "64 MiB"

[signin]
log_retention = "30d"
`

func TestParse(t *testing.T) {
	c, err := Parse("/etc/postern/postern.toml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/etc/postern/data" || c.Admin.Socket != "/etc/postern/data/admin.sock" {
		t.Errorf("relative paths: data %q, socket %q", c.Data, c.Admin.Socket)
	}
	if c.Mailbox.MessageSize != 1<<20 || c.Mailbox.IndexMemory != 64<<20 || c.SignIn.LogRetention != Duration(30*24*time.Hour) {
		t.Errorf("values: %+v %+v", c.Mailbox, c.SignIn)
	}
	if c.Limits.IdleTime != Duration(30*time.Minute) || c.Listeners["imaps"].Connections != 10000 {
		t.Errorf("defaults: %+v %+v", c.Limits, c.Listeners)
	}
}

func TestProblemsNameFileLineKeyAndRemedy(t *testing.T) {
	for _, tc := range []struct{ name, from, to, want string }{
		{"unknown key", `tls = "implicit"`, "tsl = \"implicit\"", `f:9: listeners.imaps.tsl: there is no such setting; did you mean listeners.NAME.tls?`},
		{"bad mode", `tls = "implicit"`, `tls = "maybe"`, `f:9: listeners.imaps.tls: "maybe" is no mode; write "implicit", "starttls", "none"`},
		{"bad protocol", `protocol = "imap"`, `protocol = "gopher"`, `f:7: listeners.imaps.protocol: "gopher" is not served; write "imap"`},
		{"bad address", `"127.0.0.1:993"`, `"993"`, `f:8: listeners.imaps.address: "993" is no host and port`},
		{"no TLS off loopback", "\"127.0.0.1:993\"\ntls = \"implicit\"", "\"[::]:143\"\ntls = \"none\"", `f:9: listeners.imaps.tls: "none" is for loopback only`},
		{"no certificate", `certificate = "cert.pem"`, ``, `f:9: listeners.imaps.tls: there is no certificate; set tls.certificate and tls.key`},
		{"bad size", `"64 MiB"`, `"64 MiBs"`, `"64 MiBs" is not a size; write a number of octets or one with a unit, such as "64 MiB"`},
		{"a number for text", `hostname = "mail.example.org"`, `hostname = 3`, `f:3: hostname: is a number; write text in quotes`},
		{"text for a list", `["example.org"]`, `"example.org"`, `f:4: domains: is text; write a list of texts`},
		{"text for a number", `tls = "implicit"`, "tls = \"implicit\"\nconnections = \"many\"", `f:10: listeners.imaps.connections: is text; write a whole number`},
		{"a size below 0", `1048576`, `-1`, `f:16: mailbox.message_size: "-1" is not a size`},
		{"a size that is none", `1048576`, `true`, `f:16: mailbox.message_size: is true or false; write a number of octets`},
		{"a time without unit", `"30d"`, `30`, `f:20: signin.log_retention: is a number without a unit; write text such as "30s" for seconds`},
		{"a port that is none", `127.0.0.1:993`, `127.0.0.1:99333`, `f:8: listeners.imaps.address: "127.0.0.1:99333" has no port from 1 to 65535`},
		{"a host that is none", `127.0.0.1:993`, `my host:993`, `f:8: listeners.imaps.address: "my host:993" is no host and port`},
		{"one address twice", `[mailbox]`, "[metrics]\naddress = \"127.0.0.1:993\"\n[mailbox]", `f:16: metrics.address: 127.0.0.1:993 is taken by listeners.imaps`},
		{"an unknown table", `[mailbox]`, "[smtp]\nx = 1\n[mailbox]", `f:15: smtp: there is no such setting; docs/config.md lists them all`},
		{"missing data", `data = "data"`, ``, `f: data: is missing; name the folder`},
		{"bad syntax", `[tls]`, `[tls`, `f:11`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(good, tc.from, tc.to, 1)
			if text == good {
				t.Fatal("the case changes nothing")
			}
			_, err := Parse("f", []byte(text))
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestByteOrderMark(t *testing.T) {
	if _, err := Parse("f", []byte("\xef\xbb\xbf"+good)); err != nil {
		t.Error(err)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("f", []byte("[listeners.a]\nprotocol='x'\naddress='y'\ntls='z'\n"))
	var first *Problem
	if !errors.As(err, &first) {
		t.Fatalf("no Problem in %v", err)
	}
	if n := strings.Count(err.Error(), "f"); n < 5 {
		t.Errorf("want every problem, got %v", err)
	}
}

func TestLoadOfNothing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.toml"))
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "postern setup") {
		t.Errorf("got %v", err)
	}
}

func TestSizesAndDurations(t *testing.T) {
	for in, want := range map[string]Size{"0": 0, "12": 12, "1.5 KiB": 1536, "2MB": 2e6, "3 GiB": 3 << 30} {
		if got, err := ParseSize(in); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "x", "-1", "1 parsec", "9e99 TiB"} {
		if got, err := ParseSize(in); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", in, got)
		}
	}
	for _, s := range []Size{0, 1, 1024, 3 << 20, 5<<30 + 1} {
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Errorf("%d does not come back: %d, %v", s, got, err)
		}
	}
	for in, want := range map[string]time.Duration{"90d": 90 * 24 * time.Hour, "1h30m": 90 * time.Minute, "0s": 0} {
		if got, err := ParseDuration(in); err != nil || time.Duration(got) != want {
			t.Errorf("ParseDuration(%q) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "5", "-3s", "d", "NaNd", "1y"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("[listeners]\nx = 1\n[[tls]]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse("f", raw)
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v and error %v", c, err)
		}
	})
}

func TestReferenceIsUpToDate(t *testing.T) {
	raw, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Keys() {
		if !strings.Contains(string(raw), "`"+k+"`") {
			t.Errorf("docs/config.md does not name %s; run go generate ./config", k)
		}
	}
}
