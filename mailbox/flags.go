package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// FlagOp is what Store does with flags.
type FlagOp uint8

// The operations of STORE.
const (
	FlagsSet FlagOp = iota
	FlagsAdd
	FlagsRemove
)

func (op FlagOp) do(old, f mail.Flags) mail.Flags {
	switch op {
	case FlagsAdd:
		return old.Union(f)
	case FlagsRemove:
		return old.Without(f)
	case FlagsSet:
		return f
	}
	return old
}

// StoreResult is what Store did.
type StoreResult struct {
	Changed  []mail.UID  // whose flags changed, ascending
	Modified []mail.UID  // left alone since they changed after unchangedSince
	Missing  []mail.UID  // expunged meanwhile
	ModSeq   mail.ModSeq // of the change; 0 if nothing changed
}

// Store changes flags; uids ascend. With unchangedSince, messages changed later
// are left alone (RFC 7162 §3.1.3). What would change nothing takes no MODSEQ.
func (v *View) Store(ctx context.Context, uids []mail.UID, op FlagOp, flags mail.Flags, unchangedSince *mail.ModSeq) (StoreResult, error) {
	const name = "mailbox.Store"
	if err := v.change(name, grant.Flag); err != nil {
		return StoreResult{}, err
	}
	if op != FlagsRemove {
		if err := v.checkKeywords(name, flags); err != nil {
			return StoreResult{}, err
		}
	}
	if unchangedSince == nil && v.idle(uids, op, flags) {
		return StoreResult{}, nil
	}
	run := v.s.acct.update
	if op != FlagsRemove && flags.System&mail.FlagDeleted != 0 {
		run = v.s.acct.shrink // who may not mark cannot expunge: a full disk would stay full
	}
	var res StoreResult
	err := run(ctx, name, func(w *work) error {
		res = StoreResult{}
		b, err := w.box(v.x.box)
		if err != nil {
			return err
		}
		limits := &v.s.acct.e.opts.Limits
		return w.states(ctx, b, uids, func(uid mail.UID, s *store.StateRow) error {
			switch {
			case s == nil:
				res.Missing = append(res.Missing, uid)
				return nil
			case unchangedSince != nil && s.ModSeq > *unchangedSince:
				res.Modified = append(res.Modified, uid)
				return nil
			}
			next := op.do(s.Flags, flags)
			if next.Equal(s.Flags) {
				return nil
			}
			if err := limits.checkCount(next); err != nil {
				return err
			}
			res.Changed = append(res.Changed, uid)
			res.ModSeq = w.modseq
			return w.reflag(b, *s, next)
		})
	})
	if err != nil {
		return StoreResult{}, err
	}
	return res, nil
}

// idle tells whether storing would change nothing, as far as is known in
// memory; then there is nothing to write.
func (v *View) idle(uids []mail.UID, op FlagOp, flags mail.Flags) bool {
	now := v.current()
	same := map[FlagSetID]bool{}
	for _, uid := range uids {
		seq, ok := now.Find(uid)
		if !ok {
			return false
		}
		id := now.Row(seq).Set
		unchanged, known := same[id]
		if !known {
			old := now.FlagSet(id).Flags
			unchanged = op.do(old, flags).Equal(old)
			same[id] = unchanged
		}
		if !unchanged {
			return false
		}
	}
	return true
}

// checkKeywords refuses keywords that cannot be and too many of them.
func (v *View) checkKeywords(op string, f mail.Flags) error {
	limits := &v.s.acct.e.opts.Limits
	if err := limits.checkFlags(f); err != nil {
		return fault.In(op, err)
	}
	if len(f.Keywords) == 0 {
		return nil
	}
	a := v.s.acct
	a.mu.Lock()
	defer a.mu.Unlock()
	if v.x.loading {
		return nil
	}
	return fault.In(op, v.x.table.admit(f, limits))
}

// admit refuses keywords that the mailbox has no room for.
func (t *flagTable) admit(f mail.Flags, l *Limits) error {
	if n := t.unknown(f); n > 0 && len(t.keywords)+n > l.Keywords {
		return fault.New(fault.TooLarge, "mailbox.keywords", "the mailbox has %d keywords, at most %d are allowed", len(t.keywords), l.Keywords)
	}
	return nil
}

// checkFlags refuses flags that no message may have.
func (l *Limits) checkFlags(f mail.Flags) error {
	const op = "mailbox.flags"
	for _, k := range f.Keywords {
		if len(k) > 255 {
			return fault.New(fault.TooLarge, op, "a keyword has %d octets, at most 255 are allowed", len(k))
		}
		if !isAtom(k) {
			return fault.New(fault.Invalid, op, "the keyword %q is no atom", k)
		}
	}
	return l.checkCount(f)
}

func (l *Limits) checkCount(f mail.Flags) error {
	if len(f.Keywords) > l.Keywords {
		return fault.New(fault.TooLarge, "mailbox.flags", "a message has %d keywords, at most %d are allowed", len(f.Keywords), l.Keywords)
	}
	return nil
}

// isAtom tells whether s is an atom of RFC 9051 §9.
func isAtom(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f:
			return false
		case c == '(' || c == ')' || c == '{' || c == '%' || c == '*' || c == '"' || c == '\\' || c == ']':
			return false
		}
	}
	return s != ""
}
