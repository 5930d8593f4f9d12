package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"postern/fault"
)

// checkOwner refuses to open a data folder as another user than the one that
// it belongs to. Above all root could, and would leave files behind that the
// server cannot read at its next start.
func checkOwner(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return nil //nolint:nilerr // opening the folder tells better
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return ownedBy(dir, int(sys.Uid), os.Geteuid())
}

func ownedBy(dir string, owner, me int) error {
	if owner == me {
		return nil
	}
	return fault.New(fault.Denied, "", "%s belongs to the user %s and you are %s: run this as %s, for example with \"sudo -u %s postern …\" (or start the server: it then works as root too)",
		dir, userName(owner), userName(me), userName(owner), userName(owner))
}

func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("#%d", id)
}
