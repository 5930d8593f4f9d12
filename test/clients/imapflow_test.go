//go:build clients

package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImapflow(t *testing.T) {
	need(t, "node")
	modules := filepath.Join(repo(t), ".cache/node/node_modules")
	if _, err := os.Stat(filepath.Join(modules, "imapflow")); err != nil {
		t.Fatalf("missing: imapflow in .cache/node\nremedy: run scripts/deps.sh (make deps)")
	}
	s := start(t)
	script := filepath.Join(repo(t), "test/clients/node/imapflow.cjs")
	out := run(t, command{
		env:  []string{"NODE_PATH=" + modules},
		args: []string{"node", script, s.imapsPort, s.CAFile, s.User(0), s.Password},
	})
	if !strings.HasSuffix(strings.TrimSpace(out), "all done") {
		t.Fatalf("the script did not come to its end:\n%s", out)
	}
	second := look(t, s, s.User(0))
	second.get("Node/Moved", "flow 1")
	if second.has("INBOX", "flow 1") {
		t.Error("the message that the script moved is still in INBOX")
	}
}
