package adminserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"postern/blob/fileblob"
	"postern/mailbox"
	"postern/server/adminserver"
	"postern/signin"
	"postern/signin/credential"
	"postern/store/pebblestore"
)

// noMaintenance has nothing to do.
type noMaintenance struct{}

func (noMaintenance) Backup(context.Context, string) (int64, error)          { return 0, nil }
func (noMaintenance) Verify(context.Context, func(where, what string)) error { return nil }

// transcript is a log that goroutines write.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// rig is the door over a real engine and authority in memory.
type rig struct {
	*testing.T
	server *httptest.Server
	log    *transcript // what net/http complains of
}

func newRig(t *testing.T) *rig {
	t.Helper()
	st, err := pebblestore.Open("store", pebblestore.Options{FS: vfs.NewMem(), MemTableBytes: 8 << 20})
	must(t, err)
	blobs, err := fileblob.Open(t.TempDir(), fileblob.Options{})
	must(t, err)
	engine, err := mailbox.New(mailbox.Options{Store: st, Blobs: blobs})
	must(t, err)
	authority, err := signin.New(signin.Options{Store: st, Hash: credential.Params{MemoryKiB: 64, Time: 1, Threads: 1}})
	must(t, err)
	r := &rig{T: t, log: &transcript{}}
	r.server = httptest.NewUnstartedServer(adminserver.New(adminserver.Options{
		Authority: authority, Mailboxes: engine, Maintenance: noMaintenance{}, Version: "test",
	}))
	r.server.Config.ErrorLog = log.New(r.log, "", 0)
	r.server.Start()
	t.Cleanup(func() {
		r.server.Close()
		for _, c := range []io.Closer{authority, engine, blobs, st} {
			must(t, c.Close())
		}
	})
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call gives the status and the answer.
func (r *rig) call(method, path, body string) (int, string) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.server.URL+path, strings.NewReader(body))
	must(r.T, err)
	res, err := r.server.Client().Do(req)
	must(r.T, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(r.T, err)
	return res.StatusCode, string(answer)
}

func (r *rig) account(address string) {
	r.Helper()
	raw, err := json.Marshal([]adminserver.NewAccount{{Address: address}})
	must(r.T, err)
	if code, answer := r.call("POST", "/v1/accounts", string(raw)); code != http.StatusOK || strings.Contains(answer, `"error"`) {
		r.Fatalf("%d %s", code, answer)
	}
}

// TestBrokenImport ends an import at its first bad header, however much is still
// to come, and leaves the server sound.
func TestBrokenImport(t *testing.T) {
	r := newRig(t)
	r.account("ann@postern.test")
	for name, body := range map[string]string{
		"no header":     strings.Repeat("x", 100_000),
		"no mailbox":    "{}\n" + strings.Repeat("y", 50_000),
		"broken off":    `{"mailbox":"INBOX","size":5}` + "\nab",
		"negative size": `{"mailbox":"INBOX","size":-1}` + "\n",
		"endless":       `{"mailbox":"INBOX","size":9223372036854775807}` + "\nabc",
	} {
		for range 5 {
			if code, answer := r.call("POST", "/v1/accounts/ann@postern.test/import", body); code != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, code, answer)
			}
		}
	}
	r.server.Close()
	if l := r.log.String(); l != "" {
		t.Errorf("net/http: %.300s", l)
	}
}

// TestCheckTakesAnySpelling finds the account that is to be checked by every
// spelling of its address.
func TestCheckTakesAnySpelling(t *testing.T) {
	r := newRig(t)
	r.account("ann@postern.test")
	for _, address := range []string{"ann@postern.test", "Ann@Postern.TEST"} {
		code, answer := r.call("POST", "/v1/check", `{"account":"`+address+`"}`)
		if code != http.StatusOK || answer != `{"done":true,"accounts":1}`+"\n" {
			t.Errorf("%s: %d %s", address, code, answer)
		}
	}
	if code, answer := r.call("POST", "/v1/check", `{"account":"nobody@postern.test"}`); code != http.StatusNotFound {
		t.Errorf("nobody: %d %s", code, answer)
	}
}

// TestAccountWithBadQuota is not made at all: its password would be lost on
// whoever stops at the error.
func TestAccountWithBadQuota(t *testing.T) {
	r := newRig(t)
	code, answer := r.call("POST", "/v1/accounts", `[{"address":"bob@postern.test","quota":-5}]`)
	if code != http.StatusBadRequest || strings.Contains(answer, `"password"`) {
		t.Errorf("%d %s", code, answer)
	}
	if code, answer := r.call("GET", "/v1/accounts/bob@postern.test", ""); code != http.StatusNotFound {
		t.Errorf("%d %s", code, answer)
	}
}
