package adminserver

import (
	"encoding/json"
	"io"
	"time"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/signin"
	"postern/signin/grant"
)

// exportMail answers with the account's mail in the form that an import takes.
// Messages that cannot be read are told in the log and left out.
func (d *door) exportMail(q *request) error {
	a, err := d.account(q)
	if err != nil {
		return err
	}
	return d.open(q, a.ID, "export", grant.Read, func(s *mailbox.Session) error {
		boxes, err := s.List(q.Context())
		if err != nil {
			return err
		}
		q.sent = true
		q.w.Header().Set("Content-Type", "application/octet-stream")
		for _, box := range boxes {
			if !box.Exists {
				continue
			}
			if err := d.exportMailbox(q, s, box); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *door) exportMailbox(q *request, s *mailbox.Session, box mailbox.Info) error {
	v, err := s.Select(q.Context(), box.Name, true)
	if err != nil {
		return err
	}
	defer v.Close()
	snap := v.Snapshot()
	uids := make([]mail.UID, 0, snap.Len())
	for _, row := range snap.Rows(1, uint32(snap.Len())) {
		uids = append(uids, row.UID)
	}
	enc := json.NewEncoder(q.w)
	if len(uids) == 0 {
		return fault.Wrap(fault.Canceled, "export", enc.Encode(ImportHeader{Mailbox: box.Name, SpecialUse: box.SpecialUse, Empty: true}))
	}
	return v.Fetch(q.Context(), uids, mailbox.WantBody, func(m *mailbox.Message) error {
		seq, ok := snap.Find(m.UID)
		if !ok {
			return nil
		}
		row := snap.Row(seq)
		body, err := m.Open(q.Context())
		if err != nil {
			d.Logger.Error("message left out of an export", "mailbox", box.Name, "uid", m.UID, "error", err)
			return nil
		}
		defer body.Close()
		raw, err := io.ReadAll(io.NewSectionReader(body, 0, body.Size()))
		if err != nil {
			d.Logger.Error("message left out of an export", "mailbox", box.Name, "uid", m.UID, "error", err)
			return nil // one damaged message must not end the export; it is logged
		}
		zone := time.FixedZone("", int(row.Zone)*60)
		h := ImportHeader{
			Mailbox: box.Name, Flags: snap.FlagSet(row.Set).Names(), Received: time.Unix(row.Received, 0).In(zone),
			Size: int64(len(raw)), SpecialUse: box.SpecialUse,
		}
		if err := enc.Encode(h); err != nil {
			return fault.Wrap(fault.Canceled, "export", err)
		}
		_, err = q.w.Write(raw)
		return fault.Wrap(fault.Canceled, "export", err)
	})
}

// renewUIDs gives every mailbox a new UIDVALIDITY, so that no mail program
// takes an old UID for a new message. It is the last step of a restore.
func (d *door) renewUIDs(q *request) error {
	var ids []signin.AccountInfo
	if err := d.Authority.Accounts(q.Context(), func(a signin.AccountInfo) error { ids = append(ids, a); return nil }); err != nil {
		return err
	}
	for _, a := range ids {
		err := d.open(q, a.ID, "restore", grant.Owner|grant.Admin, func(s *mailbox.Session) error { return s.RenewUIDs(q.Context()) })
		if err != nil {
			return err
		}
	}
	return q.reply(struct {
		Accounts int `json:"accounts"`
	}{len(ids)})
}
