package mailbox

import (
	"slices"
	"time"

	"postern/fault"
	"postern/mail"
)

// truth is what is known of a key: one that needs more reading is maybe.
type truth uint8

const (
	maybe truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// The levels of what a key must have read.
const (
	levelRow = iota
	levelSummary
	levelHeader
	levelText
)

// node is a compiled Query.
type node struct {
	q      *Query
	subs   []*node
	level  int // of this node alone
	uids   []UIDRange
	sets   []truth // QueryFlags, by FlagSetID
	needle []byte
	day    int64 // of Date
	leaf   int   // index among the program's leaves, for header and text keys
}

// program is a query made ready for one snapshot.
type program struct {
	root   *node
	level  int     // the highest of all nodes
	leaves []*node // header and text keys
	now    int64   // Unix seconds
}

const maxQueryDepth = 1000

func compile(q *Query, snap *Snapshot, now time.Time) (*program, error) {
	p := &program{now: now.Unix()}
	var err error
	p.root, err = p.compile(q, snap, 0)
	return p, err
}

func (p *program) compile(q *Query, snap *Snapshot, depth int) (*node, error) {
	const op = "mailbox.Search"
	if q == nil || depth > maxQueryDepth || q.Op == QueryNot && len(q.Subs) == 0 {
		return nil, fault.New(fault.Invalid, op, "the query has an empty or too deep node")
	}
	n := &node{q: q}
	for _, sub := range q.Subs {
		s, err := p.compile(sub, snap, depth+1)
		if err != nil {
			return nil, err
		}
		n.subs = append(n.subs, s)
	}
	// What costs least is asked first.
	slices.SortStableFunc(n.subs, func(a, b *node) int { return a.highest() - b.highest() })
	switch q.Op {
	case QueryAll, QueryAnd, QueryOr, QueryNot:
	case QueryUID:
		n.uids = mergeRanges(slices.Clone(q.UIDs))
	case QueryFlags:
		n.sets = make([]truth, len(snap.sets))
		for i, set := range snap.sets {
			n.sets[i] = truthOf(set.Has(q.Flags))
		}
	case QueryFrom, QueryTo, QueryCc, QueryBcc, QuerySubject:
		n.level, n.needle = levelSummary, []byte(foldString(q.Text))
	case QueryHeader:
		n.leafAt(p, levelHeader)
	case QueryBody, QueryText:
		n.leafAt(p, levelText)
	case QuerySentBefore, QuerySentOn, QuerySentSince:
		n.level, n.day = levelSummary, dayOf(q.Date)
	case QueryBefore, QueryOn, QuerySince, QuerySavedBefore, QuerySavedOn, QuerySavedSince:
		n.day = dayOf(q.Date)
	case QueryLarger, QuerySmaller, QueryOlder, QueryYounger, QueryModSeq:
	case QueryEmailID, QueryThreadID:
		n.level = levelSummary
	default:
		return nil, fault.New(fault.Invalid, op, "the query has the unknown operation %d", q.Op)
	}
	p.level = max(p.level, n.level)
	return n, nil
}

func (n *node) leafAt(p *program, level int) {
	n.level, n.needle, n.leaf = level, []byte(foldString(n.q.Text)), len(p.leaves)
	p.leaves = append(p.leaves, n)
}

// highest is the level of the node with all below it.
func (n *node) highest() int {
	l := n.level
	for _, s := range n.subs {
		l = max(l, s.highest())
	}
	return l
}

// dayOf counts calendar days, whatever the zone.
func dayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// floorDay is the day of Unix seconds.
func floorDay(sec int64) int64 {
	d := sec / 86400
	if sec%86400 < 0 {
		d--
	}
	return d
}

// candidate is a message under search.
type candidate struct {
	row    Row
	msg    *Message
	env    *envelope // once read
	leaves []bool    // once the text was searched
}

// eval decides a node by what is known of c.
func (p *program) eval(n *node, c *candidate) truth {
	switch n.q.Op {
	case QueryAnd:
		return p.fold(n.subs, c, yes, no)
	case QueryOr:
		return p.fold(n.subs, c, no, yes)
	case QueryNot:
		switch p.eval(n.subs[0], c) {
		case yes:
			return no
		case no:
			return yes
		case maybe:
		}
		return maybe
	case QueryFrom, QueryTo, QueryCc, QueryBcc, QuerySubject, QuerySentBefore, QuerySentOn, QuerySentSince,
		QueryEmailID, QueryThreadID:
		if c.msg == nil {
			return maybe
		}
		return truthOf(n.inSummary(c))
	case QueryHeader, QueryBody, QueryText:
		if c.leaves == nil {
			return maybe
		}
		return truthOf(c.leaves[n.leaf])
	default:
		return p.row(n, &c.row)
	}
}

// fold is AND with neutral yes, OR with neutral no.
func (p *program) fold(subs []*node, c *candidate, neutral, decisive truth) truth {
	out := neutral
	for _, s := range subs {
		t := p.eval(s, c)
		if t == decisive {
			return decisive
		}
		if t == maybe {
			out = maybe
		}
	}
	return out
}

// row decides what the row tells.
func (p *program) row(n *node, r *Row) truth {
	q := n.q
	switch q.Op {
	case QueryUID:
		_, ok := slices.BinarySearchFunc(n.uids, r.UID, compareRange)
		return truthOf(ok)
	case QueryFlags:
		return n.sets[r.Set]
	case QueryBefore, QueryOn, QuerySince:
		return n.compareDay(floorDay(r.Received+int64(r.Zone)*60), QueryBefore)
	case QuerySavedBefore, QuerySavedOn, QuerySavedSince:
		return n.compareDay(floorDay(r.Saved), QuerySavedBefore)
	case QueryLarger:
		return truthOf(uint64(r.Size) > q.N)
	case QuerySmaller:
		return truthOf(uint64(r.Size) < q.N)
	case QueryOlder:
		return truthOf(q.N <= 1<<62 && p.now-r.Received >= int64(q.N))
	case QueryYounger:
		return truthOf(q.N > 1<<62 || p.now-r.Received <= int64(q.N))
	case QueryModSeq:
		return truthOf(uint64(r.ModSeq) >= q.N)
	default:
		return yes // QueryAll
	}
}

// compareDay compares with Date; before is the first of three operations in a
// row: before, on, since.
func (n *node) compareDay(day int64, before QueryOp) truth {
	switch n.q.Op - before {
	case 0:
		return truthOf(day < n.day)
	case 1:
		return truthOf(day == n.day)
	default:
		return truthOf(day >= n.day)
	}
}

func compareRange(r UIDRange, uid mail.UID) int {
	switch {
	case r.Last < uid:
		return -1
	case r.First > uid:
		return 1
	}
	return 0
}
