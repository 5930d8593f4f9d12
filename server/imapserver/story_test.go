package imapserver_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestStories plays the conversations of testdata/stories. In the file "story"
// of an archive each line is
//
//	C: text      the client sends it; C2: is the second client, and so on
//	S: pattern   the server's next line; ... stands for anything within a line
//	S: ...       alone: any lines up to the one that the next pattern fits
//
// In C: {=name} and {+name} send another file of the archive as a literal, the
// first after waiting for "+", the second without. <word> in S: takes one word
// (and must find the same later), in C: sends it. Clients sign in by
// themselves, as alice, unless the archive's comment says "by hand".
func TestStories(t *testing.T) {
	for _, name := range testdata(t, "stories/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			comment, parts := archive(readFile(t, name))
			opts := []option{}
			if strings.Contains(comment, "no plaintext") {
				opts = append(opts, withoutPlaintext)
			}
			p := &player{
				t: t, h: newHouse(t, opts...), files: make(map[string]string), words: make(map[string]string),
				clients: make(map[string]*client), byHand: strings.Contains(comment, "by hand"),
			}
			story := ""
			for n, data := range parts {
				if n == "story" {
					story = data
					continue
				}
				p.files[n] = crlf(data)
			}
			p.play(story)
		})
	}
}

// archive takes a txtar archive apart.
func archive(b []byte) (comment string, files map[string]string) {
	files = make(map[string]string)
	name := ""
	for l := range strings.Lines(string(b)) {
		if n, is := strings.CutPrefix(l, "-- "); is && strings.HasSuffix(n, " --\n") {
			name = strings.TrimSuffix(n, " --\n")
			files[name] = ""
			continue
		}
		if name == "" {
			comment += l
		} else {
			files[name] += l
		}
	}
	return comment, files
}

// player plays one story.
type player struct {
	t       *testing.T
	h       *house
	files   map[string]string
	words   map[string]string
	clients map[string]*client
	byHand  bool
	line    int
	any     map[string]bool // the client's next pattern may be lines away
}

func (p *player) play(story string) {
	p.any = make(map[string]bool)
	for i, l := range strings.Split(story, "\n") {
		p.line = i + 1
		if l == "S: +" {
			l = "S: + " // editors take the space away
		}
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		who, text, found := strings.Cut(l, ":")
		text = strings.TrimPrefix(text, " ")
		if !found || len(who) > 2 {
			p.t.Fatalf("line %d: %q is neither C: nor S:", p.line, l)
		}
		c := p.client(who[1:])
		switch who[0] {
		case 'C':
			p.say(c, p.fill(text))
		case 'S':
			p.hear(c, who[1:], text)
		default:
			p.t.Fatalf("line %d: %q is neither C: nor S:", p.line, l)
		}
	}
}

func (p *player) client(who string) *client {
	c := p.clients[who]
	if c == nil {
		if c = p.h.dial(); !p.byHand {
			c.ok("LOGIN alice secret")
		}
		p.clients[who] = c
	}
	return c
}

var wordPattern = regexp.MustCompile(`<([a-z][a-z0-9]*)>`)

func (p *player) fill(s string) string {
	return wordPattern.ReplaceAllStringFunc(s, func(w string) string {
		if v, known := p.words[w[1:len(w)-1]]; known {
			return v
		}
		return w
	})
}

var literalPattern = regexp.MustCompile(`\{([=+])([a-z0-9.]+)\}`)

// say sends one line with its literals.
func (p *player) say(c *client, text string) {
	for {
		m := literalPattern.FindStringSubmatchIndex(text)
		if m == nil {
			c.send(text + "\r\n")
			return
		}
		body, known := p.files[text[m[4]:m[5]]]
		if !known {
			p.t.Fatalf("line %d: no file %q", p.line, text[m[4]:m[5]])
		}
		if text[m[2]:m[3]] == "+" {
			c.send(fmt.Sprintf("%s{%d+}\r\n%s", text[:m[0]], len(body), body))
		} else {
			c.send(fmt.Sprintf("%s{%d}\r\n", text[:m[0]], len(body)))
			if l := c.line(); !strings.HasPrefix(l, "+ ") {
				p.t.Fatalf("line %d: wanted a go-ahead, got %q", p.line, l)
			}
			c.send(body)
		}
		text = text[m[1]:]
	}
}

// hear reads the line that a pattern fits.
func (p *player) hear(c *client, who, pattern string) {
	if pattern == "..." {
		p.any[who] = true
		return
	}
	if pattern == "(closed)" {
		if l, err := c.tryLine(); err == nil {
			p.t.Fatalf("line %d: wanted the end, got %q", p.line, l)
		}
		return
	}
	re, names := p.compile(pattern)
	var skipped []string
	for {
		got, err := c.tryLine()
		if err != nil {
			p.t.Fatalf("line %d: wanted %q: %v\nafter %s\nlog:\n%s", p.line, pattern, err, strings.Join(skipped, "\n"), p.h.log)
		}
		if m := re.FindStringSubmatch(got); m != nil {
			for i, n := range names {
				p.words[n] = m[i+1]
			}
			break
		}
		if !p.any[who] {
			p.t.Fatalf("line %d:\nwant %s\ngot  %s\nlog:\n%s", p.line, p.fill(pattern), got, p.h.log)
		}
		skipped = append(skipped, got)
	}
	p.any[who] = false
}

// compile turns a pattern into a regular expression and the words it finds.
func (p *player) compile(pattern string) (re *regexp.Regexp, names []string) {
	q := regexp.QuoteMeta(p.fill(pattern))
	q = wordPattern.ReplaceAllStringFunc(q, func(w string) string {
		names = append(names, w[1:len(w)-1])
		return `([^ ()\]]+)`
	})
	q = strings.ReplaceAll(q, `\.\.\.`, `.*`)
	return regexp.MustCompile("^" + q + "$"), names
}
