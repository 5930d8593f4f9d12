// Command postern is the whole mail service and its administration: a server
// (demo, serve) and commands that work on its data folder, whether the server
// runs or not. Here is wiring only; each subcommand has its file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"postern/fault"
)

// version is set by the linker.
var version = "unknown" // a variable, so that -ldflags -X can set it

// commands are the subcommands; their help is the manual.
type commands struct {
	Demo        demoCommand        `cmd:"" help:"Try Postern: everything on loopback, with accounts and sample mail."`
	Setup       setupCommand       `cmd:"" help:"Write a configuration and make the first administrator."`
	Serve       serveCommand       `cmd:"" help:"Run the server of a configuration file."`
	CheckConfig checkConfigCommand `cmd:"" name:"check-config" help:"Check a configuration file and say what is wrong and what would be right."`

	Account  accountCommands `cmd:"" help:"Make, show, change and remove accounts."`
	Import   importCommands  `cmd:"" help:"Bring mail and accounts from another system. Run it again at will: nothing comes twice."`
	Signins  signinsCommand  `cmd:"" help:"Show the sign-in log, newest first."`
	Sessions sessionCommands `cmd:"" help:"Show and end open sessions."`

	Backup  backupCommand  `cmd:"" help:"Copy all mail and accounts into a new folder, while the server runs."`
	Restore restoreCommand `cmd:"" help:"Bring a backup back: all of it into a new data folder, or one account's mail."`
	Fsck    fsckCommand    `cmd:"" help:"Check that everything stored is whole, name what is damaged, repair what is safe."`

	Man        manCommand        `cmd:"" help:"Print the manual page."`
	Completion completionCommand `cmd:"" help:"Print a completion script for a shell."`

	Version    kong.VersionFlag `help:"Print the version and exit."`
	CPUProfile string           `name:"cpu-profile" hidden:"" type:"path" help:"Write a CPU profile of the whole run to this file."`
}

const description = `Postern is a self-hosted mail service: mailboxes over IMAP4, in one program.

To try it, run "postern demo". To run it for real, "postern setup", then
"postern serve --config FILE". Administrative commands take --data DIR or
--config FILE and work with the server running or stopped.`

// app is what commands run with.
type app struct {
	out, errs io.Writer
	in        io.Reader
}

func main() {
	os.Exit(run(os.Args[1:], app{os.Stdout, os.Stderr, os.Stdin}))
}

func run(args []string, a app) int {
	var c commands
	code := -1
	parser, err := kong.New(&c, kong.Name("postern"), kong.Description(description), kong.Vars{"version": "postern " + version},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}), kong.Writers(a.out, a.errs), kong.Exit(func(n int) { code = n }))
	if err != nil {
		panic(err) // our own command table
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if code >= 0 { // --help and --version have answered
		return code
	}
	if err != nil {
		fmt.Fprintf(a.errs, "postern: %v\nTry \"%s --help\".\n", err, nearest(err))
		return 2
	}
	ctx, stop := untilSignal()
	defer stop()
	kctx.BindTo(ctx, (*context.Context)(nil))
	kctx.Bind(a, parser.Model)
	if c.CPUProfile != "" {
		stop, err := profile(c.CPUProfile)
		if err != nil {
			fmt.Fprintf(a.errs, "postern: %v\n", err)
			return 1
		}
		defer stop()
	}
	if err := kctx.Run(); err != nil {
		var quiet quietError
		if !errors.As(err, &quiet) {
			fmt.Fprintln(a.errs, plain(err))
		}
		return 1
	}
	return 0
}

// untilSignal gives a context that ends with the first signal to end. The second
// one ends the process at once, whatever it is waiting for.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// nearest is the command that was understood of a line that is wrong.
func nearest(err error) string {
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil {
		if s := p.Context.Selected(); s != nil {
			return s.FullPath()
		}
		for i := len(p.Context.Path) - 1; i >= 0; i-- {
			if n := p.Context.Path[i].Node(); n != nil {
				return n.FullPath()
			}
		}
	}
	return "postern"
}

// plain is an error as a person reads it.
func plain(err error) string {
	text := strings.TrimRight(fault.Plain(err), "\n")
	if strings.HasPrefix(text, "postern: ") || strings.HasPrefix(text, "postern ") {
		return text
	}
	return "postern: " + text
}

// profile writes a CPU profile to file until stop is called.
func profile(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// quietError ends the program with 1 after everything has been said.
type quietError struct{ error }
