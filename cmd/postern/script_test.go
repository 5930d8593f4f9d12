package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"postern/cmd/postern/democert"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"postern": main, "waiter": waiter})
}

// TestScripts runs the stories of testdata/script: what a person types, and
// what they read. $CERT and $KEY name a certificate for localhost.
func TestScripts(t *testing.T) {
	certs, err := democert.Ensure(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("CERT", certs.Certificate)
			env.Setenv("KEY", certs.Key)
			env.Setenv("TMPDIR", os.TempDir())
			return nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"flip": flip},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// flip changes one bit in the middle of the largest file of a folder: flip DIR
func flip(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	entries, err := os.ReadDir(dir)
	ts.Check(err)
	name, size := "", int64(0)
	for _, e := range entries {
		info, err := e.Info()
		ts.Check(err)
		if info.Mode().IsRegular() && info.Size() > size {
			name, size = filepath.Join(dir, e.Name()), info.Size()
		}
	}
	raw, err := os.ReadFile(name)
	ts.Check(err)
	raw[size/2] ^= 1
	ts.Check(os.WriteFile(name, raw, 0o600))
}
