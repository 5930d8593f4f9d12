//go:build clients

package clients

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Thunderbird starts slowly, so its limits are fixed and generous.
const (
	thunderbirdStart   = 90 * time.Second
	thunderbirdSession = 3 * time.Minute
	thunderbirdEnd     = 20 * time.Second
)

// thunderbirdReport is what session.js answers.
type thunderbirdReport struct {
	Steps    []string `json:"steps"`
	Error    *string  `json:"error"`
	Folders  []string `json:"folders"`
	Subjects []string `json:"subjects"`
	Text     string   `json:"text"`
}

func TestThunderbird(t *testing.T) {
	need(t, "thunderbird", "certutil")
	s := start(t)
	user := s.User(0)
	server := look(t, s, user)
	server.create("Projects")
	server.append("INBOX", message("about the garden"))
	server.append("INBOX", message("about the house"))
	if !slices.Contains(listed(t, server), "Drafts") {
		server.create("Drafts")
	}

	port := freePort(t)
	profile := thunderbirdProfile(t, s, port)
	gone := startThunderbird(t, profile)
	m := dialMarionette(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), thunderbirdStart, gone)
	call := func(limit time.Duration, value any, name string, parameters map[string]any) {
		t.Helper()
		if err := m.call(limit, value, name, parameters); err != nil {
			t.Fatal(err)
		}
	}
	call(thunderbirdStart, nil, "WebDriver:NewSession", map[string]any{})
	call(thunderbirdStart, nil, "Marionette:SetContext", map[string]any{"value": "chrome"})
	call(thunderbirdStart, nil, "WebDriver:SetTimeouts", map[string]any{"script": thunderbirdSession.Milliseconds()})
	script, err := os.ReadFile(filepath.Join(repo(t), "test/clients/thunderbird/session.js"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(s.imapsPort)
	if err != nil {
		t.Fatal(err)
	}
	var got thunderbirdReport
	call(thunderbirdSession+10*time.Second, &got, "WebDriver:ExecuteAsyncScript", map[string]any{
		"script": string(script), "args": []any{number, user, s.Password},
		"newSandbox": true, "sandbox": "system",
	})
	if got.Error != nil {
		t.Fatalf("after %v: %s", got.Steps, *got.Error)
	}
	checkThunderbird(t, server, got)
}

func checkThunderbird(t *testing.T, server *second, got thunderbirdReport) {
	t.Helper()
	for _, name := range []string{"Inbox", "Projects", "Drafts"} {
		if !slices.ContainsFunc(got.Folders, func(f string) bool { return strings.EqualFold(f, name) }) {
			t.Errorf("Thunderbird does not list %s: %v", name, got.Folders)
		}
	}
	if len(got.Subjects) != 2 {
		t.Errorf("Thunderbird lists %v", got.Subjects)
	}
	if !strings.Contains(got.Text, "The text of about the garden.") {
		t.Errorf("Thunderbird read %q", got.Text)
	}
	eventually(t, 30*time.Second, "the message that was read is flagged and seen at the server", func() bool {
		m := server.get("INBOX", "about the garden")
		return m.has(imap.FlagFlagged) && m.has(imap.FlagSeen)
	})
	eventually(t, 30*time.Second, "the moved message is out of INBOX", func() bool {
		return !slices.ContainsFunc(server.list("INBOX"), func(m found) bool {
			return m.subject == "about the house" && !m.has(imap.FlagDeleted)
		})
	})
	server.get("Projects", "about the house")
	if draft := server.get("Drafts", "a draft of Thunderbird"); !draft.has(imap.FlagDraft) && !draft.has(imap.FlagSeen) {
		t.Errorf("the draft has flags %v", draft.flags)
	}
}

func listed(t *testing.T, server *second) []string {
	t.Helper()
	boxes, err := server.c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range boxes {
		names = append(names, b.Mailbox)
	}
	return names
}

func freePort(t *testing.T) int {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("listener has address %v", ln.Addr())
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	return addr.Port
}

// thunderbirdProfile makes a profile that trusts the server's authority, asks
// nothing at the first start and reaches for no network.
func thunderbirdProfile(t *testing.T, s *server, port int) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "user.js"), `
user_pref("marionette.port", `+strconv.Itoa(port)+`);
user_pref("app.update.auto", false);
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("browser.safebrowsing.downloads.remote.enabled", false);
user_pref("datareporting.healthreport.uploadEnabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("mail.provider.enabled", false);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mail.spotlight.firstRunDone", true);
user_pref("mail.winsearch.firstRunDone", true);
user_pref("mailnews.start_page.enabled", false);
user_pref("mail.imap.use_status_for_biff", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disableIPv6", true);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
`)
	db := "sql:" + dir
	run(t, command{args: []string{"certutil", "-N", "-d", db, "--empty-password"}})
	run(t, command{args: []string{"certutil", "-A", "-n", "test authority", "-t", "C,,", "-i", s.CAFile, "-d", db}})
	return dir
}

// startThunderbird starts it in a process group of its own, which ends with
// the test. The channel is closed when it has ended.
func startThunderbird(t *testing.T, profile string) <-chan struct{} {
	t.Helper()
	log, err := os.Create(filepath.Join(profile, "output.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), "thunderbird",
		"--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", profile)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + profile, "LANG=C.UTF-8", "MOZ_CRASHREPORTER_DISABLE=1"}
	cmd.Dir = profile
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	var waitErr error
	go func() {
		waitErr = cmd.Wait()
		close(gone)
	}()
	t.Cleanup(func() {
		endGroup(t, cmd.Process.Pid, gone)
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			out, err := os.ReadFile(log.Name())
			out = regexp.MustCompile("(?m)^.*[Gg][Tt][Kk].*\n").ReplaceAll(out, nil) // noise of a missing screen
			t.Logf("Thunderbird ended with %v and said (%v):\n%s", waitErr, err, out[max(0, len(out)-4<<10):])
		}
	})
	return gone
}

// endGroup ends the process group of a child: politely, then not.
func endGroup(t *testing.T, pid int, gone <-chan struct{}) {
	t.Helper()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(-pid, sig); err != nil && err != syscall.ESRCH {
			t.Errorf("ending process group %d: %v", pid, err)
		}
		timer := time.NewTimer(thunderbirdEnd)
		select {
		case <-gone:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
	t.Errorf("process group %d did not end", pid)
}
