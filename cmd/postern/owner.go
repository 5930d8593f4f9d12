package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"postern/fault"
)

// checkOwner refuses to open a store's folder as another user than the one that
// made it. Above all root could, and would leave files behind that the server
// cannot read at its next start. The data folder around it may be anybody's.
func checkOwner(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return nil //nolint:nilerr // it is new, or opening it tells better
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
	remedy := "or start the server: commands then work as root too"
	if me != 0 {
		remedy = fmt.Sprintf("or, if %s shall have it, \"chown -R %s\"", userName(me), userName(me))
	}
	return fault.New(fault.Denied, "", "%s belongs to the user %s and you are %s: run this as %s, for example with \"sudo -u %s postern …\" (%s)",
		dir, userName(owner), userName(me), userName(owner), userName(owner), remedy)
}

func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("#%d", id)
}
