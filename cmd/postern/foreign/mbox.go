package foreign

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"postern/fault"
	"postern/wire/mime"
)

// maxMboxMessage bounds one message of an mbox file.
const maxMboxMessage = 1 << 30

// Mbox reads an mbox file (mboxrd and mboxo; RFC 4155). Flags come from the
// fields Status, X-Status and X-Keywords, which are taken out as they are no
// part of what was sent; the date comes from the "From " line. The note that
// some programs keep as the first message is left out.
func Mbox(file, mailbox string, message func(Message) error, trouble func(Trouble)) error {
	f, err := os.Open(file)
	if err != nil {
		return fault.Wrap(fault.NotFound, "import", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	if head, err := r.Peek(5); err == nil && string(head) != "From " { // before a line is read, which may be the whole of another file
		return fault.New(fault.Invalid, "import", "%s is no mbox file: its first line does not begin with \"From \"", file)
	}
	line, number := []byte(nil), 0
	next := func() error {
		line, err = r.ReadBytes('\n')
		number++
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return nil
		}
		return err
	}
	if err := next(); err != nil && !errors.Is(err, io.EOF) {
		return fault.Wrap(fault.Unavailable, "import", err)
	}
	if len(line) == 0 {
		return nil // an empty mailbox
	}
	if !bytes.HasPrefix(line, []byte("From ")) {
		return fault.New(fault.Invalid, "import", "%s is no mbox file: its first line does not begin with \"From \"", file)
	}
	for len(line) > 0 {
		source := fmt.Sprintf("%s:%d", file, number)
		received := fromLineDate(line)
		raw, err := mboxMessage(next, &line)
		if err != nil && !errors.Is(err, io.EOF) {
			return fault.Wrap(fault.Unavailable, "import", err)
		}
		m := mboxFlags(raw)
		m.Mailbox, m.Received, m.Source = mailbox, received, source
		if m.Received.IsZero() {
			m.Received = headerDate(m.Raw)
		}
		switch {
		case len(m.Raw) == 0:
			trouble(Trouble{source, errors.New("the message is empty")})
		case bytes.Contains(m.Raw[:min(len(m.Raw), 2000)], []byte("FOLDER INTERNAL DATA")):
		default:
			if err := message(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// mboxMessage reads up to the next "From " line after an empty line, which
// stays in *line; at the end *line is empty and the error is io.EOF.
func mboxMessage(next func() error, line *[]byte) ([]byte, error) {
	var raw []byte
	blank := false
	for {
		if err := next(); err != nil {
			*line = nil
			return trimMbox(raw), err
		}
		l := *line
		if blank && bytes.HasPrefix(l, []byte("From ")) {
			return trimMbox(raw), nil
		}
		if q := bytes.TrimLeft(l, ">"); len(q) < len(l) && bytes.HasPrefix(q, []byte("From ")) {
			l = l[1:]
		}
		if len(raw)+len(l) > maxMboxMessage {
			return nil, fmt.Errorf("a message of over %d octets", maxMboxMessage)
		}
		raw = append(raw, l...)
		blank = len(bytes.TrimRight(l, "\r\n")) == 0
	}
}

// trimMbox takes off the empty line that separates messages.
func trimMbox(raw []byte) []byte {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if bytes.HasSuffix(raw, []byte(end)) {
			return raw[:len(raw)-len(end)/2]
		}
	}
	return raw
}

func fromLineDate(line []byte) time.Time {
	words := strings.Fields(string(line))
	for i := 2; i < len(words); i++ {
		rest := strings.Join(words[i:], " ")
		for _, layout := range []string{time.ANSIC, "Mon Jan _2 15:04:05 -0700 2006", "Mon Jan _2 15:04:05 MST 2006", time.RFC1123Z, "Mon Jan _2 15:04 2006"} {
			if t, err := time.Parse(strings.ReplaceAll(layout, "_2", "2"), rest); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

func headerDate(raw []byte) time.Time {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for l := range bytes.SplitSeq(head, []byte("\r\n")) {
		if name, value, ok := bytes.Cut(l, []byte(":")); ok && strings.EqualFold(string(name), "Date") {
			if t, ok := mime.ParseDate(strings.TrimSpace(string(value))); ok {
				return t
			}
		}
	}
	return time.Time{}
}

// mboxFlags takes the fields that mbox programs keep flags in out of the
// header and turns them into flags.
func mboxFlags(raw []byte) Message {
	raw = crlf(raw)
	var m Message
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if end < 0 {
		end = len(raw)
	} else {
		end += 2
	}
	letters := map[rune]string{'R': `\Seen`, 'A': `\Answered`, 'F': `\Flagged`, 'T': `\Draft`, 'D': `\Deleted`}
	kept := make([]byte, 0, len(raw))
	keep := true
	for l := range bytes.SplitAfterSeq(raw[:end], []byte("\n")) {
		if len(l) > 0 && l[0] != ' ' && l[0] != '\t' {
			name, value, _ := bytes.Cut(l, []byte(":"))
			keep = true
			switch strings.ToLower(string(name)) {
			case "status", "x-status":
				for _, c := range string(value) {
					if f := letters[c]; f != "" {
						m.Flags = append(m.Flags, f)
					}
				}
				keep = false
			case "x-keywords":
				m.Flags = append(m.Flags, strings.Fields(string(value))...)
				keep = false
			case "x-uid", "x-imap", "x-imapbase", "content-length":
				keep = false
			}
		}
		if keep {
			kept = append(kept, l...)
		}
	}
	m.Raw = append(kept, raw[end:]...)
	return m
}
