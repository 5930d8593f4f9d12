package mailbox_test

import (
	"slices"
	"strings"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
	"postern/signin/grant"
)

func wantKind(t *testing.T, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("error %v, want kind %v", err, k)
	}
}

func names(t *testing.T, s *mailbox.Session) string {
	t.Helper()
	infos, err := s.List(t.Context())
	must(t, err)
	var out []string
	for _, i := range infos {
		n := i.Name
		if !i.Exists {
			n += "?"
		}
		if i.HasChildren {
			n += "/"
		}
		if i.Subscribed {
			n += "+"
		}
		out = append(out, n)
	}
	return strings.Join(out, " ")
}

func TestNewAccountHasDefaultMailboxes(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	if got := names(t, s); got != "INBOX+ Archive+ Drafts+ Junk+ Sent+ Trash+" {
		t.Errorf("mailboxes: %s", got)
	}
	i, err := s.Status(t.Context(), "Sent")
	must(t, err)
	if !slices.Equal(i.SpecialUse, []string{`\Sent`}) || i.UIDNext != 1 || i.UIDValidity == 0 || i.HighestModSeq == 0 {
		t.Errorf("Sent is %+v", i)
	}
	w.check()
}

func TestAppendFetch(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	big := letter("big") + strings.Repeat("All work and no play makes Jack a dull boy.\r\n", 5000)
	texts := []string{letter("one"), big, letter("two")}
	res, err := tryDeliver(t.Context(), s, "inbox", texts, `\Seen`, "$Forwarded")
	must(t, err)
	if !slices.Equal(res.UIDs, []mail.UID{1, 2, 3}) {
		t.Errorf("UIDs %v", res.UIDs)
	}
	v := selectBox(t, s, "INBOX")
	got := bodies(t, v)
	for i, text := range texts {
		if got[mail.UID(i+1)] != text {
			t.Errorf("message %d has %d octets, want %d", i+1, len(got[mail.UID(i+1)]), len(text))
		}
	}
	row := v.Snapshot().Row(2)
	if f := string(v.Snapshot().FlagSet(row.Set).IMAP); f != `\Seen $Forwarded` || int(row.Size) != len(big) {
		t.Errorf("row %+v with flags %s", row, f)
	}
	must(t, v.Fetch(t.Context(), []mail.UID{2, 3, 9}, mailbox.WantSummary, func(m *mailbox.Message) error {
		if !strings.Contains(string(m.Envelope), `"`+[]string{2: "big", 3: "two"}[m.UID]+`"`) {
			t.Errorf("envelope of %d: %s", m.UID, m.Envelope)
		}
		if !strings.HasPrefix(m.Preview, "Hello, this is") || !strings.HasSuffix(m.MessageID, "@postern.test") {
			t.Errorf("preview %q, message id %q", m.Preview, m.MessageID)
		}
		if !strings.HasPrefix(string(m.BodyStructure), `("`) || len(m.Body()) >= len(m.BodyStructure) {
			t.Errorf("BODYSTRUCTURE %s, BODY %s", m.BodyStructure, m.Body())
		}
		return nil
	}))
	w.check()
}

func TestAppendRefusesBeforeTheBytes(t *testing.T) {
	w := newWorld(t, func(o *mailbox.Options) { o.Limits.MessageBytes = 1000 })
	s := w.session()
	ctx := t.Context()
	_, err := s.BeginAppend(ctx, "nowhere", 10)
	wantKind(t, err, fault.NotFound)
	_, err = s.BeginAppend(ctx, "INBOX", 1001)
	wantKind(t, err, fault.TooLarge)
	_, err = w.as(grant.Read).BeginAppend(ctx, "INBOX", 10)
	wantKind(t, err, fault.Denied)
	must(t, s.SetQuota(ctx, mailbox.Quota{BytesLimit: 450, MessagesLimit: 2}))
	_, err = s.BeginAppend(ctx, "INBOX", 451)
	wantKind(t, err, fault.OverQuota)

	// The whole of a MULTIAPPEND counts, and nothing of it stays.
	_, err = tryDeliver(ctx, s, "INBOX", []string{letter("a"), letter("b"), letter("c")})
	wantKind(t, err, fault.OverQuota)
	// Two deliveries that each would fit are checked again at the commit.
	one, err := s.BeginAppend(ctx, "INBOX", 300)
	must(t, err)
	out, err := one.Next(ctx, mailbox.AppendMessage{Size: 300})
	must(t, err)
	_, _ = out.Write([]byte(strings.Repeat("x", 300)))
	deliver(t, s, "INBOX", letter("two"))
	_, err = one.Commit(ctx)
	wantKind(t, err, fault.OverQuota)
	q, err := s.Quota(ctx)
	must(t, err)
	if q.Messages != 1 || q.Bytes != int64(len(letter("two"))) {
		t.Errorf("quota %+v", q)
	}
	w.check()
}

func TestAppendSizeMustBeExact(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	for _, n := range []int64{10, 100_000} {
		a, err := s.BeginAppend(t.Context(), "INBOX", n)
		must(t, err)
		out, err := a.Next(t.Context(), mailbox.AppendMessage{Size: n})
		must(t, err)
		_, err = out.Write(make([]byte, n+1))
		wantKind(t, err, fault.Invalid)
		_, err = a.Commit(t.Context())
		wantKind(t, err, fault.Invalid)
	}
	if i, _ := s.Status(t.Context(), "INBOX"); i.Messages != 0 {
		t.Errorf("INBOX has %d messages", i.Messages)
	}
}

func TestStore(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	for range 3 {
		deliver(t, s, "INBOX", letter("x"))
	}
	v, other := selectBox(t, s, "INBOX"), selectBox(t, w.session(), "INBOX")
	ctx := t.Context()
	seen, _ := mail.ParseFlags([]string{`\Seen`, "Work"})
	res, err := v.Store(ctx, []mail.UID{1, 3, 9}, mailbox.FlagsAdd, seen, nil)
	must(t, err)
	if !slices.Equal(res.Changed, []mail.UID{1, 3}) || !slices.Equal(res.Missing, []mail.UID{9}) {
		t.Errorf("result %+v", res)
	}
	select {
	case <-other.Changed():
	default:
		t.Error("the other session was not woken")
	}
	for _, x := range []*mailbox.View{v, other} {
		u := x.Sync(true)
		if !slices.Equal(u.Flags, []uint32{1, 3}) || u.Exists || !u.NewKeywords {
			t.Errorf("update %+v", u)
		}
		if f := x.Snapshot().FlagSet(x.Snapshot().Row(3).Set); string(f.IMAP) != `\Seen Work` {
			t.Errorf("flags %s", f.IMAP)
		}
	}
	// The spelling that came first stays; nothing changes, so no MODSEQ.
	again, _ := mail.ParseFlags([]string{"WORK"})
	if res, err = v.Store(ctx, []mail.UID{1, 3}, mailbox.FlagsAdd, again, nil); err != nil || res.ModSeq != 0 {
		t.Errorf("no-op: %+v, %v", res, err)
	}
	// UNCHANGEDSINCE is partial.
	before := v.Snapshot().Row(2).ModSeq
	del, _ := mail.ParseFlags([]string{`\Deleted`})
	res, err = v.Store(ctx, []mail.UID{1, 2}, mailbox.FlagsSet, del, &before)
	must(t, err)
	if !slices.Equal(res.Modified, []mail.UID{1}) || !slices.Equal(res.Changed, []mail.UID{2}) {
		t.Errorf("result %+v", res)
	}
	i, err := s.Status(ctx, "INBOX")
	must(t, err)
	if i.Unseen != 1 || i.Deleted != 1 || i.DeletedBytes != int64(len(letter("x"))) {
		t.Errorf("info %+v", i)
	}
	ro, err := s.Select(ctx, "INBOX", true)
	must(t, err)
	defer ro.Close()
	_, err = ro.Store(ctx, []mail.UID{1}, mailbox.FlagsAdd, del, nil)
	wantKind(t, err, fault.Denied)
	bad, _ := mail.ParseFlags([]string{"a b"})
	_, err = v.Store(ctx, []mail.UID{1}, mailbox.FlagsAdd, bad, nil)
	wantKind(t, err, fault.Invalid)
	w.check()
}

func TestExpungeKeepsNumbersUntilTold(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	for range 5 {
		deliver(t, s, "INBOX", letter("x"), `\Deleted`)
	}
	a, b := selectBox(t, s, "INBOX"), selectBox(t, w.session(), "INBOX")
	at, err := a.Expunge(t.Context(), []mailbox.UIDRange{{First: 2, Last: 2}, {First: 4, Last: 9}})
	must(t, err)
	deliver(t, s, "INBOX", letter("new"))
	u := b.Sync(false)
	if !u.Exists || len(u.Vanished) > 0 || !slices.Equal(uidsOf(b), []mail.UID{1, 2, 3, 4, 5, 6}) {
		t.Errorf("update %+v, UIDs %v", u, uidsOf(b))
	}
	if b.Snapshot().HighestModSeq() >= at {
		t.Errorf("HIGHESTMODSEQ %d hides the removal at %d", b.Snapshot().HighestModSeq(), at)
	}
	u = b.Sync(true)
	if !slices.Equal(u.Expunged, []uint32{5, 4, 2}) || !slices.Equal(u.Vanished, []mailbox.UIDRange{{First: 2, Last: 2}, {First: 4, Last: 5}}) {
		t.Errorf("update %+v", u)
	}
	if !slices.Equal(uidsOf(b), []mail.UID{1, 3, 6}) {
		t.Errorf("UIDs %v", uidsOf(b))
	}
	gone, err := b.Vanished(t.Context(), at-1)
	must(t, err)
	if !slices.Equal(gone, []mailbox.UIDRange{{First: 2, Last: 2}, {First: 4, Last: 5}}) {
		t.Errorf("vanished %v", gone)
	}
	w.check()
}

func TestCopyAndMove(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	ctx := t.Context()
	deliver(t, s, "INBOX", letter("one"), `\Seen`)
	deliver(t, s, "INBOX", letter("two")+strings.Repeat("long\r\n", 20000))
	v := selectBox(t, s, "INBOX")
	_, err := v.Copy(ctx, []mail.UID{1, 2}, "nowhere")
	wantKind(t, err, fault.NotFound)
	res, err := v.Copy(ctx, []mail.UID{1, 2, 7}, "Archive")
	must(t, err)
	if !slices.Equal(res.Src, []mail.UID{1, 2}) || !slices.Equal(res.Dst, []mail.UID{1, 2}) {
		t.Errorf("copy %+v", res)
	}
	w.check()
	res, err = v.Move(ctx, []mail.UID{2}, "Trash")
	must(t, err)
	if u := v.Sync(true); !slices.Equal(u.Expunged, []uint32{2}) || !slices.Equal(res.Dst, []mail.UID{1}) {
		t.Errorf("move %+v, update %+v", res, u)
	}
	archive, trash := selectBox(t, s, "Archive"), selectBox(t, s, "Trash")
	if bodies(t, archive)[2] != bodies(t, trash)[1] || len(bodies(t, trash)[1]) < 100000 {
		t.Error("the copy and the moved message differ")
	}
	// Into itself: a new UID, nothing lost, although the quota is full.
	must(t, s.SetQuota(ctx, mailbox.Quota{BytesLimit: 1}))
	res, err = v.Move(ctx, []mail.UID{1}, "INBOX")
	must(t, err)
	if u := v.Sync(true); !u.Exists || !slices.Equal(uidsOf(v), []mail.UID{3}) || !slices.Equal(res.Dst, []mail.UID{3}) {
		t.Errorf("move into itself: %+v, %+v", res, u)
	}
	_, err = v.Copy(ctx, []mail.UID{3}, "Archive")
	wantKind(t, err, fault.OverQuota)
	w.check()
}

func TestThreads(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	deliver(t, s, "INBOX", letter("plan"))
	reply := strings.ReplaceAll(letter("r1", "In-Reply-To: <plan@postern.test>\r\n"), "Subject: r1", "Subject: Re: [list] PLAN")
	deliver(t, s, "Sent", reply)
	deliver(t, s, "INBOX", letter("other", "References: <plan@postern.test>\r\n")) // a new subject
	// An answer before what it answers.
	late := strings.ReplaceAll(letter("l1", "References: <l0@postern.test>\r\n"), "Subject: l1", "Subject: Re: late")
	deliver(t, s, "INBOX", late)
	deliver(t, s, "INBOX", strings.ReplaceAll(letter("l0"), "Subject: l0", "Subject: late"))
	thread := map[string]mail.ThreadID{}
	for _, box := range []string{"INBOX", "Sent"} {
		v := selectBox(t, s, box)
		must(t, v.Fetch(t.Context(), uidsOf(v), mailbox.WantSummary, func(m *mailbox.Message) error {
			thread[strings.TrimSuffix(m.MessageID, "@postern.test")] = m.Thread
			return nil
		}))
	}
	if thread["plan"] != thread["r1"] || thread["plan"] == thread["other"] || thread["l0"] != thread["l1"] || thread["l0"] == thread["plan"] {
		t.Errorf("threads %v", thread)
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	v := selectBox(t, s, "INBOX")
	s.Close()
	_, err := s.List(t.Context())
	wantKind(t, err, fault.Closed)
	if u := v.Sync(true); !u.Empty() {
		t.Errorf("update %+v", u)
	}
	wantKind(t, v.Fetch(t.Context(), []mail.UID{1}, 0, nil), fault.Closed)
	if _, err := w.as(grant.Read).Create(t.Context(), "x", nil); !fault.Is(err, fault.Denied) {
		t.Errorf("create with the right to read: %v", err)
	}
}

func TestWipe(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	deliver(t, s, "INBOX", letter("x")+strings.Repeat("x", 100_000))
	before, _ := s.Status(t.Context(), "INBOX")
	v := selectBox(t, s, "INBOX")
	must(t, s.Wipe(t.Context()))
	if u := v.Sync(true); !u.Gone {
		t.Errorf("update %+v", u)
	}
	again := w.session()
	after, err := again.Status(t.Context(), "INBOX")
	must(t, err)
	if after.ID <= before.ID || after.UIDValidity <= before.UIDValidity || after.Messages != 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	w.clock.Add(3601)
	if n, err := w.engine.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	w.check()
}

// TestUIDsGivenTwice: what a caller names twice is changed once.
func TestUIDsGivenTwice(t *testing.T) {
	w := newWorld(t)
	ctx, s := t.Context(), w.session()
	for range 6 {
		deliver(t, s, "INBOX", letter("x"))
	}
	v := selectBox(t, s, "INBOX")
	res, err := v.Store(ctx, []mail.UID{1, 1, 3, 2, 3}, mailbox.FlagsAdd, mail.Flags{System: mail.FlagSeen}, nil)
	must(t, err)
	if !slices.Equal(res.Changed, []mail.UID{1, 2, 3}) {
		t.Errorf("changed %v", res.Changed)
	}
	_, err = v.Remove(ctx, []mail.UID{6, 5, 6})
	must(t, err)
	if v.Sync(true); !slices.Equal(uidsOf(v), []mail.UID{1, 2, 3, 4}) {
		t.Errorf("UIDs %v", uidsOf(v))
	}
	w.check()
}

// TestReadAfterTheGrace: who opens a message so late that its blob has been
// deleted with it is told that it was expunged, not that it is damaged.
func TestReadAfterTheGrace(t *testing.T) {
	w := newWorld(t)
	ctx, s := t.Context(), w.session()
	deliver(t, s, "INBOX", letter("big")+strings.Repeat("x", 100_000))
	v := selectBox(t, s, "INBOX")
	must(t, v.Fetch(ctx, []mail.UID{1}, mailbox.WantBody, func(m *mailbox.Message) error {
		_, err := v.Remove(ctx, []mail.UID{1})
		must(t, err)
		w.clock.Add(3601)
		_, err = w.engine.Sweep(ctx)
		must(t, err)
		_, err = m.Open(ctx)
		wantKind(t, err, fault.Expunged)
		return nil
	}))
}
