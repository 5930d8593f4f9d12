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
	testscript.Main(m, map[string]func(){"postern": main})
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
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
