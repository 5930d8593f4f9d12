package adminserver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/signin/grant"
)

// ImportHeader stands before each message of an import, as one line of JSON;
// Size octets of message follow it.
type ImportHeader struct {
	Mailbox    string    `json:"mailbox"`
	Flags      []string  `json:"flags,omitempty"`
	Received   time.Time `json:"received"`
	Size       int64     `json:"size"`
	Source     string    `json:"source,omitempty"`     // where it comes from, for messages to people
	SpecialUse []string  `json:"specialUse,omitempty"` // for the mailbox, if it must be made
	Empty      bool      `json:"empty,omitempty"`      // there is no message; only the mailbox must be there
}

// ImportProgress is one line of the answer; counts are since the beginning.
// The last line has Done set.
type ImportProgress struct {
	Imported int    `json:"imported"`
	Present  int    `json:"present"` // were there already
	Failed   int    `json:"failed"`
	Source   string `json:"source,omitempty"` // of the message that Error is about
	Error    string `json:"error,omitempty"`
	Done     bool   `json:"done,omitempty"`
}

const (
	importBatch      = 100     // messages of one transaction at most
	importBatchBytes = 8 << 20 // octets of one transaction, except for one message alone
)

// importMail takes a stream of headers and messages. What is in the mailbox
// already, octet by octet, is not put there again: a message that the stream
// has twice is there twice in the end, however often the import is run. So an
// import that broke off is simply run again.
func (d *door) importMail(q *request) error {
	a, err := d.account(q)
	if err != nil {
		return err
	}
	if err := http.NewResponseController(q.w).EnableFullDuplex(); err != nil {
		return fault.Wrap(fault.Internal, "adminserver.import", err)
	}
	// net/http panics when it looks for a further call behind a stream that was
	// answered before its end.
	q.w.Header().Set("Connection", "close")
	err = d.open(q, a.ID, "import", grant.Read|grant.Insert|grant.Flag|grant.Manage, func(s *mailbox.Session) error {
		im := &importer{
			ctx: q.Context(), session: s, say: func(p ImportProgress) error { return q.line(p) },
			limit: d.Mailboxes.Limits().MessageBytes, present: map[string]map[[32]byte]int{},
		}
		return im.run(bufio.NewReaderSize(q.Body, 1<<16))
	})
	if err != nil {
		d.fail(q, err)
		q.linger()
	}
	return nil
}

// lingerTime is how long a client that is still sending has to read why its
// stream is not taken.
const lingerTime = 5 * time.Second

// linger throws away what still comes once the answer is out: closing at once
// would make the client's kernel throw away the answer.
func (q *request) linger() {
	c := http.NewResponseController(q.w)
	if c.Flush() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.Copy(io.Discard, q.Body)
	}
}

type importer struct {
	ctx     context.Context //nolint:containedctx // the importer lives as long as one call
	session *mailbox.Session
	say     func(ImportProgress) error
	limit   int64
	sum     ImportProgress

	// present counts, for each mailbox, the copies that are there and not yet
	// accounted for by the stream.
	present map[string]map[[32]byte]int
	batch   []importMessage // all for one mailbox
	bytes   int64
}

type importMessage struct {
	ImportHeader
	raw []byte
}

func (im *importer) run(r *bufio.Reader) error {
	for {
		h, err := readImportHeader(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(im.flush(), err)
		}
		if h.Empty {
			if err := im.empty(h); err != nil {
				return err
			}
			continue
		}
		if h.Size > im.limit {
			if _, err := io.CopyN(io.Discard, r, h.Size); err != nil {
				return errors.Join(im.flush(), broken(err))
			}
			if err := im.failed(h.Source, fault.New(fault.TooLarge, "import", "%d octets, over the limit of %d", h.Size, im.limit)); err != nil {
				return err
			}
			continue
		}
		raw := make([]byte, h.Size)
		if _, err := io.ReadFull(r, raw); err != nil {
			return errors.Join(im.flush(), broken(err))
		}
		if err := im.take(importMessage{h, raw}); err != nil {
			return err
		}
	}
	if err := im.flush(); err != nil {
		return err
	}
	im.sum.Done = true
	return im.say(im.sum)
}

// empty makes sure of a mailbox that no message comes for.
func (im *importer) empty(h ImportHeader) error {
	if _, err := im.inMailbox(h); err != nil {
		return im.failed(h.Source, err)
	}
	return nil
}

func readImportHeader(r *bufio.Reader) (ImportHeader, error) {
	var h ImportHeader
	line, err := r.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return h, io.EOF
	}
	if err != nil {
		return h, broken(err)
	}
	if err := json.Unmarshal(line, &h); err != nil || h.Size < 0 || h.Mailbox == "" {
		return h, fault.New(fault.Invalid, "import", "bad header line %.100q in the stream", line)
	}
	return h, nil
}

func broken(err error) error {
	return fault.New(fault.Invalid, "import", "the stream broke off within a message: %w; run the import again, it goes on where it stopped", err)
}

func (im *importer) take(m importMessage) error {
	there, err := im.inMailbox(m.ImportHeader)
	if err != nil {
		return im.failed(m.Source, err)
	}
	sum := sha256.Sum256(m.raw)
	if there[sum] > 0 {
		there[sum]--
		im.sum.Present++
		return nil
	}
	if len(im.batch) > 0 && (im.batch[0].Mailbox != m.Mailbox || len(im.batch) >= importBatch || im.bytes+m.Size > importBatchBytes) {
		if err := im.flush(); err != nil {
			return err
		}
	}
	im.batch = append(im.batch, m)
	im.bytes += m.Size
	return nil
}

// inMailbox finds what a mailbox holds, making it if it is missing.
func (im *importer) inMailbox(h ImportHeader) (map[[32]byte]int, error) {
	if there, ok := im.present[h.Mailbox]; ok {
		return there, nil
	}
	v, err := im.session.Select(im.ctx, h.Mailbox, true)
	if fault.Is(err, fault.NotFound) {
		_, err = im.session.Create(im.ctx, h.Mailbox, h.SpecialUse)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unsupported) { // another mailbox has the use
			_, err = im.session.Create(im.ctx, h.Mailbox, nil)
		}
		if err != nil {
			return nil, err
		}
		if err = im.session.Subscribe(im.ctx, h.Mailbox); err != nil {
			return nil, err
		}
		v, err = im.session.Select(im.ctx, h.Mailbox, true)
	}
	if err != nil {
		return nil, err
	}
	defer v.Close()
	there := map[[32]byte]int{}
	if err := v.Digests(im.ctx, func(_ mail.UID, sum [32]byte) error { there[sum]++; return nil }); err != nil {
		return nil, err
	}
	im.present[h.Mailbox] = there
	return there, nil
}

// flush stores the batch; if that fails it stores message by message, so that
// one bad message does not keep the others out.
func (im *importer) flush() error {
	batch := im.batch
	im.batch, im.bytes = nil, 0
	if len(batch) == 0 {
		return nil
	}
	err := im.store(batch)
	if err == nil {
		im.sum.Imported += len(batch)
		return im.say(im.sum)
	}
	if im.ctx.Err() != nil {
		return fault.Wrap(fault.Canceled, "import", im.ctx.Err())
	}
	for _, m := range batch {
		if err := im.store([]importMessage{m}); err != nil {
			if stops(err) {
				return im.stopped(m.Source, err)
			}
			if err := im.failed(m.Source, err); err != nil {
				return err
			}
			continue
		}
		im.sum.Imported++
	}
	return im.say(im.sum)
}

// stopped says where an import has ended and what to do.
func (im *importer) stopped(source string, err error) error {
	remedy := "then run the import again: it goes on from here"
	if fault.Is(err, fault.OverQuota) {
		remedy = "`postern account quota` sets a larger quota; " + remedy
	}
	if source != "" {
		source = " at " + source
	}
	return fault.New(fault.KindOf(err), "", "ended%s, after %d new messages: %s; %s", source, im.sum.Imported, fault.Plain(err), remedy)
}

// stops tells whether an error would meet every later message too.
func stops(err error) bool {
	switch fault.KindOf(err) {
	case fault.OverQuota, fault.Full, fault.ReadOnly, fault.Closed, fault.Canceled, fault.Unavailable, fault.Denied:
		return true
	default:
		return false
	}
}

func (im *importer) store(batch []importMessage) error {
	a, err := im.session.BeginAppend(im.ctx, batch[0].Mailbox, batch[0].Size)
	if err != nil {
		return err
	}
	defer a.Abort()
	for _, m := range batch {
		flags, _ := mail.ParseFlags(m.Flags)
		w, err := a.Next(im.ctx, mailbox.AppendMessage{Flags: flags, Received: m.Received, Size: m.Size})
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, bytes.NewReader(m.raw)); err != nil {
			return err
		}
	}
	_, err = a.Commit(im.ctx)
	return err
}

func (im *importer) failed(source string, err error) error {
	im.sum.Failed++
	p := im.sum
	p.Source, p.Error = source, fault.Plain(err)
	return im.say(p)
}
