package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Run prints a script, for example for: source <(postern completion bash)
func (c completionCommand) Run(a app, model *kong.Application) error {
	w := words{next: map[string][]string{}, flags: map[string][]string{}, valued: map[string]bool{}}
	w.gather(model.Node, "")
	switch c.Shell {
	case "fish":
		w.fish(a.out)
	case "zsh":
		fmt.Fprintln(a.out, "autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit")
		w.bash(a.out)
	default:
		w.bash(a.out)
	}
	return nil
}

// words are what may follow each chain of subcommands, "" being none.
type words struct {
	next, flags map[string][]string
	valued      map[string]bool // flags that a value follows
}

func (w words) gather(n *kong.Node, path string) {
	w.flags[path] = nil // every chain has an entry
	for _, child := range n.Children {
		if !child.Hidden {
			w.next[path] = append(w.next[path], child.Name)
			w.gather(child, strings.TrimSpace(path+" "+child.Name))
		}
	}
	for _, f := range n.Flags {
		if !f.Hidden {
			w.flags[path] = append(w.flags[path], "--"+f.Name)
			if !f.IsBool() {
				w.valued["--"+f.Name] = true
			}
		}
	}
}

// bash leaves file names to bash: after a flag that wants a value, and where no
// subcommand can stand.
func (w words) bash(out io.Writer) {
	fmt.Fprintf(out, `_postern() {
	local path="" w last="" cur="${COMP_WORDS[COMP_CWORD]}" words=""
	for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$last" in
		%s) last=""; continue ;;
		esac
		last="$w"
		case "$w" in -* | =) ;; *) path="${path:+$path }$w" ;; esac
	done
	case "$last" in
	%[1]s) return ;;
	esac
	while :; do
		case "$path:$cur" in
`, strings.Join(slices.Sorted(maps.Keys(w.valued)), " | "))
	for _, path := range slices.Sorted(maps.Keys(w.flags)) {
		fmt.Fprintf(out, "\t\t%q:-*) words=%q; break ;;\n", path, strings.Join(w.flags[path], " "))
		fmt.Fprintf(out, "\t\t%q:*) words=%q; break ;;\n", path, strings.Join(w.next[path], " "))
	}
	fmt.Fprint(out, `		esac
		case "$path" in *" "*) path="${path% *}" ;; *) return ;; esac
	done
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _postern postern
`)
}

func (w words) fish(out io.Writer) {
	for _, path := range slices.Sorted(maps.Keys(w.flags)) {
		under := "__fish_use_subcommand"
		if path != "" {
			under = "__fish_seen_subcommand_from " + strings.Join(strings.Fields(path), "; and __fish_seen_subcommand_from ")
		}
		for _, next := range w.next[path] {
			fmt.Fprintf(out, "complete -c postern -n %q -a %s\n", under, next)
		}
		for _, flag := range w.flags[path] {
			value := ""
			if w.valued[flag] {
				value = " -r"
			}
			fmt.Fprintf(out, "complete -c postern -n %q -l %s%s\n", under, strings.TrimPrefix(flag, "--"), value)
		}
	}
}
