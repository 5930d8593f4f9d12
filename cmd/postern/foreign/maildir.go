package foreign

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postern/fault"
	"postern/wire/imapwire"
)

// Maildir reads a Maildir and its folders: the Maildir++ form (".Sent",
// ".Lists.Go") and the file-system form ("Sent/", "Lists/Go/") that Dovecot
// writes. Flags come from the file names and dovecot-keywords, the date from
// the file's time, as Dovecot has it. Messages come folder by folder, each in
// the order of their names.
func Maildir(root string, message func(Message) error, trouble func(Trouble)) error {
	if !isMaildir(root) {
		return fault.New(fault.Invalid, "import", "%s is no Maildir: it has no folders \"cur\" and \"new\"", root)
	}
	root, err := filepath.EvalSymlinks(root) // WalkDir would not go into a link
	if err != nil {
		return fault.Wrap(fault.NotFound, "import", err)
	}
	var folders []string
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			trouble(Trouble{p, err})
			return nil //nolint:nilerr // told; the other folders may be good
		}
		if d.IsDir() {
			if n := d.Name(); n == "cur" || n == "new" || n == "tmp" {
				return fs.SkipDir
			}
			if isMaildir(p) {
				folders = append(folders, p)
			}
		}
		return nil
	})
	if err != nil {
		return fault.Wrap(fault.Unavailable, "import", err)
	}
	for _, f := range folders {
		if err := maildirFolder(root, f, message, trouble); err != nil {
			return err
		}
	}
	return nil
}

func isMaildir(p string) bool {
	for _, n := range []string{"cur", "new"} {
		if st, err := os.Stat(filepath.Join(p, n)); err != nil || !st.IsDir() {
			return false
		}
	}
	return true
}

// maildirName is the mailbox of a folder. Names are modified UTF-7 (RFC 3501
// §5.1.3) unless they are UTF-8 already; octets that are neither are taken as
// Latin-1, so that the mail comes in under a name that people can read.
func maildirName(root, folder string) string {
	rel, err := filepath.Rel(root, folder)
	if err != nil || rel == "." {
		return "INBOX"
	}
	rel = filepath.ToSlash(rel)
	if plus, ok := strings.CutPrefix(rel, "."); ok {
		rel = strings.ReplaceAll(plus, ".", "/")
	}
	if name, ok := imapwire.DecodeUTF7(rel); ok {
		return name
	}
	if !utf8.ValidString(rel) {
		runes := make([]rune, len(rel))
		for i := range len(rel) {
			runes[i] = rune(rel[i])
		}
		return string(runes)
	}
	return rel
}

func maildirFolder(root, folder string, message func(Message) error, trouble func(Trouble)) error {
	name, empty := maildirName(root, folder), true
	keywords := maildirKeywords(folder)
	for _, sub := range []string{"cur", "new"} {
		entries, err := os.ReadDir(filepath.Join(folder, sub))
		if err != nil {
			trouble(Trouble{filepath.Join(folder, sub), err})
			continue
		}
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return compareMaildir(a.Name(), b.Name()) })
		for _, e := range entries {
			if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			p := filepath.Join(folder, sub, e.Name())
			m, err := maildirMessage(p, e, keywords)
			if err != nil {
				trouble(Trouble{p, err})
				continue
			}
			m.Mailbox, empty = name, false
			if err := message(m); err != nil {
				return err
			}
		}
	}
	if empty {
		return message(Message{Mailbox: name, Source: folder, Empty: true})
	}
	return nil
}

// compareMaildir orders by the delivery time that file names begin with.
func compareMaildir(a, b string) int {
	x, y := leadingNumber(a), leadingNumber(b)
	if x != y {
		if x < y {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

func leadingNumber(s string) int64 {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func maildirMessage(p string, e fs.DirEntry, keywords map[byte]string) (Message, error) {
	raw, err := os.ReadFile(p)
	if err != nil {
		return Message{}, err
	}
	if len(raw) == 0 {
		return Message{}, errors.New("the file is empty")
	}
	info, err := e.Info()
	if err != nil {
		return Message{}, err
	}
	m := Message{Received: info.ModTime().Truncate(time.Second), Source: p, Raw: crlf(raw)}
	_, flags, _ := strings.Cut(e.Name(), ":2,")
	flags, _, _ = strings.Cut(flags, ",") // "S=…" and the like may follow
	known := map[byte]string{'S': `\Seen`, 'R': `\Answered`, 'F': `\Flagged`, 'T': `\Deleted`, 'D': `\Draft`, 'P': "$Forwarded"}
	for i := range len(flags) {
		if name := known[flags[i]]; name != "" {
			m.Flags = append(m.Flags, name)
		} else if k := keywords[flags[i]]; k != "" {
			m.Flags = append(m.Flags, k)
		}
	}
	return m, nil
}

// maildirKeywords reads Dovecot's table of keywords: "0 $Junk" is letter a.
func maildirKeywords(folder string) map[byte]string {
	out := map[byte]string{}
	f, err := os.Open(filepath.Join(folder, "dovecot-keywords"))
	if err != nil {
		return out
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var n int
		var name string
		if _, err := fmt.Sscanf(s.Text(), "%d %s", &n, &name); err == nil && n >= 0 && n < 26 {
			out[byte('a'+n)] = name
		}
	}
	return out
}
