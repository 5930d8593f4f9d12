package mailbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"postern/fault"
	"postern/mail"
	"postern/store"
	"postern/wire/mime"
)

// contents reads every message once and compares it with its rows.
func (c *checker) contents(ctx context.Context) error {
	fresh := map[mail.EmailID][sha256.Size]byte{} // of the summary that each content should have
	for i := range c.boxes {
		row := &c.boxes[i]
		for from := mail.UID(1); ; {
			rows, err := c.page(ctx, row, from)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			for _, m := range rows {
				if err := c.content(ctx, row, m, fresh); err != nil {
					return err
				}
			}
			if from = rows[len(rows)-1].UID + 1; from == 0 {
				break
			}
		}
	}
	return nil
}

// page reads the next messages of a mailbox.
func (c *checker) page(ctx context.Context, box *store.MailboxRow, from mail.UID) ([]store.MessageRow, error) {
	var rows []store.MessageRow
	full := fault.New(fault.Limit, "mailbox.Check", "the page is full")
	err := c.a.view(ctx, func(r store.MailReader) error {
		rows = nil
		return r.Messages(box.ID, from, maxUID, func(m store.MessageRow) error {
			if len(rows) == fetchRows {
				return full
			}
			m.Summary = bytes.Clone(m.Summary)
			rows = append(rows, m)
			return nil
		})
	})
	if errors.Is(err, full) {
		err = nil
	}
	if fault.Is(err, fault.Damaged) {
		return rows, nil // rows said so already
	}
	return rows, err
}

// content checks one message.
func (c *checker) content(ctx context.Context, box *store.MailboxRow, m store.MessageRow, fresh map[mail.EmailID][sha256.Size]byte) error {
	want, known := fresh[m.Email]
	if !known {
		summary, err := c.read(ctx, m.Email)
		switch {
		case fault.Is(err, fault.Expunged):
			return nil // deleted meanwhile, or LawContent said so
		case fault.Is(err, fault.Damaged):
			c.add(box, m.UID, LawBody, "%v", err)
			fresh[m.Email] = [sha256.Size]byte{}
			return nil
		case err != nil:
			return err
		}
		want = sha256.Sum256(summary)
		fresh[m.Email] = want
	}
	if want != ([sha256.Size]byte{}) && sha256.Sum256(m.Summary) != want {
		c.add(box, m.UID, LawSummary, "the summary is not what the message says")
	}
	return nil
}

// read reads a content, checks its hash and gives the summary that it should
// have.
func (c *checker) read(ctx context.Context, id mail.EmailID) ([]byte, error) {
	var row store.EmailRow
	m := &Message{Email: id, acct: c.a}
	err := c.a.view(ctx, func(r store.MailReader) error {
		var err error
		if row, err = r.Email(id); err != nil {
			return gone("mailbox.Check", id, err)
		}
		body, ref, err := whereabouts(r, id)
		if fault.Is(err, fault.Expunged) {
			return fault.New(fault.Damaged, "mailbox.Check", "message %s has no body", id)
		}
		m.opened, m.content, m.ref = true, bytes.Clone(body), ref
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err := m.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	scan, hash := mime.NewScanner(mime.Limits{}), sha256.New()
	if err := copyAll(ctx, io.MultiWriter(scan, hash), r); err != nil {
		return nil, err
	}
	if r.Size() != row.Size || !bytes.Equal(hash.Sum(nil), row.SHA256[:]) {
		return nil, fault.New(fault.Damaged, "mailbox.Check", "message %s has %d octets that fail their SHA-256, not %d", id, r.Size(), row.Size)
	}
	parsed, err := scan.Close()
	if err != nil {
		return nil, err
	}
	return appendSummary(nil, parsed, m.ref), nil
}
