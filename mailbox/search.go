package mailbox

import (
	"context"
	"io"
	"slices"
	"strings"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/wire/mime"
)

// Search lists the UIDs of the view's snapshot that match, ascending. What the
// rows in memory decide is decided by them, then what the summaries decide;
// only what is left is read. Messages that are gone or damaged match only by
// what is known of them.
func (v *View) Search(ctx context.Context, q *Query) ([]mail.UID, error) {
	const op = "mailbox.Search"
	if err := v.s.allow(op, grant.Read); err != nil {
		return nil, err
	}
	p, err := compile(q, v.snap, v.s.acct.e.now())
	if err != nil {
		return nil, err
	}
	var found, open []mail.UID
	for seq, row := range v.snap.Rows(1, v.snap.n) {
		if seq%4096 == 0 && ctx.Err() != nil {
			return nil, canceled(ctx, op)
		}
		switch p.eval(p.root, &candidate{row: row}) {
		case yes:
			found = append(found, row.UID)
		case maybe:
			open = append(open, row.UID)
		case no:
		}
	}
	if p.level > levelSummary && p.lowest() <= levelSummary {
		if found, open, err = v.decide(ctx, p, open, found, WantSummary, nil); err != nil {
			return nil, fault.In(op, err)
		}
	}
	want, scan := WantSummary, (*scanner)(nil)
	if p.level > levelSummary {
		want, scan = WantSummary|WantBody, newScanner(p)
	}
	if found, _, err = v.decide(ctx, p, open, found, want, scan); err != nil {
		return nil, fault.In(op, err)
	}
	slices.Sort(found)
	return found, nil
}

// lowest is the least level above the rows.
func (p *program) lowest() int { return lowest(p.root) }

func lowest(n *node) int {
	l := levelText + 1
	if n.level > levelRow {
		l = n.level
	}
	for _, s := range n.subs {
		l = min(l, lowest(s))
	}
	return l
}

// decide reads messages and adds those that match to found; what stays
// undecided is left.
func (v *View) decide(ctx context.Context, p *program, open, found []mail.UID, want Want, scan *scanner) (_, left []mail.UID, err error) {
	if len(open) == 0 {
		return found, nil, nil
	}
	err = v.Fetch(ctx, open, want, func(m *Message) error {
		if ctx.Err() != nil {
			return canceled(ctx, "mailbox.Search")
		}
		seq, _ := v.snap.Find(m.UID)
		c := &candidate{row: v.snap.Row(seq), msg: m}
		t := p.eval(p.root, c)
		if t == maybe && scan != nil {
			if err := scan.search(ctx, c); err != nil {
				return err
			}
			t = p.eval(p.root, c)
		}
		switch t {
		case yes:
			found = append(found, m.UID)
		case maybe:
			left = append(left, m.UID)
		case no:
		}
		return nil
	})
	return found, left, err
}

// scanner searches headers and texts of messages for all of a program's leaves
// at once.
type scanner struct {
	p          *program
	headers    []*node
	body, text []*node
	inBody     *finder // of the BODY keys
	inText     *finder // of the TEXT keys
}

func newScanner(p *program) *scanner {
	s := &scanner{p: p}
	var bodies, texts [][]byte
	for _, n := range p.leaves {
		switch n.q.Op {
		case QueryBody:
			s.body, bodies = append(s.body, n), append(bodies, n.needle)
		case QueryText:
			s.text, texts = append(s.text, n), append(texts, n.needle)
		default:
			s.headers = append(s.headers, n)
		}
	}
	s.inBody, s.inText = newFinder(bodies), newFinder(texts)
	return s
}

// search fills c.leaves. A message that cannot be read has no matches.
func (s *scanner) search(ctx context.Context, c *candidate) error {
	c.leaves = make([]bool, len(s.p.leaves))
	s.inBody.restart()
	s.inText.restart()
	err := s.message(ctx, c)
	if err != nil && !fault.Is(err, fault.Damaged) && !fault.Is(err, fault.Expunged) {
		return err
	}
	for i, n := range s.body {
		c.leaves[n.leaf] = s.inBody.found[i]
	}
	for i, n := range s.text {
		c.leaves[n.leaf] = s.inText.found[i]
	}
	return nil
}

func (s *scanner) message(ctx context.Context, c *candidate) error {
	root, err := c.msg.Tree()
	if err != nil {
		return err
	}
	r, err := c.msg.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // nothing was written
	err = s.header(r, root, func(name, value string) {
		for _, n := range s.headers {
			if strings.EqualFold(n.q.Field, name) && !c.leaves[n.leaf] {
				c.leaves[n.leaf] = n.inText(value)
			}
		}
		s.inText.text(name + ": " + value)
	})
	if err != nil || s.p.level < levelText {
		return err
	}
	return s.part(ctx, r, root)
}

// maxHeader bounds what is read of one header.
const maxHeader = 16 << 20

// header gives the fields of a part's header, decoded.
func (s *scanner) header(r Reader, p *mime.Part, fn func(name, value string)) error {
	n := min(p.BodyStart-p.HeaderStart, maxHeader)
	if n <= 0 {
		return nil
	}
	raw := make([]byte, n)
	if k, err := r.ReadAt(raw, p.HeaderStart); int64(k) < n {
		return readError(err)
	}
	for name, field := range mime.HeaderFields(raw) {
		if len(name) > 0 {
			fn(string(name), mime.DecodeHeader(mime.FieldValue(field)))
		}
	}
	return nil
}

// part searches what is in a part, without its own header. Headers of parts
// count for TEXT (RFC 9051 §6.4.4: "including MIME header fields"), those of
// embedded messages also for BODY, since they are in the body.
func (s *scanner) part(ctx context.Context, r Reader, p *mime.Part) error {
	if ctx.Err() != nil {
		return canceled(ctx, "mailbox.Search")
	}
	if s.inBody.all() && s.inText.all() {
		return nil
	}
	if p.IsMessage() {
		root := p.Embedded.Root
		err := s.header(r, root, func(name, value string) {
			s.inBody.text(name + ": " + value)
			s.inText.text(name + ": " + value)
		})
		if err != nil {
			return err
		}
		return s.part(ctx, r, root)
	}
	for _, child := range p.Children {
		err := s.header(r, child, func(name, value string) { s.inText.text(name + ": " + value) })
		if err != nil {
			return err
		}
		if err := s.part(ctx, r, child); err != nil {
			return err
		}
	}
	if p.IsMultipart() || !isText(p) {
		return nil
	}
	for _, f := range []*finder{s.inBody, s.inText} {
		if f.all() {
			continue
		}
		decoded, err := decodedText(ctx, r, p)
		if err != nil {
			return err
		}
		if err := f.read(decoded); err != nil && fault.KindOf(err) != fault.Internal {
			return err
		}
	}
	return nil
}

// isText tells what has text to search: attachments in other formats have
// none that a substring would be found in as a person sees it.
func isText(p *mime.Part) bool {
	switch p.Type {
	case "text":
		return true
	case "message": // delivery-status and its kin
		return true
	case "application":
		return p.Subtype == "json" || p.Subtype == "xml" || strings.HasSuffix(p.Subtype, "+json") || strings.HasSuffix(p.Subtype, "+xml")
	}
	return false
}

// decodedText reads a part as UTF-8. With an unknown encoding it is searched
// as it is.
func decodedText(ctx context.Context, r Reader, p *mime.Part) (io.Reader, error) {
	raw := &cancelable{ctx.Err, section(r, p.BodyStart, p.BodyEnd)}
	decoded, err := mime.NewTransferDecoder(p.Encoding, raw)
	if err != nil {
		decoded = raw
	}
	charset := p.Charset()
	if p.Type != "text" {
		if _, ok := p.Params.Get("charset"); !ok {
			charset = "utf-8"
		}
	}
	text, _ := mime.NewCharsetReader(charset, decoded)
	return text, nil
}

// cancelable ends a reader with its context.
type cancelable struct {
	ended func() error
	r     io.Reader
}

func (c *cancelable) Read(p []byte) (int, error) {
	if err := c.ended(); err != nil {
		return 0, fault.Wrap(fault.Canceled, "mailbox.Search", err)
	}
	return c.r.Read(p)
}
