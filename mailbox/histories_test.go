package mailbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"postern/fault"
	"postern/mail"
	"postern/mailbox"
)

// client is what an IMAP client believes of a mailbox: it knows only what
// updates tell it.
type client struct {
	v     *mailbox.View
	uids  []mail.UID
	flags []string
}

func newClient(v *mailbox.View) *client {
	c := &client{v: v}
	c.fetch(1)
	return c
}

func (c *client) row(seq uint32) (mail.UID, string) {
	s := c.v.Snapshot()
	r := s.Row(seq)
	return r.UID, string(s.FlagSet(r.Set).IMAP)
}

// fetch asks for what is behind what is known.
func (c *client) fetch(from int) {
	for seq := from; seq <= c.v.Snapshot().Len(); seq++ {
		uid, flags := c.row(uint32(seq))
		c.uids, c.flags = append(c.uids, uid), append(c.flags, flags)
	}
}

// sync applies an update as a client does.
func (c *client) sync(expunge bool) error {
	before := c.v.Snapshot().Len()
	u := c.v.Sync(expunge)
	if !expunge && (len(u.Expunged) > 0 || len(u.Vanished) > 0) {
		return fmt.Errorf("an update tells of expunged messages when it must not: %+v", u)
	}
	var gone []mail.UID
	for _, seq := range u.Expunged {
		gone = append(gone, c.uids[seq-1])
		c.uids = slices.Delete(c.uids, int(seq)-1, int(seq))
		c.flags = slices.Delete(c.flags, int(seq)-1, int(seq))
	}
	slices.Sort(gone)
	i := 0
	for _, r := range u.Vanished {
		for uid := r.First; uid <= r.Last; uid++ {
			if i >= len(gone) || gone[i] != uid {
				return fmt.Errorf("VANISHED %v, but EXPUNGE %v", u.Vanished, gone)
			}
			i++
		}
	}
	if i != len(gone) {
		return fmt.Errorf("VANISHED %v, but EXPUNGE %v", u.Vanished, gone)
	}
	if more := c.v.Snapshot().Len() > before-len(u.Expunged); more != u.Exists {
		return fmt.Errorf("there are %d messages after %d less %d, but Exists is %v", c.v.Snapshot().Len(), before, len(u.Expunged), u.Exists)
	}
	for _, seq := range u.Flags {
		uid, flags := c.row(seq)
		if c.uids[seq-1] != uid {
			return fmt.Errorf("FETCH %d is of UID %d, the client has %d there", seq, uid, c.uids[seq-1])
		}
		c.flags[seq-1] = flags
	}
	c.fetch(len(c.uids) + 1)
	return c.compare()
}

func (c *client) compare() error {
	s := c.v.Snapshot()
	if s.Len() != len(c.uids) {
		return fmt.Errorf("the client has %d messages, the snapshot %d", len(c.uids), s.Len())
	}
	for i := range c.uids {
		if uid, flags := c.row(uint32(i + 1)); uid != c.uids[i] || flags != c.flags[i] {
			return fmt.Errorf("message %d: the client has UID %d (%s), the snapshot %d (%s)", i+1, c.uids[i], c.flags[i], uid, flags)
		}
	}
	return nil
}

// change does something at random to the mailbox.
func (c *client) change(t *testing.T, rng *rand.Rand, s *mailbox.Session) error {
	ctx := t.Context()
	var uids []mail.UID
	share := 2 + rng.IntN(100)
	for _, uid := range c.uids {
		if rng.IntN(share) == 0 {
			uids = append(uids, uid)
		}
	}
	names := [][]string{{`\Seen`}, {`\Deleted`}, {"$A", `\Flagged`}, {"$b"}, {"$B"}}[rng.IntN(5)]
	flags, _ := mail.ParseFlags(names)
	var err error
	switch n := rng.IntN(10); n {
	case 0, 1, 2, 3:
		texts := []string{letter("a"), letter("b"), letter("c")}
		_, err = tryDeliver(ctx, s, "INBOX", texts[:1+rng.IntN(3)], names...)
	case 4, 5:
		_, err = c.v.Store(ctx, uids, mailbox.FlagOp(rng.IntN(3)), flags, nil)
	case 6:
		since := c.v.Snapshot().HighestModSeq()
		_, err = c.v.Store(ctx, uids, mailbox.FlagsAdd, flags, &since)
	case 7:
		first := mail.UID(1 + rng.IntN(int(c.v.Snapshot().UIDNext())))
		_, err = c.v.Expunge(ctx, []mailbox.UIDRange{{First: first, Last: first + mail.UID(rng.IntN(200))}})
	case 8:
		_, err = c.v.Move(ctx, uids[:min(len(uids), 3)], []string{"INBOX", "Archive"}[rng.IntN(2)])
	default:
		_, err = c.v.Copy(ctx, uids[:min(len(uids), 2)], "INBOX")
	}
	return err
}

// TestHistories has several sessions change one mailbox at the same time. Each
// client's view must always follow from what it was told, and in the end all
// must agree with a session that starts afresh.
func TestHistories(t *testing.T) {
	const workers = 4
	seed := seed(t)
	w := newWorld(t)
	clients := make([]*client, workers)
	rounds := long(150, 3000)
	many := make([]string, 700) // several chunks
	for i := range many {
		many[i] = letter("m")
	}
	_, err := tryDeliver(t.Context(), w.session(), "INBOX", many)
	must(t, err)
	var wg sync.WaitGroup
	for i := range clients {
		s := w.session()
		clients[i] = newClient(selectBox(t, s, "INBOX"))
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for range rounds {
				if err := clients[i].change(t, rng, s); err != nil && !fault.Is(err, fault.Conflict) {
					t.Errorf("change: %v", err)
					return
				}
				if err := clients[i].sync(rng.IntN(2) == 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	fresh := &world{t: t, store: w.store, blobs: w.blobs}
	fresh.clock.Store(w.clock.Load())
	fresh.open()
	defer func() { must(t, fresh.engine.Close()) }()
	s := fresh.session()
	defer s.Close()
	v, err := s.Select(t.Context(), "INBOX", true)
	must(t, err)
	defer v.Close()
	truth := newClient(v)
	for i, c := range clients {
		must(t, c.sync(false))
		must(t, c.sync(true))
		if !slices.Equal(c.uids, truth.uids) || !slices.EqualFunc(c.flags, truth.flags, sameFlags) {
			t.Errorf("client %d has %d messages, the store %d, or their flags differ", i, len(c.uids), len(truth.uids))
		}
	}
	t.Logf("%d messages at the end, UIDNEXT %d", len(truth.uids), v.Snapshot().UIDNext())
	w.check()
}

// sameFlags compares without regard to case: which spelling of a keyword is
// shown depends on which was seen first.
func sameFlags(a, b string) bool {
	x, _ := mail.ParseFlags(fields(a))
	y, _ := mail.ParseFlags(fields(b))
	return x.Equal(y)
}

// TestQresync compares a client that comes back with one that starts afresh.
func TestQresync(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	rng := rand.New(rand.NewPCG(seed(t), 3))
	busy := newClient(selectBox(t, s, "INBOX"))
	type cached struct {
		flags  map[mail.UID]string
		modseq mail.ModSeq
	}
	offline := cached{flags: map[mail.UID]string{}}
	for range long(60, 5000) {
		for range rng.IntN(6) {
			must(t, busy.change(t, rng, s))
			must(t, busy.sync(true))
		}
		v := selectBox(t, w.session(), "INBOX")
		gone, err := v.Vanished(t.Context(), offline.modseq)
		must(t, err)
		for _, r := range gone {
			for uid := r.First; uid <= r.Last; uid++ {
				delete(offline.flags, uid)
			}
		}
		snap := v.Snapshot()
		truth := map[mail.UID]string{}
		for _, r := range snap.Rows(1, 1<<31) {
			truth[r.UID] = string(snap.FlagSet(r.Set).IMAP)
			if r.ModSeq > offline.modseq {
				offline.flags[r.UID] = truth[r.UID]
			}
		}
		offline.modseq = snap.HighestModSeq()
		if len(truth) != len(offline.flags) {
			t.Fatalf("the client that came back has %d messages, there are %d", len(offline.flags), len(truth))
		}
		for uid, f := range truth {
			if offline.flags[uid] != f {
				t.Fatalf("UID %d has %s, the client that came back has %s", uid, f, offline.flags[uid])
			}
		}
		v.Close()
	}
}
