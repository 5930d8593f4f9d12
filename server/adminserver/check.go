package adminserver

import (
	"postern/fault"
	"postern/mailbox"
	"postern/signin"
	"postern/signin/grant"
)

// BackupOrder asks for a backup on the server's own disk.
type BackupOrder struct {
	Dir string `json:"dir"` // absolute; must not exist
}

// BackupDone tells what was written.
type BackupDone struct {
	Bytes int64 `json:"bytes"`
}

// CheckOrder asks for a check of everything.
type CheckOrder struct {
	Account string `json:"account,omitempty"` // only this one; empty is all
	Repair  bool   `json:"repair"`
}

// Finding is one thing that is not as it must be. The last line of a check has
// Done set and counts.
type Finding struct {
	Account  string `json:"account,omitempty"`
	Mailbox  string `json:"mailbox,omitempty"`
	UID      uint32 `json:"uid,omitempty"`
	Law      string `json:"law,omitempty"`
	What     string `json:"what,omitempty"`
	Repaired bool   `json:"repaired,omitempty"`

	Done     bool `json:"done,omitempty"`
	Accounts int  `json:"accounts,omitempty"`
	Found    int  `json:"found,omitempty"`
	Mended   int  `json:"mended,omitempty"`
}

func (d *door) backup(q *request) error {
	var order BackupOrder
	if err := q.read(&order); err != nil {
		return err
	}
	n, err := d.Maintenance.Backup(q.Context(), order.Dir)
	if err != nil {
		return err
	}
	return q.reply(BackupDone{n})
}

func (d *door) check(q *request) error {
	var order CheckOrder
	if err := q.read(&order); err != nil {
		return err
	}
	sum := Finding{Done: true}
	var lost error
	report := func(f Finding) {
		sum.Found++
		if f.Repaired {
			sum.Mended++
		}
		if err := q.line(f); err != nil && lost == nil {
			lost = err
		}
	}
	if order.Account != "" {
		a, err := d.find(q, order.Account)
		if err != nil {
			return err
		}
		order.Account = a.Address
	} else {
		err := d.Maintenance.Verify(q.Context(), func(where, what string) { report(Finding{Law: "storage", What: where + ": " + what}) })
		if err != nil {
			return err
		}
	}
	var accounts []signin.AccountInfo
	err := d.Authority.Accounts(q.Context(), func(a signin.AccountInfo) error {
		if order.Account == "" || a.Address == order.Account {
			accounts = append(accounts, a)
		}
		return lost
	})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		err := d.checkAccount(q, a, order.Repair, func(f mailbox.Finding) {
			report(Finding{a.Address, f.Mailbox, uint32(f.UID), f.Law, f.What, f.Repaired, false, 0, 0, 0})
		})
		if err != nil {
			report(Finding{Account: a.Address, Law: "readable", What: fault.Plain(err)})
		}
		if lost != nil {
			return lost
		}
		sum.Accounts++
	}
	return q.line(sum)
}

func (d *door) checkAccount(q *request, a signin.AccountInfo, repair bool, report func(mailbox.Finding)) error {
	g, err := d.Authority.Service(q.Context(), "fsck", a.ID, grant.Owner|grant.Admin)
	if err != nil {
		return err
	}
	defer g.Release()
	return d.Mailboxes.Check(q.Context(), g, repair, report)
}
