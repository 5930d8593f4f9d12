package mailbox

import (
	"context"

	"postern/fault"
	"postern/mail"
	"postern/signin/grant"
	"postern/store"
)

// CopyResult is what Copy or Move did; Src[i] became Dst[i]. UIDs that were
// expunged meanwhile are left out.
type CopyResult struct {
	UIDValidity mail.UIDValidity // of the destination
	Src, Dst    []mail.UID
	ModSeq      mail.ModSeq // 0 if nothing was copied
}

// Copy copies messages with their flags and INTERNALDATE, all or nothing;
// NotFound if there is no mailbox dest. The bytes are not copied.
func (v *View) Copy(ctx context.Context, uids []mail.UID, dest string) (CopyResult, error) {
	const op = "mailbox.Copy"
	dest, err := v.s.clean(op, grant.Read|grant.Insert, dest)
	if err != nil {
		return CopyResult{}, err
	}
	return v.transfer(ctx, op, uids, dest, false)
}

// Move is Copy and removal in one transaction (RFC 6851). Into the mailbox
// itself it gives the messages new UIDs.
func (v *View) Move(ctx context.Context, uids []mail.UID, dest string) (CopyResult, error) {
	const op = "mailbox.Move"
	if err := v.change(op, grant.Read|grant.Insert|grant.Remove); err != nil {
		return CopyResult{}, err
	}
	dest, err := v.s.clean(op, 0, dest)
	if err != nil {
		return CopyResult{}, err
	}
	return v.transfer(ctx, op, uids, dest, true)
}

func (v *View) transfer(ctx context.Context, op string, uids []mail.UID, dest string, move bool) (CopyResult, error) {
	run := v.s.acct.update
	if move {
		run = v.s.acct.shrink // most programs delete by moving to Trash
	}
	var res CopyResult
	err := run(ctx, op, func(w *work) error {
		res = CopyResult{}
		src, err := w.box(v.x.box)
		if err != nil {
			return err
		}
		dst, err := w.boxNamed(dest)
		if err != nil {
			return missing(err, dest)
		}
		res.UIDValidity = dst.row.UIDValidity
		w.free = move
		for i, uid := range uids {
			if i%256 == 0 && ctx.Err() != nil {
				return canceled(ctx, op)
			}
			got, err := w.transfer(src, dst, uid, move)
			if err != nil {
				return err
			}
			if got != 0 {
				res.Src, res.Dst = append(res.Src, uid), append(res.Dst, got)
				res.ModSeq = w.modseq
			}
		}
		return nil
	})
	if err != nil {
		return CopyResult{}, err
	}
	return res, nil
}

// transfer copies or moves one message; its new UID is 0 if it is gone.
func (w *work) transfer(src, dst *workBox, uid mail.UID, move bool) (mail.UID, error) {
	s, ok, err := w.stateOf(src, uid)
	if err != nil || !ok {
		return 0, err
	}
	m, err := w.tx.Message(src.row.ID, uid)
	if err != nil {
		return 0, fault.In("mailbox.Copy", err)
	}
	row := store.MessageRow{Email: m.Email, Thread: m.Thread, Summary: append([]byte(nil), m.Summary...)}
	if move {
		if err := w.remove(src, &s); err != nil {
			return 0, err
		}
	} else if err := w.ref(m.Email, 1); err != nil {
		return 0, err
	}
	return w.add(dst, row, s)
}
