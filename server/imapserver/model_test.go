package imapserver_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// model is what a client knows of its mailbox, kept only from what the server
// told it. It checks each response against the rules of RFC 9051 §7.5 and
// RFC 7162 as it comes.
type model struct {
	*client
	h    *house
	rng  *rand.Rand
	name string

	uids  []int    // by sequence number; 0 while unknown
	flags []string // sorted; "?" while unknown

	qresync  bool
	validity int
	modSeq   int // up to which the client has seen everything
	top      int // of the MODSEQs since the last tagged line
	coded    bool
	cache    map[int]string // QRESYNC: uid to flags, over disconnections
}

var (
	fetchLine   = regexp.MustCompile(`^\* (\d+) FETCH \((.*?)(?:\)|BODY\[\] \{\d+\})$`)
	uidItem     = regexp.MustCompile(`\bUID (\d+)`)
	flagsItem   = regexp.MustCompile(`\bFLAGS \(([^)]*)\)`)
	modSeqItem  = regexp.MustCompile(`\bMODSEQ \((\d+)\)`)
	numberLine  = regexp.MustCompile(`^\* (\d+) (EXISTS|EXPUNGE|RECENT)$`)
	vanishedSet = regexp.MustCompile(`^\* VANISHED (\(EARLIER\) )?([0-9:,]+)$`)
	highest     = regexp.MustCompile(`\[HIGHESTMODSEQ (\d+)\]`)
	validityIs  = regexp.MustCompile(`\[UIDVALIDITY (\d+)\]`)
)

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func sortedFlags(s string) string {
	f := strings.Fields(s)
	slices.Sort(f)
	return strings.Join(f, " ")
}

// do sends a command and takes in what comes back. removals says whether
// EXPUNGE and VANISHED are allowed with it.
func (m *model) do(command string, removals bool) (tagged string) {
	m.tags++
	tag := fmt.Sprintf("%s%d", m.name, m.tags)
	m.send(tag + " " + command + "\r\n")
	m.top, m.coded = 0, false
	for {
		l := m.line()
		if rest, mine := strings.CutPrefix(l, tag+" "); mine {
			m.code(rest)
			if m.qresync && !m.coded && m.top > m.modSeq {
				m.modSeq = m.top
			}
			return rest
		}
		m.take(l, removals, command)
	}
}

func (m *model) code(l string) {
	if c := highest.FindStringSubmatch(l); c != nil {
		m.modSeq, m.coded = number(c[1]), true
	}
	if c := validityIs.FindStringSubmatch(l); c != nil {
		m.validity = number(c[1])
	}
}

// take takes in one untagged line.
func (m *model) take(l string, removals bool, command string) {
	m.t.Helper()
	if n := numberLine.FindStringSubmatch(l); n != nil {
		k := number(n[1])
		switch n[2] {
		case "EXISTS":
			if k < len(m.uids) {
				m.t.Errorf("%s: %q shrinks the mailbox from %d", command, l, len(m.uids))
			}
			for len(m.uids) < k {
				m.uids, m.flags = append(m.uids, 0), append(m.flags, "?")
			}
		case "EXPUNGE":
			if !removals || m.qresync {
				m.t.Errorf("%s: %q is not allowed here", command, l)
			}
			m.remove(k)
		}
		return
	}
	if v := vanishedSet.FindStringSubmatch(l); v != nil {
		m.vanished(v[1] != "", v[2], removals, command)
		return
	}
	if f := fetchLine.FindStringSubmatch(l); f != nil {
		m.fetched(number(f[1]), f[2], command)
		return
	}
	m.code(l)
}

func (m *model) remove(seq int) {
	if seq < 1 || seq > len(m.uids) {
		m.t.Errorf("EXPUNGE %d of %d messages", seq, len(m.uids))
		return
	}
	if m.uids[seq-1] != 0 {
		delete(m.cache, m.uids[seq-1])
	}
	m.uids, m.flags = slices.Delete(m.uids, seq-1, seq), slices.Delete(m.flags, seq-1, seq)
}

func (m *model) vanished(earlier bool, set string, removals bool, command string) {
	if !m.qresync || !earlier && !removals {
		m.t.Errorf("%s: VANISHED %s is not allowed here", command, set)
	}
	for _, r := range strings.Split(set, ",") {
		a, b, ranged := strings.Cut(r, ":")
		if !ranged {
			b = a
		}
		for uid := number(a); uid <= number(b); uid++ {
			if earlier {
				delete(m.cache, uid)
				if slices.Contains(m.uids, uid) {
					m.t.Errorf("%s: VANISHED (EARLIER) names UID %d, which is there", command, uid)
				}
				continue
			}
			seq := slices.Index(m.uids, uid) + 1
			if seq == 0 {
				// It may be one whose UID this client has not asked for yet.
				if seq = slices.Index(m.uids, 0) + 1; seq == 0 {
					m.t.Errorf("%s: VANISHED names UID %d, which this client never had: %v", command, uid, m.uids)
					continue
				}
			}
			m.remove(seq)
		}
	}
}

func (m *model) fetched(seq int, items, command string) {
	if seq < 1 || seq > len(m.uids) {
		m.t.Errorf("%s: FETCH of %d of %d messages: %s", command, seq, len(m.uids), items)
		return
	}
	if u := uidItem.FindStringSubmatch(items); u != nil {
		uid := number(u[1])
		if old := m.uids[seq-1]; old != 0 && old != uid {
			m.t.Errorf("%s: message %d was UID %d and is now %d", command, seq, old, uid)
		}
		m.uids[seq-1] = uid
	} else if m.qresync && !strings.Contains(command, "FETCH") {
		m.t.Errorf("%s: unasked FETCH without UID: %s", command, items)
	}
	ms := modSeqItem.FindStringSubmatch(items)
	if ms != nil {
		m.top = max(m.top, number(ms[1]))
	} else if m.qresync && !strings.Contains(command, "FETCH") {
		m.t.Errorf("%s: unasked FETCH without MODSEQ: %s", command, items)
	}
	if f := flagsItem.FindStringSubmatch(items); f != nil {
		m.flags[seq-1] = sortedFlags(f[1])
		if m.cache != nil && m.uids[seq-1] != 0 {
			m.cache[m.uids[seq-1]] = m.flags[seq-1]
		}
	}
}

// learn asks for what the model does not know yet.
func (m *model) learn() {
	for again := true; again; {
		again = false
		for i, f := range m.flags {
			if f == "?" || m.uids[i] == 0 {
				// More may arrive with the answer.
				m.do(fmt.Sprintf("FETCH %d:* (UID FLAGS)", i+1), false)
				again = true
				break
			}
		}
	}
	for i := range m.uids {
		if m.uids[i] == 0 || i > 0 && m.uids[i] <= m.uids[i-1] {
			m.t.Fatalf("UIDs do not ascend: %v", m.uids)
		}
	}
}

// connect opens a fresh connection and selects INBOX, with QRESYNC from what is
// known.
func (m *model) connect() {
	m.client = m.h.signedIn("alice")
	m.uids, m.flags = nil, nil
	if !m.qresync {
		m.do("SELECT INBOX", false)
		m.learn()
		return
	}
	m.ok("ENABLE QRESYNC")
	if m.cache == nil {
		m.cache = make(map[int]string)
		m.do("SELECT INBOX", false)
	} else {
		m.do(fmt.Sprintf("SELECT INBOX (QRESYNC (%d %d))", m.validity, m.modSeq), false)
	}
	// Which UID has which number is asked once; the flags come from the cache.
	if n := len(m.uids); n > 0 {
		m.do("FETCH 1:* (UID)", false)
		for i, uid := range m.uids[:n] {
			flags, cached := m.cache[uid]
			if !cached {
				m.t.Errorf("UID %d was not told by the QRESYNC select", uid)
			}
			m.flags[i] = flags
		}
		if len(m.cache) != n {
			m.t.Errorf("the cache has %d messages, the mailbox %d: a removal was not told", len(m.cache), n)
		}
	}
	m.learn()
}

// step does something at random.
func (m *model) step() {
	seq, op := 0, []string{"+", "-", ""}[m.rng.IntN(3)]
	if n := len(m.uids); n > 0 {
		seq = m.rng.IntN(n) + 1
	}
	flag := []string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Deleted`, "$Fwd", "other"}[m.rng.IntN(7)]
	if len(m.uids) > 60 {
		m.do(`STORE 1:30 +FLAGS (\Deleted)`, false)
		m.do("EXPUNGE", true)
		m.learn()
		return
	}
	switch k := m.rng.IntN(20); {
	case seq == 0 || k < 3:
		m.send(fmt.Sprintf("x APPEND INBOX (%s) {9+}\r\nA: b\r\n\r\nc\r\n", flag))
		m.top, m.coded = 0, false
		for l := m.line(); !strings.HasPrefix(l, "x "); l = m.line() {
			m.take(l, true, "APPEND")
		}
	case k < 9:
		m.do(fmt.Sprintf("STORE %d %sFLAGS (%s)", seq, op, flag), false)
	case k < 11:
		m.do(fmt.Sprintf("UID STORE %d +FLAGS (%s)", m.uids[seq-1], flag), true)
	case k < 12:
		m.do("EXPUNGE", true)
	case k < 13:
		m.do(fmt.Sprintf("UID EXPUNGE %d", m.uids[seq-1]), true)
	case k < 14:
		m.do(fmt.Sprintf("FETCH %d (UID FLAGS BODY[])", seq), false)
	case k < 15:
		m.do(fmt.Sprintf("UID COPY %d INBOX", m.uids[seq-1]), true)
	case k < 16:
		m.do(fmt.Sprintf("MOVE %d INBOX", seq), true)
	case k < 17:
		m.do("SEARCH DELETED", false)
	case k < 18:
		m.silent(seq, flag)
	default:
		m.do("NOOP", true)
	}
	m.learn()
}

// silent stores with .SILENT and changes the model by itself, as clients do.
func (m *model) silent(seq int, flag string) {
	before := strings.Fields(m.flags[seq-1])
	if !slices.Contains(before, flag) {
		before = append(before, flag)
	}
	uid := m.uids[seq-1]
	m.flags[seq-1] = sortedFlags(strings.Join(before, " "))
	if m.cache != nil {
		m.cache[uid] = m.flags[seq-1]
	}
	if tagged := m.do(fmt.Sprintf("STORE %d +FLAGS.SILENT (%s)", seq, flag), false); !strings.HasPrefix(tagged, "OK ") {
		m.flags[seq-1] = "?"
	}
}

// same compares the model with a client that knows nothing yet.
func (m *model) same(cold *model) {
	m.t.Helper()
	m.do("NOOP", true)
	m.learn()
	if !slices.Equal(m.uids, cold.uids) {
		m.t.Errorf("%s: UIDs %v, a cold client has %v", m.name, m.uids, cold.uids)
		return
	}
	for i := range m.flags {
		if m.flags[i] != cold.flags[i] {
			m.t.Errorf("%s: UID %d has flags %q, a cold client sees %q", m.name, m.uids[i], m.flags[i], cold.flags[i])
		}
	}
}

// changes is how many random changes the long tests make in all.
func changes() int {
	if os.Getenv("POSTERN_LONG") == "1" {
		return 1_000_000
	}
	return 2_000
}

// TestConcurrentSessions lets sessions change one mailbox at random at the same
// time. Every response must fit what its client was told before, and in the end
// all must agree with a client that comes anew (RELIABILITY 8 for QRESYNC
// clients, which disconnect at random too).
func TestConcurrentSessions(t *testing.T) {
	h := newHouse(t)
	const writers = 6
	models := make([]*model, writers)
	for i := range models {
		models[i] = &model{h: h, name: string(rune('a' + i)), qresync: i%2 == 1, rng: rand.New(rand.NewPCG(uint64(i), 2))}
		models[i].connect()
	}
	for range 10 {
		var wg sync.WaitGroup
		for _, m := range models {
			wg.Go(func() {
				for range changes() / writers / 10 {
					m.step()
					if m.qresync && m.rng.IntN(25) == 0 {
						_ = m.conn.Close() // without a goodbye
						m.connect()
					}
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			t.Fatal("the first round that went wrong ends the test")
		}
		cold := &model{h: h, name: "z", rng: models[0].rng}
		cold.connect()
		for _, m := range models {
			m.same(cold)
		}
		_ = cold.conn.Close()
	}
}
