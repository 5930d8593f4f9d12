package mailbox_test

import (
	"slices"
	"strings"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
)

func TestNames(t *testing.T) {
	w := newWorld(t, func(o *mailbox.Options) { o.Limits.Depth, o.Limits.NameBytes, o.Limits.Mailboxes = 4, 40, 14 })
	s := w.session()
	ctx := t.Context()
	for _, bad := range []string{"", "/", "a//b", "/a", "a\x00b", "a\r\nb", "\xff", "x\u202ey", "\ufffe"} {
		_, err := s.Create(ctx, bad, nil)
		wantKind(t, err, fault.Invalid)
	}
	for _, long := range []string{"1/2/3/4/5", strings.Repeat("x", 41)} {
		_, err := s.Create(ctx, long, nil)
		wantKind(t, err, fault.TooLarge)
	}
	_, err := s.Create(ctx, "iNbOx", nil)
	wantKind(t, err, fault.Exists)
	i, err := s.Create(ctx, "Entwu\u0308rfe/\u65e5\u672c/", nil)
	must(t, err)
	if i.Name != "Entw\u00fcrfe/\u65e5\u672c" {
		t.Errorf("name %q", i.Name)
	}
	_, err = s.Create(ctx, "inbox/work", nil)
	must(t, err)
	_, err = s.Create(ctx, "Other", []string{`\sent`})
	wantKind(t, err, fault.Conflict)
	_, err = s.Create(ctx, "Other", []string{`\All`})
	wantKind(t, err, fault.Unsupported)
	if got := names(t, s); got != "INBOX/+ INBOX/work Archive+ Drafts+ Entw\u00fcrfe/ Entw\u00fcrfe/\u65e5\u672c Junk+ Sent+ Trash+" {
		t.Errorf("names: %s", got)
	}
	must(t, s.Delete(ctx, "Entw\u00fcrfe"))
	must(t, s.Subscribe(ctx, "Elsewhere/sub"))
	if got := names(t, s); got != "INBOX/+ INBOX/work Archive+ Drafts+ Elsewhere/sub?+ Entw\u00fcrfe?/ Entw\u00fcrfe/\u65e5\u672c Junk+ Sent+ Trash+" {
		t.Errorf("names: %s", got)
	}
	wantKind(t, s.Delete(ctx, "Entw\u00fcrfe"), fault.NotFound)
	wantKind(t, s.Delete(ctx, "inbox"), fault.Denied)
	must(t, s.Unsubscribe(ctx, "Elsewhere/sub"))
	wantKind(t, s.Unsubscribe(ctx, "Elsewhere/sub"), fault.NotFound)
	for n := range 6 {
		_, err = s.Create(ctx, "n"+string(rune('0'+n)), nil)
		must(t, err)
	}
	_, err = s.Create(ctx, "one more", nil)
	wantKind(t, err, fault.TooLarge)
	w.check()
}

func TestRename(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	ctx := t.Context()
	_, err := s.Create(ctx, "a/b/c", nil)
	must(t, err)
	deliver(t, s, "a/b", letter("kept"))
	before, _ := s.Status(ctx, "a/b")
	wantKind(t, s.Rename(ctx, "a", "a/x"), fault.Invalid)
	wantKind(t, s.Rename(ctx, "a", "Sent"), fault.Exists)
	wantKind(t, s.Rename(ctx, "zzz", "y"), fault.NotFound)
	must(t, s.Rename(ctx, "a", "p/q"))
	if got := names(t, s); got != "INBOX+ Archive+ Drafts+ Junk+ Sent+ Trash+ p/ p/q/ p/q/b/ p/q/b/c" {
		t.Errorf("names: %s", got)
	}
	after, err := s.Status(ctx, "p/q/b")
	must(t, err)
	if after.ID != before.ID || after.UIDValidity != before.UIDValidity || after.Messages != 1 {
		t.Errorf("renamed %+v from %+v", after, before)
	}
	// A name that comes again has another UIDVALIDITY, also if the clock fell.
	w.clock.Add(-1_000_000_000)
	i, err := s.Create(ctx, "a/b", nil)
	must(t, err)
	if i.UIDValidity <= before.UIDValidity {
		t.Errorf("UIDVALIDITY %d after %d", i.UIDValidity, before.UIDValidity)
	}

	v := selectBox(t, s, "INBOX")
	deliver(t, s, "INBOX", letter("mail"), `\Flagged`)
	v.Sync(true)
	must(t, s.Rename(ctx, "INBOX", "old/inbox"))
	if u := v.Sync(true); !slices.Equal(u.Expunged, []uint32{1}) || u.Gone {
		t.Errorf("update %+v", u)
	}
	moved := selectBox(t, s, "old/inbox")
	if got := bodies(t, moved); got[1] != letter("mail") {
		t.Errorf("moved: %v", got)
	}
	w.check()
}

func TestDeleteEndsViewsAndLetsBlobsGo(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	ctx := t.Context()
	_, err := s.Create(ctx, "box", nil)
	must(t, err)
	deliver(t, s, "box", letter("big")+strings.Repeat("x", 100_000))
	deliver(t, s, "box", letter("kept")+strings.Repeat("y", 100_000))
	v := selectBox(t, s, "box")
	_, err = v.Copy(ctx, []mail.UID{2}, "INBOX")
	must(t, err)
	w.clock.Add(7200) // the grace begins when a blob is let go, not when it was made
	must(t, s.Delete(ctx, "box"))
	if u := v.Sync(true); !u.Gone {
		t.Errorf("update %+v", u)
	}
	if n, err := w.engine.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("swept %d within the grace, %v", n, err)
	}
	w.clock.Add(3601)
	if n, err := w.engine.Sweep(ctx); n != 1 || err != nil {
		t.Errorf("swept %d after the grace, %v", n, err)
	}
	if got := bodies(t, selectBox(t, s, "INBOX")); len(got[1]) < 100_000 {
		t.Error("the copy has lost its blob")
	}
	// A blob that no row names goes too.
	bw, err := w.blobs.Create(ctx, 3)
	must(t, err)
	_, _ = bw.Write([]byte("abc"))
	_, err = bw.Commit(ctx)
	must(t, err)
	w.clock.Add(3601)
	if n, err := w.engine.Sweep(ctx); n != 1 || err != nil {
		t.Errorf("swept %d orphans, %v", n, err)
	}
	w.check()
}
