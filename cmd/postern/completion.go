package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Run prints a script, for example for: source <(postern completion bash)
func (c completionCommand) Run(a app, model *kong.Application) error {
	words := map[string][]string{}
	gather(model.Node, "", words)
	switch c.Shell {
	case "fish":
		for path, next := range words {
			under := "__fish_use_subcommand"
			if path != "" {
				under = fmt.Sprintf("__fish_seen_subcommand_from %s", path[strings.LastIndexByte(path, ' ')+1:])
			}
			for _, w := range next {
				if flag, ok := strings.CutPrefix(w, "--"); ok {
					fmt.Fprintf(a.out, "complete -c postern -n %q -l %s\n", under, flag)
				} else {
					fmt.Fprintf(a.out, "complete -c postern -n %q -a %s\n", under, w)
				}
			}
		}
	case "zsh":
		fmt.Fprintln(a.out, "autoload -U +X bashcompinit && bashcompinit")
		bashCompletion(a.out, words)
	default:
		bashCompletion(a.out, words)
	}
	return nil
}

// gather lists what may follow each chain of subcommands.
func gather(n *kong.Node, path string, words map[string][]string) {
	for _, child := range n.Children {
		words[path] = append(words[path], child.Name)
		gather(child, strings.TrimSpace(path+" "+child.Name), words)
	}
	for _, f := range n.Flags {
		words[path] = append(words[path], "--"+f.Name)
	}
}

func bashCompletion(w io.Writer, words map[string][]string) {
	fmt.Fprint(w, `_postern() {
	local path="" w
	for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$w" in -*) ;; *) path="${path:+$path }$w" ;; esac
	done
	while :; do
		case "$path" in
`)
	for path, next := range words {
		fmt.Fprintf(w, "\t\t%q) COMPREPLY=($(compgen -W %q -- \"${COMP_WORDS[COMP_CWORD]}\")); return ;;\n", path, strings.Join(next, " "))
	}
	fmt.Fprint(w, `		esac
		case "$path" in *" "*) path="${path% *}" ;; *) return ;; esac
	done
}
complete -o default -F _postern postern
`)
}
