package imapserver

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/wire/imapwire"
)

// quickItems are answered from the snapshot, without reading the store.
const quickItems = imapwire.FetchUID | imapwire.FetchFlags | imapwire.FetchInternalDate | imapwire.FetchSize |
	imapwire.FetchModSeq | imapwire.FetchSaveDate

// fetching is one FETCH under way.
type fetching struct {
	s     *session
	c     *imapwire.Fetch
	snap  *mailbox.Snapshot
	zones zoneCache

	want    mailbox.Want
	tree    bool            // the part tree is needed
	marked  imapwire.UIDSet // got \Seen by this FETCH: FLAGS are told with them
	missing int             // expunged meanwhile
	damaged int             // could not be read
	cte     bool            // an unknown content transfer encoding was met

	rowStart int  // where the response under way begins in the buffer
	torn     bool // a part of it was sent already
}

// fetch is FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3516, 7162, 8474, 8514,
// 8970).
func (s *session) fetch(ctx context.Context, c *imapwire.Fetch) (reply, error) {
	if c.Vanished && !s.enabled.qresync {
		return bad("VANISHED needs ENABLE QRESYNC first."), nil
	}
	if c.Items&imapwire.FetchModSeq != 0 {
		s.enableCondStore()
	}
	runs, fine := s.spans(c.Set, c.UID)
	if !fine {
		return noSuchSeq(), nil
	}
	if c.Vanished {
		if err := s.sayVanished(ctx, s.knownUIDs(c.Set), c.ChangedSince); err != nil {
			return reply{}, err
		}
	}
	f := &fetching{s: s, c: c, snap: s.view.Snapshot()}
	f.plan()
	if gone := f.markSeen(ctx, runs); gone {
		return reply{cond: imapwire.NO, code: imapwire.NonExistent, text: "The mailbox was deleted.", end: endDeleted, bye: "The selected mailbox was deleted."}, nil
	}
	s.out.widen()
	if err := f.run(ctx, runs); err != nil {
		return reply{}, err
	}
	switch {
	case f.damaged > 0:
		return no(imapwire.Corruption, "Some messages are damaged; please tell your administrator."), nil
	case f.cte:
		return no(imapwire.UnknownCTE, "A part has a content transfer encoding that nobody knows."), nil
	case f.missing > 0 && !c.UID:
		return no(imapwire.ExpungeIssued, "Some of the messages no longer exist."), nil
	}
	return ok("That is what was asked for."), nil
}

// run sends the responses.
func (f *fetching) run(ctx context.Context, runs []span) error {
	if f.want == 0 && f.c.Items&^quickItems == 0 {
		return f.quick(ctx, runs)
	}
	return f.slow(ctx, runs)
}

// knownUIDs is the set of a VANISHED fetch. `*` reaches to the highest UID that
// ever was: the messages that the client asks about are gone.
func (s *session) knownUIDs(set imapwire.SeqSet) imapwire.UIDSet {
	if set.Saved() {
		return s.saved
	}
	return set.Resolve(uint32(s.view.Snapshot().UIDNext()) - 1)
}

// plan finds out what has to be read.
func (f *fetching) plan() {
	const fromSummary = imapwire.FetchEnvelope | imapwire.FetchBody | imapwire.FetchBodyStructure |
		imapwire.FetchPreview | imapwire.FetchPreviewLazy
	if f.c.Items&fromSummary != 0 {
		f.want |= mailbox.WantSummary
	}
	for i := range f.c.Sections {
		f.want |= mailbox.WantBody
		if sec := &f.c.Sections[i]; len(sec.Part) > 0 || sec.Text != imapwire.TextAll {
			f.want |= mailbox.WantSummary
			f.tree = true
		}
	}
}

// markSeen sets \Seen where a section asks for it, before anything is sent, so
// that the new flags can go out with the sections. That the flag cannot be set
// is no reason to withhold the message.
func (f *fetching) markSeen(ctx context.Context, runs []span) (gone bool) {
	peek := true
	for i := range f.c.Sections {
		peek = peek && f.c.Sections[i].Peek
	}
	if peek || f.s.view.ReadOnly() {
		return false
	}
	var uids []mail.UID
	for _, r := range runs {
		for _, row := range f.snap.Rows(r.first, r.last) {
			if f.wanted(row) && f.snap.FlagSet(row.Set).System&mail.FlagSeen == 0 {
				uids = append(uids, row.UID)
			}
		}
	}
	if len(uids) == 0 {
		return false
	}
	res, err := f.s.view.Store(ctx, uids, mailbox.FlagsAdd, mail.Flags{System: mail.FlagSeen}, nil)
	if err != nil {
		f.s.log.Debug("could not mark messages as seen", "error", err)
		return false
	}
	f.marked = imapwire.UIDSetOf(res.Changed)
	gone = f.s.newsExcept(false, func(_ uint32, row mailbox.Row) how {
		if f.isMarked(row.UID) {
			return tellNothing
		}
		return tellFlags
	})
	f.snap = f.s.view.Snapshot()
	return gone
}

func (f *fetching) isMarked(uid mail.UID) bool {
	return !f.marked.Empty() && f.marked.Contains(uint32(uid))
}

// wanted applies CHANGEDSINCE (RFC 7162 §3.1.4.1).
func (f *fetching) wanted(row mailbox.Row) bool {
	return !f.c.Changed || row.ModSeq > f.c.ChangedSince
}

// begin starts the response for one message, with what the snapshot knows.
func (f *fetching) begin(seq uint32, row mailbox.Row) {
	o := &f.s.out
	items := f.c.Items
	if f.isMarked(row.UID) {
		items |= imapwire.FetchFlags
		if f.s.enabled.condstore {
			items |= imapwire.FetchModSeq
		}
	}
	f.rowStart, f.torn = len(o.B), false
	if items&imapwire.FetchUID != 0 {
		o.BeginUID(seq, row.UID)
	} else {
		o.Begin(seq)
	}
	if items&imapwire.FetchFlags != 0 {
		o.FlagsIMAP(f.snap.FlagSet(row.Set).IMAP)
	}
	if items&imapwire.FetchInternalDate != 0 {
		o.InternalDate(f.zones.time(row.Received, row.Zone))
	}
	if items&imapwire.FetchSize != 0 {
		o.Size(int64(row.Size))
	}
	if items&imapwire.FetchModSeq != 0 {
		o.ModSeq(row.ModSeq)
	}
	if items&imapwire.FetchSaveDate != 0 {
		o.SaveDate(f.zones.time(row.Saved, 0))
	}
}

// quick answers from the snapshot alone.
func (f *fetching) quick(ctx context.Context, runs []span) error {
	o := &f.s.out
	for _, r := range runs {
		for seq, row := range f.snap.Rows(r.first, r.last) {
			if f.c.Changed && row.ModSeq <= f.c.ChangedSince {
				continue
			}
			f.begin(seq, row)
			o.End()
			if len(o.B) >= flushAt {
				if err := f.breathe(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// breathe writes what has come together, and stops if the session must end.
func (f *fetching) breathe(ctx context.Context) error {
	if err := f.s.out.drain(); err != nil {
		return err
	}
	return fault.Wrap(fault.Canceled, "imapserver.Fetch", ctx.Err())
}

// fetchBatch bounds the messages whose numbers are collected at a time.
const fetchBatch = 4096

// slow answers with what the store and the blobs hold, in batches.
func (f *fetching) slow(ctx context.Context, runs []span) error {
	uids := make([]mail.UID, 0, fetchBatch)
	seqs := make([]uint32, 0, fetchBatch)
	for _, r := range runs {
		for seq, row := range f.snap.Rows(r.first, r.last) {
			if !f.wanted(row) {
				continue
			}
			uids, seqs = append(uids, row.UID), append(seqs, seq)
			if len(uids) == fetchBatch {
				if err := f.batch(ctx, uids, seqs); err != nil {
					return err
				}
				uids, seqs = uids[:0], seqs[:0]
			}
		}
	}
	if len(uids) == 0 {
		return nil
	}
	return f.batch(ctx, uids, seqs)
}

func (f *fetching) batch(ctx context.Context, uids []mail.UID, seqs []uint32) error {
	next := 0
	err := f.s.view.Fetch(ctx, uids, f.want, func(m *mailbox.Message) error {
		for next < len(uids) && uids[next] != m.UID {
			f.missing++
			next++
		}
		if next == len(uids) {
			return fault.New(fault.Internal, "imapserver.Fetch", "message %d was not asked for", m.UID)
		}
		seq := seqs[next]
		next++
		return f.message(ctx, seq, f.snap.Row(seq), m)
	})
	f.missing += len(uids) - next
	return err
}
