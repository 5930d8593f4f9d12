package pebblestore

import (
	"encoding/binary"
	"time"

	"postern/mail"
	"postern/store"
)

func appendCounters(b []byte, c store.Counters) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(c.ModSeq))
	b = appendUint(b, uint64(c.NextMailbox))
	b = appendUint(b, uint64(c.NextEmail))
	b = appendUint(b, uint64(c.NextThread))
	b = appendUint(b, uint64(c.UIDValidity))
	b = appendInt(b, c.Messages)
	b = appendInt(b, c.Bytes)
	b = appendInt(b, c.QuotaBytes)
	return appendInt(b, c.QuotaCount)
}

func decodeCounters(b []byte) (store.Counters, error) {
	d := newDecoder(b)
	c := store.Counters{
		ModSeq:      mail.ModSeq(d.uint()),
		NextMailbox: mail.MailboxID(d.uint()),
		NextEmail:   mail.EmailID(d.uint()),
		NextThread:  mail.ThreadID(d.uint()),
		UIDValidity: mail.UIDValidity(d.uint32()),
		Messages:    d.int(),
		Bytes:       d.int(),
		QuotaBytes:  d.int(),
		QuotaCount:  d.int(),
	}
	return c, d.end()
}

func appendMailbox(b []byte, r store.MailboxRow) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(r.ID))
	b = appendBytes(b, r.Name)
	b = appendUint(b, uint64(r.UIDValidity))
	b = appendUint(b, uint64(r.UIDNext))
	b = appendUint(b, uint64(r.HighestModSeq))
	b = appendUint(b, uint64(r.Created))
	b = appendStrings(b, r.SpecialUse)
	b = appendInt(b, r.Messages)
	b = appendInt(b, r.Unseen)
	b = appendInt(b, r.Deleted)
	b = appendInt(b, r.Bytes)
	return appendInt(b, r.DeletedBytes)
}

func decodeMailbox(b []byte) (store.MailboxRow, error) {
	d := newDecoder(b)
	r := store.MailboxRow{
		ID:            mail.MailboxID(d.uint()),
		Name:          d.string(),
		UIDValidity:   mail.UIDValidity(d.uint32()),
		UIDNext:       mail.UID(d.uint32()),
		HighestModSeq: mail.ModSeq(d.uint()),
		Created:       mail.ModSeq(d.uint()),
		SpecialUse:    d.strings(),
		Messages:      d.int(),
		Unseen:        d.int(),
		Deleted:       d.int(),
		Bytes:         d.int(),
		DeletedBytes:  d.int(),
	}
	return r, d.end()
}

func appendMessage(b []byte, r store.MessageRow) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(r.Email))
	b = appendUint(b, uint64(r.Thread))
	return appendBytes(b, r.Summary)
}

// decodeMessage leaves Summary in b's memory.
func decodeMessage(uid mail.UID, b []byte) (store.MessageRow, error) {
	d := newDecoder(b)
	r := store.MessageRow{
		UID:     uid,
		Email:   mail.EmailID(d.uint()),
		Thread:  mail.ThreadID(d.uint()),
		Summary: d.raw(),
	}
	return r, d.end()
}

func appendState(b []byte, r store.StateRow) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(r.ModSeq))
	b = append(b, byte(r.Flags.System))
	b = appendStrings(b, r.Flags.Keywords)
	b = appendInt(b, r.Size)
	b = appendInt(b, r.Received.Unix())
	_, offset := r.Received.Zone()
	b = appendInt(b, int64(offset/60))
	return appendInt(b, r.Saved.Unix())
}

// stateDecoder reads many states and makes each zone and keyword once.
type stateDecoder struct {
	zone     *time.Location
	minutes  int64
	keywords map[string]string
}

func (s *stateDecoder) decode(uid mail.UID, b []byte) (store.StateRow, error) {
	d := newDecoder(b)
	r := store.StateRow{UID: uid, ModSeq: mail.ModSeq(d.uint())}
	r.Flags.System = mail.SystemFlags(d.byte())
	if n := d.count(); n > 0 {
		r.Flags.Keywords = make([]string, 0, n)
		for range n {
			r.Flags.Keywords = append(r.Flags.Keywords, s.keyword(d.raw()))
		}
	}
	r.Size = d.int()
	r.Received = time.Unix(d.int(), 0).In(s.location(d.int()))
	r.Saved = time.Unix(d.int(), 0).UTC()
	return r, d.end()
}

func (s *stateDecoder) keyword(b []byte) string {
	if k, ok := s.keywords[string(b)]; ok {
		return k
	}
	if s.keywords == nil {
		s.keywords = make(map[string]string)
	}
	k := string(b)
	s.keywords[k] = k
	return k
}

func (s *stateDecoder) location(minutes int64) *time.Location {
	if minutes == 0 || minutes > 24*60 || minutes < -24*60 {
		return time.UTC
	}
	if s.zone == nil || s.minutes != minutes {
		s.zone, s.minutes = time.FixedZone("", int(minutes)*60), minutes
	}
	return s.zone
}

func appendEmail(b []byte, r store.EmailRow) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(r.Refs))
	b = appendInt(b, r.Size)
	b = append(b, r.SHA256[:]...)
	return appendBytes(b, r.Blob)
}

func decodeEmail(id mail.EmailID, b []byte) (store.EmailRow, error) {
	d := newDecoder(b)
	r := store.EmailRow{ID: id, Refs: d.uint32(), Size: d.int()}
	d.fixed(r.SHA256[:])
	r.Blob = d.string()
	return r, d.end()
}

// appendRanges writes ascending ranges as gaps and lengths.
func appendRanges(b []byte, ranges []store.UIDRange) []byte {
	b = appendUint(b, uint64(len(ranges)))
	var at mail.UID
	for _, r := range ranges {
		b = appendUint(b, uint64(r.First-at))
		b = appendUint(b, uint64(r.Last-r.First))
		at = r.Last
	}
	return b
}

func (d *decoder) ranges() []store.UIDRange {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]store.UIDRange, 0, n)
	var at uint64
	for range n {
		first := at + uint64(d.uint32())
		at = first + uint64(d.uint32())
		if at > 1<<32-1 {
			d.fail()
			return nil
		}
		list = append(list, store.UIDRange{First: mail.UID(first), Last: mail.UID(at)})
	}
	return list
}

func appendRemoved(b []byte, ranges []store.UIDRange) []byte {
	return appendRanges(append(b, rowVersion), ranges)
}

func decodeRemoved(b []byte) ([]store.UIDRange, error) {
	d := newDecoder(b)
	r := d.ranges()
	return r, d.end()
}

func appendChange(b []byte, items []store.ChangeItem) []byte {
	b = append(b, rowVersion)
	b = appendUint(b, uint64(len(items)))
	for _, it := range items {
		b = append(b, byte(it.Kind))
		b = appendUint(b, uint64(it.Mailbox))
		b = appendRanges(b, it.UIDs)
	}
	return b
}

func decodeChange(account mail.AccountID, seq mail.ModSeq, b []byte) (*store.Change, error) {
	d := newDecoder(b)
	c := &store.Change{Account: account, ModSeq: seq}
	if n := d.count(); n > 0 {
		c.Items = make([]store.ChangeItem, 0, n)
		for range n {
			c.Items = append(c.Items, store.ChangeItem{
				Kind: store.ChangeKind(d.byte()), Mailbox: mail.MailboxID(d.uint()), UIDs: d.ranges(),
			})
		}
	}
	return c, d.end()
}

func appendNumber(b []byte, n uint64) []byte { return appendUint(append(b, rowVersion), n) }

func decodeNumber(b []byte) (uint64, error) {
	d := newDecoder(b)
	n := d.uint()
	return n, d.end()
}

func appendInstant(b []byte, t time.Time) []byte { return appendTime(append(b, rowVersion), t) }

func decodeInstant(b []byte) (time.Time, error) {
	d := newDecoder(b)
	t := d.time()
	return t, d.end()
}

// uidOf and seqOf read the number that ends a key; the scan's bounds promise
// its length only for keys that we wrote, so a short one gives false.
func uidOf(key []byte) (mail.UID, bool) {
	if len(key) != mailPrefixLen+8+4 {
		return 0, false
	}
	return mail.UID(binary.BigEndian.Uint32(key[mailPrefixLen+8:])), true
}

func lastUint64(key []byte, prefixLen int) (uint64, bool) {
	if len(key) != prefixLen+8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[prefixLen:]), true
}
