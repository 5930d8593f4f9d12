package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletion asks a real bash what it would complete.
func TestCompletion(t *testing.T) {
	var script, errs bytes.Buffer
	if code := run([]string{"completion", "bash"}, app{&script, &errs, nil}); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal("bash is missing; install the package bash")
	}
	for line, want := range map[string]string{
		"ac":                                   "account",
		"account app-password ":                "add remove",
		"--data /srv/mail account l":           "list",
		"account --data /srv/mail l":           "list",
		"account list --data ":                 "", // file names
		"account list --js":                    "--json",
		"import maildir ann@example.org --con": "--config",
		"import maildir ann@example.org ":      "", // file names
		"--cpu":                                "",
		"sessions kill --d":                    "--data",
	} {
		words := strings.Split("postern "+line, " ")
		ask := "\nCOMP_WORDS=("
		for _, w := range words {
			ask += "'" + w + "' "
		}
		ask += "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _postern; echo \"${COMPREPLY[*]}\""
		cmd := exec.CommandContext(t.Context(), bash, "--norc", "-u", "-c", script.String()+ask)
		cmd.Dir = filepath.Clean(t.TempDir())
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("postern %s: got %q, %v, want %q", line, got, err, want)
		}
	}
}
