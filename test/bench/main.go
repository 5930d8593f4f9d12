package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	postern  string
	peers    string
	server   string
	password string
	rows     string
	dir      string
	cache    string
	rounds   int
	duration time.Duration
	messages int
	sessions int
	quick    bool
	keep     bool
	list     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.postern, "postern", "bin/postern", "the program to measure; empty for none")
	f.StringVar(&o.peers, "peers", "dovecot-maildir,dovecot-mdbox", "reference servers, separated by commas; empty for none")
	f.StringVar(&o.server, "server", "", "measure the server at this `host:port` instead of starting Postern; it needs accounts user0 … user127@postern.test")
	f.StringVar(&o.password, "password", "bench-pass-1", "the password of every account")
	f.StringVar(&o.rows, "rows", "", "only rows whose key contains one of these `words`, separated by commas")
	f.StringVar(&o.dir, "dir", ".cache/bench", "mail of all servers goes below this folder: choose the disk to measure")
	f.StringVar(&o.cache, "cache", ".cache/peers", "unpacked Debian packages are kept here")
	f.IntVar(&o.rounds, "rounds", 3, "rounds for each row")
	f.DurationVar(&o.duration, "duration", 3*time.Second, "how long one measurement runs")
	f.IntVar(&o.messages, "messages", 20000, "messages in the large mailbox")
	f.IntVar(&o.sessions, "sessions", 500, "idle sessions for the memory row")
	f.BoolVar(&o.quick, "quick", false, "one short round, 2,000 messages, 100 sessions: shows that it works, measures little")
	f.BoolVar(&o.keep, "keep", false, "keep the mail folders")
	f.BoolVar(&o.list, "list", false, "list the rows and stop")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.quick {
		o.rounds, o.duration, o.messages, o.sessions = 1, 500*time.Millisecond, 2000, 100
	}
	return o, nil
}

func bench(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	rows, err := choose(allRows(), o.rows)
	if err != nil {
		return err
	}
	if o.list {
		for _, r := range rows {
			if _, err := fmt.Fprintf(stdout, "%-16s %s\n", r.key, r.name); err != nil {
				return err
			}
		}
		return nil
	}
	run, err := os.MkdirTemp(mustExist(o.dir), "run")
	if err != nil {
		return err
	}
	if err := os.Chmod(run, 0o755); err != nil {
		return err
	}
	servers, err := startServers(ctx, o, run, stderr)
	defer func() {
		err = errors.Join(err, stopServers(servers))
		if !o.keep {
			err = errors.Join(err, os.RemoveAll(run))
		}
	}()
	if err != nil {
		return err
	}
	t, err := measureAll(ctx, o, rows, servers, stderr)
	return errors.Join(err, t.print(stdout))
}

// mustExist makes a folder if it can; the use of it says if it could not.
func mustExist(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return dir
	}
	return abs
}

// choose keeps the rows whose key contains one of the words.
func choose(rows []row, words string) ([]row, error) {
	if words == "" {
		return rows, nil
	}
	var kept []row
	for _, r := range rows {
		for w := range strings.SplitSeq(words, ",") {
			if strings.Contains(r.key, strings.TrimSpace(w)) {
				kept = append(kept, r)
				break
			}
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("no row matches %q; --list names them", words)
	}
	return kept, nil
}
