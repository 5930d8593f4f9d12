package foreign

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"postern/fault"
)

// Account is one account found in a file.
type Account struct {
	Address  string // "name" alone if the file has no domain
	Name     string
	Aliases  []string
	Hash     string // with its {SCHEME} or $id$
	Password string // where the file has the password itself; then Hash is empty
	Quota    int64  // octets; 0 is none
	Disabled bool
	Source   string
}

// maxAccountLine bounds a line of an account file.
const maxAccountLine = 1 << 20

// Passwd reads a Dovecot passwd-file: user:password:uid:gid:gecos:home:shell:
// extra fields, of which quota_rule, userdb_quota_rule and nologin are used.
func Passwd(file string, account func(Account) error, trouble func(Trouble)) error {
	return lines(file, func(n int, line string) error {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			return nil
		}
		source := fmt.Sprintf("%s:%d", file, n)
		if !text(line) {
			return fault.New(fault.Invalid, "import", "%s is no passwd-file: the line is no text", source)
		}
		f := strings.Split(line, ":")
		if len(f) < 2 || f[0] == "" {
			trouble(Trouble{source, errors.New("want user:password and more fields divided by colons")})
			return nil
		}
		a := Account{Address: f[0], Hash: f[1], Source: source}
		if a.Hash == "x" && len(f) > 5 {
			trouble(Trouble{source, errors.New("the password \"x\" says that it is in another file, such as /etc/shadow; give that one")})
			return nil
		}
		if a.Hash == "" || a.Hash == "*" || strings.HasPrefix(a.Hash, "!") {
			a.Hash, a.Disabled = "", true
		}
		a.openPassword()
		if len(f) > 4 {
			a.Name, _, _ = strings.Cut(f[4], ",")
		}
		if len(f) > 7 {
			for _, extra := range strings.Fields(strings.Join(f[7:], ":")) {
				key, value, _ := strings.Cut(extra, "=")
				switch strings.TrimPrefix(key, "userdb_") {
				case "quota_rule":
					a.Quota = quotaRule(value)
				case "nologin":
					a.Disabled = true
				}
			}
		}
		return account(a)
	})
}

// openPassword takes a password out of a scheme that hides nothing.
func (a *Account) openPassword() {
	for _, scheme := range []string{"{PLAIN}", "{CLEARTEXT}"} {
		if len(a.Hash) > len(scheme) && strings.EqualFold(a.Hash[:len(scheme)], scheme) {
			a.Hash, a.Password = "", a.Hash[len(scheme):]
		}
	}
}

// text tells whether a line may be shown: UTF-8 without control characters.
func text(line string) bool {
	return utf8.ValidString(line) && strings.IndexFunc(line, unicode.IsControl) < 0
}

// IsLDIF tells whether a file is LDIF, by its name or its first line: "dn:" or
// "version:" (RFC 2849).
func IsLDIF(file string) bool {
	if strings.HasSuffix(strings.ToLower(file), ".ldif") {
		return true
	}
	found := false
	_ = lines(file, func(_ int, line string) error {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			return nil
		}
		name, value, _ := strings.Cut(line, ":")
		found = (strings.EqualFold(name, "dn") && (strings.HasPrefix(value, " ") || strings.HasPrefix(value, ":"))) || (strings.EqualFold(name, "version") && strings.TrimSpace(value) == "1")
		return io.EOF // one line is enough
	})
	return found
}

// quotaRule reads Dovecot's "*:storage=1G" and "*:bytes=…".
func quotaRule(rule string) int64 {
	for _, w := range strings.FieldsFunc(rule, func(r rune) bool { return r == ':' || r == ',' }) {
		key, value, ok := strings.Cut(w, "=")
		if !ok || (key != "storage" && key != "bytes") {
			continue
		}
		unit := int64(1)
		if key == "storage" {
			unit = 1 << 10
		}
		if i := strings.IndexAny(value, "bBkKmMgGtT"); i >= 0 {
			unit = map[byte]int64{'b': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30, 't': 1 << 40}[value[i]|0x20]
			value = value[:i]
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 && n < 1<<52/unit {
			return n * unit
		}
	}
	return 0
}

// LDIF reads entries (RFC 2849) of people: mail is the address, the first
// value being the primary one, mailAlternateAddress and mailLocalAddress are
// aliases, cn the name, userPassword the hash, mailQuota octets. Entries
// without mail (groups, units) are passed over.
func LDIF(file string, account func(Account) error, trouble func(Trouble)) error {
	var a Account
	filled := false
	flush := func() error {
		defer func() { a, filled = Account{}, false }()
		if !filled || a.Address == "" {
			return nil
		}
		return account(a)
	}
	var logical string
	at := 0
	take := func() error {
		line := logical
		logical = ""
		if line == "" {
			return nil
		}
		name, value, err := ldifValue(line)
		if err != nil {
			trouble(Trouble{fmt.Sprintf("%s:%d", file, at), err})
			return nil //nolint:nilerr // told; the next line may be good
		}
		ldifField(&a, name, value, fmt.Sprintf("%s:%d", file, at))
		filled = true
		return nil
	}
	err := lines(file, func(n int, line string) error {
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, " ") {
			logical += line[1:]
			return nil
		}
		if err := take(); err != nil {
			return err
		}
		if line == "" {
			return flush()
		}
		if !strings.HasPrefix(line, "#") {
			logical, at = line, n
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := take(); err != nil {
		return err
	}
	return flush()
}

func ldifValue(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return "", "", fmt.Errorf("%.40q is no \"name: value\"", line)
	}
	name, _, _ = strings.Cut(strings.ToLower(name), ";")
	if b64, ok := strings.CutPrefix(value, ":"); ok {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(b64))
		if err != nil {
			return "", "", fmt.Errorf("%s: the value is no base64", name)
		}
		return name, string(raw), nil
	}
	if strings.HasPrefix(value, "<") {
		return "", "", fmt.Errorf("%s: values in other files are not read", name)
	}
	return name, strings.TrimSpace(value), nil
}

func ldifField(a *Account, name, value, source string) {
	switch name {
	case "dn":
		a.Source = source
	case "mail":
		if a.Address == "" {
			a.Address = value
		} else {
			a.Aliases = append(a.Aliases, value)
		}
	case "mailalternateaddress", "maillocaladdress", "mailalias":
		a.Aliases = append(a.Aliases, value)
	case "cn":
		if a.Name == "" {
			a.Name = value
		}
	case "displayname":
		a.Name = value
	case "userpassword":
		if a.Hash == "" && a.Password == "" {
			a.Hash = value
			a.openPassword()
		}
	case "mailquota", "mailquotasize":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 {
			a.Quota = n
		}
	}
}

func lines(file string, fn func(n int, line string) error) error {
	f, err := os.Open(file)
	if err != nil {
		return fault.Wrap(fault.NotFound, "import", err)
	}
	defer f.Close()
	r := bufio.NewReader(io.LimitReader(f, 1<<32))
	for n := 1; ; n++ {
		line, err := r.ReadString('\n')
		if len(line) > maxAccountLine {
			return fault.New(fault.TooLarge, "import", "%s:%d: a line of over %d octets", file, n, maxAccountLine)
		}
		if line != "" {
			if err := fn(n, strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(fault.Unavailable, "import", err)
		}
	}
}
