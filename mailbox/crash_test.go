package mailbox_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"postern/mail"
	"postern/mailbox"
)

// act is one change: how it is done, and what it does to the content if it is
// done.
type act struct {
	name string
	run  func(ctx context.Context, s *mailbox.Session) error
	to   content
}

func pick[K comparable, V any](r *rand.Rand, m map[K]V, less func(a, b K) int) K {
	keys := slices.SortedFunc(maps.Keys(m), less)
	return keys[r.IntN(len(keys))]
}

// oracle makes changes and knows what they should do.
type oracle struct {
	rng     *rand.Rand
	made    int
	content content
	sweep   func(context.Context, *mailbox.Session) error
}

func (o *oracle) text() string {
	o.made++
	return letter("m"+strconv.Itoa(o.made)) + strings.Repeat("padding\r\n", o.rng.IntN(60))
}

// box is a mailbox, rather one with messages.
func (o *oracle) box() string {
	name := pick(o.rng, o.content, strings.Compare)
	for range 3 {
		if len(o.content[name].messages) > 0 {
			break
		}
		name = pick(o.rng, o.content, strings.Compare)
	}
	return name
}

// some picks messages of a mailbox.
func (o *oracle) some(name string) []mail.UID {
	var out []mail.UID
	for _, uid := range slices.Sorted(maps.Keys(o.content[name].messages)) {
		if o.rng.IntN(2) == 0 {
			out = append(out, uid)
		}
	}
	return out
}

func (b *box) put(m message) mail.UID {
	uid := b.next
	b.next++
	b.messages[uid] = m
	return uid
}

// on runs fn on a selected mailbox.
func on(name string, fn func(ctx context.Context, v *mailbox.View) error) func(context.Context, *mailbox.Session) error {
	return func(ctx context.Context, s *mailbox.Session) error {
		v, err := s.Select(ctx, name, false)
		if err != nil {
			return err
		}
		defer v.Close()
		return fn(ctx, v)
	}
}

func (o *oracle) next() act {
	to, name := o.content.clone(), o.box()
	switch n := o.rng.IntN(17); n {
	case 0, 1, 2: // append, also several and big ones
		var texts []string
		for range 1 + o.rng.IntN(3) {
			texts = append(texts, o.text())
			to[name].put(message{texts[len(texts)-1], `\Seen`})
		}
		return act{"append", func(ctx context.Context, s *mailbox.Session) error {
			_, err := tryDeliver(ctx, s, name, texts, `\Seen`)
			return err
		}, to}
	case 3, 4, 5, 6: // copy and move
		uids, dest := o.some(name), o.box()
		for _, uid := range uids {
			m := to[name].messages[uid]
			if n%2 == 1 {
				delete(to[name].messages, uid)
			}
			to[dest].put(m)
		}
		return act{"transfer", on(name, func(ctx context.Context, v *mailbox.View) (err error) {
			if n%2 == 1 {
				_, err = v.Move(ctx, uids, dest)
			} else {
				_, err = v.Copy(ctx, uids, dest)
			}
			return err
		}), to}
	case 7, 8, 9: // store
		uids := o.some(name)
		names := []string{`\Deleted`, "$K" + strconv.Itoa(o.rng.IntN(3))}
		f, _ := mail.ParseFlags(names)
		for _, uid := range uids {
			m := to[name].messages[uid]
			old, _ := mail.ParseFlags(strings.Fields(m.flags))
			m.flags = strings.Join(old.Union(f).Names(), " ")
			to[name].messages[uid] = m
		}
		return act{"store", on(name, func(ctx context.Context, v *mailbox.View) error {
			_, err := v.Store(ctx, uids, mailbox.FlagsAdd, f, nil)
			return err
		}), to}
	case 10, 11: // expunge
		maps.DeleteFunc(to[name].messages, func(_ mail.UID, m message) bool { return strings.Contains(m.flags, `\Deleted`) })
		return act{"expunge", on(name, func(ctx context.Context, v *mailbox.View) error {
			_, err := v.Expunge(ctx, nil)
			return err
		}), to}
	case 12: // create
		o.made++
		fresh := fmt.Sprintf("box%d", o.made)
		to[fresh] = &box{0, 1, 0, map[mail.UID]message{}}
		return act{"create", func(ctx context.Context, s *mailbox.Session) error {
			_, err := s.Create(ctx, fresh, nil)
			return err
		}, to}
	case 13: // rename; INBOX's way too
		o.made++
		fresh := fmt.Sprintf("name%d", o.made)
		if name == "INBOX" {
			to[fresh] = &box{0, 1, 0, map[mail.UID]message{}}
			for _, uid := range slices.Sorted(maps.Keys(to[name].messages)) {
				to[fresh].put(to[name].messages[uid])
			}
			clear(to[name].messages)
		} else {
			to[fresh] = to[name]
			delete(to, name)
		}
		return act{"rename", func(ctx context.Context, s *mailbox.Session) error { return s.Rename(ctx, name, fresh) }, to}
	case 14:
		return act{"sweep", o.sweep, to}
	default: // delete
		if name == "INBOX" || len(o.content) < 4 {
			return act{"nothing", func(context.Context, *mailbox.Session) error { return nil }, to}
		}
		delete(to, name)
		return act{"delete", func(ctx context.Context, s *mailbox.Session) error { return s.Delete(ctx, name) }, to}
	}
}

// read is what the account holds really.
func read(t testing.TB, s *mailbox.Session) content {
	out := content{}
	infos, err := s.List(t.Context())
	must(t, err)
	for _, i := range infos {
		if !i.Exists {
			continue
		}
		v, err := s.Select(t.Context(), i.Name, true)
		must(t, err)
		b := &box{i.UIDValidity, i.UIDNext, i.HighestModSeq, map[mail.UID]message{}}
		texts := bodies(t, v)
		for _, r := range v.Snapshot().Rows(1, 1<<31) {
			b.messages[r.UID] = message{texts[r.UID], string(v.Snapshot().FlagSet(r.Set).IMAP)}
		}
		out[i.Name] = b
		v.Close()
	}
	return out
}

// differs says where two contents differ; "" if they do not.
func differs(want, got content) string {
	for name, w := range want {
		g := got[name]
		switch {
		case g == nil:
			return fmt.Sprintf("there is no mailbox %q", name)
		case w.validity != 0 && w.validity != g.validity:
			return fmt.Sprintf("%q has UIDVALIDITY %d, not %d", name, g.validity, w.validity)
		case w.next != g.next:
			return fmt.Sprintf("%q has UIDNEXT %d, not %d", name, g.next, w.next)
		case !maps.Equal(w.messages, g.messages):
			return fmt.Sprintf("%q has %d messages, other ones than %d", name, len(g.messages), len(w.messages))
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("there are %d mailboxes, not %d", len(got), len(want))
	}
	return ""
}

// history remembers which message each (UIDVALIDITY, UID) named, for ever, and
// the highest numbers of each UIDVALIDITY.
type history struct {
	texts map[[2]uint32]string
	last  map[mail.UIDValidity]box
}

func (h history) add(t testing.TB, c content) {
	for name, b := range c {
		if old := h.last[b.validity]; b.next < old.next || b.modseq < old.modseq {
			t.Fatalf("%q: UIDNEXT fell from %d to %d or MODSEQ from %d to %d", name, old.next, b.next, old.modseq, b.modseq)
		}
		h.last[b.validity] = box{next: b.next, modseq: b.modseq}
		for uid, m := range b.messages {
			k := [2]uint32{uint32(b.validity), uint32(uid)}
			if old, ok := h.texts[k]; ok && old != m.text {
				t.Fatalf("%q: UID %d of UIDVALIDITY %d names another message than before", name, uid, b.validity)
			}
			h.texts[k] = m.text
		}
	}
}

func long(short, full int) int {
	if os.Getenv("POSTERN_LONG") == "1" {
		return full
	}
	return short
}

func seed(t testing.TB) uint64 {
	s := rand.Uint64()
	if env := os.Getenv("POSTERN_SEED"); env != "" {
		var err error
		s, err = strconv.ParseUint(env, 10, 64)
		must(t, err)
	}
	t.Logf("POSTERN_SEED=%d replays this", s)
	return s
}

// TestCrash takes the power away at a write of every operation. What was
// acknowledged is there, what was not is there whole or not at all
// (RELIABILITY: each change is all or nothing, UIDs are never given twice).
func TestCrash(t *testing.T) {
	const perMachine = 100
	machines := long(12, 1000)
	for n := range machines {
		t.Run(strconv.Itoa(n), func(t *testing.T) { crashes(t, seed(t), perMachine) })
	}
	t.Logf("%d crash points", machines*perMachine)
}

func crashes(t *testing.T, seed uint64, points int) {
	m := newMachine(t, seed)
	o := &oracle{rng: m.rng, sweep: m.sweep}
	h := history{map[[2]uint32]string{}, map[mail.UIDValidity]box{}}
	s := m.session()
	o.content = read(t, s)
	done := map[string]int{}
	for points > 0 {
		a := o.next()
		m.arm(1+m.rng.IntN(6), []int{0, 10, 50, 100}[m.rng.IntN(4)])
		err := a.run(t.Context(), s)
		if !m.crashed() {
			m.arm(0, 0)
		}
		down := m.crashed()
		if !down && err != nil {
			t.Fatalf("%s: %v", a.name, err)
		}
		if !down {
			o.content = a.to
			o.learn(t, s, h)
			continue
		}
		points--
		done[a.name]++
		// A nil error may have come just before or after the power went.
		s.Close()
		m.reboot()
		s = m.session()
		got := read(t, s)
		before, after := differs(o.content, got), differs(a.to, got)
		switch {
		case before != "" && after != "":
			t.Fatalf("%s was done in part: before it %s; after it %s", a.name, before, after)
		case after == "":
			done[a.name+", which survived"]++
			o.content = a.to
		}
		o.learn(t, s, h)
		if points%10 == 0 {
			m.check()
		}
	}
	s.Close()
	m.check()
	t.Logf("crashes in %v", done)
}

// learn fills in what is not known before it is done, and checks the rest.
func (o *oracle) learn(t *testing.T, s *mailbox.Session, h history) {
	t.Helper()
	got := read(t, s)
	if d := differs(o.content, got); d != "" {
		t.Fatal(d)
	}
	o.content = got
	h.add(t, got)
}

// TestCrashAcknowledged has several sessions deliver at the same time. What
// was acknowledged before the power went is there exactly once, what was not
// at most once and whole.
func TestCrashAcknowledged(t *testing.T) {
	machines := long(40, 2000)
	defer t.Logf("%d crash points", machines)
	for n := range machines {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			m := newMachine(t, seed(t))
			s := m.session()
			m.arm(1+m.rng.IntN(120), []int{0, 10, 50, 100}[n%4])
			var (
				mu    sync.Mutex
				acked = map[string]bool{}
				begun = map[string]bool{}
				wg    sync.WaitGroup
			)
			for worker := range 4 {
				wg.Go(func() {
					for i := 0; !m.crashed() && i < 200; i++ {
						text := letter(fmt.Sprintf("w%d-%d", worker, i)) + strings.Repeat("x", 400*(i%2))
						mu.Lock()
						begun[text] = true
						mu.Unlock()
						_, err := tryDeliver(context.Background(), s, "INBOX", []string{text})
						mu.Lock()
						if err == nil && !m.crashed() {
							acked[text] = true
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			s.Close()
			if !m.crashed() {
				t.Fatal("the power did not go")
			}
			m.reboot()
			s = m.session()
			defer s.Close()
			count := map[string]int{}
			for _, text := range bodies(t, selectBox(t, s, "INBOX")) {
				if !begun[text] {
					t.Errorf("a message that nobody sent is there: %.60q", text)
				}
				count[text]++
			}
			for text, n := range count {
				if n > 1 {
					t.Errorf("%.60q is there %d times", text, n)
				}
			}
			for text := range acked {
				if count[text] != 1 {
					t.Errorf("acknowledged, but lost: %.60q", text)
				}
			}
			m.check()
		})
	}
}
